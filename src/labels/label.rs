//! One label, and its hash.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

/// One label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label<'a> {
    /// A text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A whole number that is too large for [`Integer`](Self::Integer).
    Unsigned(u64),
}

impl<'a> From<&'a str> for Label<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<i32> for Label<'_> {
    fn from(number: i32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<i64> for Label<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u64> for Label<'_> {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Unsigned(number), Self::Integer)
    }
}

impl std::fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
            Self::Unsigned(number) => number.fmt(f),
        }
    }
}

/// The seed is fixed so that nothing depends on chance.
const HASHER: FixedState = FixedState::with_seed(0);

pub(crate) fn hash_text(text: &[u8]) -> u32 {
    HASHER.hash_one(text) as u32
}

pub(crate) fn hash_integer(number: i64) -> u32 {
    HASHER.hash_one(number) as u32
}

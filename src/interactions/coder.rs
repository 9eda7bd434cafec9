//! One column of labels of a chunk: from what files and tables have to codes.

use super::event::{Flaw, Part};
use crate::error::Result;
use crate::labels::spelling::{Spelling, Whole, whole};
use crate::labels::{Label, Labels, hash_integer, hash_text};

/// Codes with this bit are places in the list of the chunk.
pub(crate) const NEW: u32 = 1 << 31;

/// A label before it is known to be UTF-8.
#[derive(Clone, Copy)]
pub(crate) enum Key<'t> {
    Text(&'t [u8]),
    Integer(Whole),
}

impl Key<'_> {
    pub(crate) fn hash(self) -> u32 {
        match self {
            Self::Text(text) => hash_text(text),
            Self::Integer(number) => hash_integer(number.bits),
        }
    }

    pub(crate) fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a.bits == b.bits && a.is_large() == b.is_large(),
            _ => false,
        }
    }
}

impl<'t> From<Label<'t>> for Key<'t> {
    fn from(label: Label<'t>) -> Self {
        match label {
            Label::Text(text) => Self::Text(text.as_bytes()),
            Label::Integer(number) => Self::Integer(Whole::signed(number)),
            Label::Unsigned(number) => Self::Integer(Whole::unsigned(number)),
        }
    }
}

/// A label as a file has it.
#[derive(Clone, Copy)]
pub(crate) enum Written<'t> {
    /// An integer if it is written like one and all others are.
    Field(&'t [u8]),
    /// A text, whatever it looks like.
    Text(&'t [u8]),
}

impl<'t> Written<'t> {
    pub(crate) fn bytes(self) -> &'t [u8] {
        let (Self::Field(bytes) | Self::Text(bytes)) = self;
        bytes
    }
}

/// Finds the codes of one column of a chunk.
pub(crate) struct Coder<'a> {
    pub(crate) part: Part,
    pub(crate) known: &'a Labels,
    pub(crate) new: Labels,
    /// Whether texts that are no integers may make texts of the integers.
    pub(crate) may_widen: bool,
    /// Whether one did.
    pub(crate) wants_texts: bool,
    /// How the integers of files are written.
    pub(crate) spelling: Spelling,
}

impl<'a> Coder<'a> {
    pub(crate) fn new(part: Part, known: &'a Labels, may_widen: bool) -> Self {
        Self {
            part,
            known,
            new: known.emptied(),
            may_widen,
            wants_texts: false,
            spelling: Spelling::default(),
        }
    }

    pub(crate) fn find(&self, key: Key<'_>, hash: u32) -> Option<u32> {
        let find = |labels: &Labels| match key {
            Key::Text(text) => labels.code_of_text(text, hash),
            Key::Integer(number) => labels.code_of_integer(number, hash),
        };
        find(self.known).or_else(|| find(&self.new).map(|code| code | NEW))
    }

    pub(crate) fn add(&mut self, key: Key<'_>, hash: u32) -> Result<u32> {
        let code = match key {
            Key::Text(text) => self.new.insert_text(std::str::from_utf8(text).unwrap_or_default(), hash)?,
            Key::Integer(number) => self.new.insert_integer(number, hash)?,
        };
        Ok(code | NEW)
    }

    /// Whether a field is a label as it is.
    #[inline]
    pub(crate) fn takes_text(&self, field: &[u8]) -> bool {
        !field.is_empty() && !self.known.are_integers()
    }

    /// The label that a field of a file is, in a line that is otherwise usable or not.
    pub(crate) fn key<'t>(
        &mut self,
        written: Written<'t>,
        is_usable: impl FnOnce() -> bool,
    ) -> std::result::Result<Key<'t>, Flaw<'t>> {
        let field = written.bytes();
        if field.is_empty() {
            return Err(Flaw::Missing(self.part));
        }
        if self.known.are_integers() {
            if let Written::Field(field) = written
                && let Some(number) = whole(field)
            {
                return Ok(Key::Integer(number));
            }
            if std::str::from_utf8(field).is_err() {
                return Err(Flaw::NotUtf8(self.part));
            }
            self.wants_texts |= self.may_widen && is_usable();
            return Err(Flaw::NotAnInteger(self.part, field));
        }
        Ok(Key::Text(field))
    }
}

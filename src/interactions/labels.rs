//! What callers call their users and items, by code and back.
//!
//! Texts lie one after the other in one string, integers in a vector; a table of codes finds them. Codes are
//! numbers from 0, in the order in which the labels came.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::slots::{Slot, Slots};
use crate::error::{Error, Result};
use crate::kernel::prefetch;
use crate::sparse::MAX_IDS;

/// One label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label<'a> {
    /// A text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
}

impl std::fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
        }
    }
}

/// Labels of one kind, all different, numbered in order of first appearance.
///
/// ```
/// use penchant::interactions::{Label, Labels};
/// let labels = Labels::of_texts(["nirvana", "pearl jam"])?;
/// assert_eq!(labels.code(Label::Text("pearl jam")), Some(1));
/// assert_eq!(labels.get(0), Some(Label::Text("nirvana")));
/// assert_eq!(labels.code(Label::Integer(7)), None);
/// # Ok::<(), penchant::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Labels {
    values: Values,
    table: Slots,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Values {
    Texts { all: String, ends: Vec<usize> },
    Integers(Vec<i64>),
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
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

/// Where a text lies, in one number: its start, and its length if that is below [`LONG`].
fn span(start: usize, length: usize) -> u64 {
    (start as u64) << SPAN_BITS | length.min(LONG) as u64
}

const SPAN_BITS: u32 = 16;
const LONG: usize = (1 << SPAN_BITS) - 1;

impl Labels {
    pub(crate) fn no_texts() -> Self {
        Self { values: Values::Texts { all: String::new(), ends: Vec::new() }, table: Slots::default() }
    }

    pub(crate) fn no_integers() -> Self {
        Self { values: Values::Integers(Vec::new()), table: Slots::default() }
    }

    /// No labels, of the same kind.
    pub(crate) fn emptied(&self) -> Self {
        if self.are_integers() { Self::no_integers() } else { Self::no_texts() }
    }

    /// Numbers texts, which must differ.
    pub fn of_texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self> {
        let mut labels = Self::no_texts();
        for text in texts {
            labels.push(Label::Text(text.as_ref()))?;
        }
        Ok(labels)
    }

    /// Numbers integers, which must differ.
    pub fn of_integers(integers: impl IntoIterator<Item = i64>) -> Result<Self> {
        let mut labels = Self::no_integers();
        for integer in integers {
            labels.push(Label::Integer(integer))?;
        }
        Ok(labels)
    }

    /// Adds a label that must be new.
    pub(crate) fn push(&mut self, label: Label<'_>) -> Result<()> {
        let before = self.len();
        if self.insert(label)? as usize == before {
            return Ok(());
        }
        Err(Error::RepeatedLabel { label: label.to_string() })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Texts { ends, .. } => ends.len(),
            Values::Integers(integers) => integers.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the labels are integers; otherwise they are texts.
    #[must_use]
    pub fn are_integers(&self) -> bool {
        matches!(self.values, Values::Integers(_))
    }

    /// The label with this code.
    #[must_use]
    pub fn get(&self, code: usize) -> Option<Label<'_>> {
        match &self.values {
            Values::Texts { all, ends } => {
                let end = *ends.get(code)?;
                Some(Label::Text(&all[start(ends, code)..end]))
            }
            Values::Integers(integers) => integers.get(code).map(|&number| Label::Integer(number)),
        }
    }

    /// All labels in order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = Label<'_>> {
        (0..self.len()).filter_map(|code| self.get(code))
    }

    /// All integers in order of their codes, if they are integers.
    #[must_use]
    pub fn integers(&self) -> Option<&[i64]> {
        match &self.values {
            Values::Integers(integers) => Some(integers),
            Values::Texts { .. } => None,
        }
    }

    /// All texts, one after the other, and where each ends, if they are texts.
    #[must_use]
    pub fn texts(&self) -> Option<(&str, &[usize])> {
        match &self.values {
            Values::Texts { all, ends } => Some((all, ends)),
            Values::Integers(_) => None,
        }
    }

    /// The code of a label.
    #[must_use]
    pub fn code(&self, label: Label<'_>) -> Option<u32> {
        match label {
            Label::Text(text) => self.code_of_text(text.as_bytes(), hash_text(text.as_bytes())),
            Label::Integer(number) => self.code_of_integer(number, hash_integer(number)),
        }
    }

    /// The code of a text, which need not be UTF-8 for the question.
    #[inline]
    pub(crate) fn code_of_text(&self, text: &[u8], hash: u32) -> Option<u32> {
        let Values::Texts { all, ends } = &self.values else { return None };
        self.table.find(hash, |slot| {
            let start = (slot.label >> SPAN_BITS) as usize;
            let length = slot.label as usize & LONG;
            let end = if length < LONG { start + length } else { ends[slot.code as usize] };
            &all.as_bytes()[start..end] == text
        })
    }

    /// The code of an integer.
    #[inline]
    pub(crate) fn code_of_integer(&self, number: i64, hash: u32) -> Option<u32> {
        let Values::Integers(_) = &self.values else { return None };
        self.table.find(hash, |slot| slot.label == number as u64)
    }

    /// Says that a label with this hash will be looked for.
    #[inline]
    pub(crate) fn expect(&self, hash: u32) {
        self.table.expect(hash);
    }

    /// Says it again, some time later: now where the label lies is known.
    #[inline]
    pub(crate) fn expect_label(&self, hash: u32) {
        if let Values::Texts { all, .. } = &self.values {
            self.table.find(hash, |slot| {
                let (start, length) = ((slot.label >> SPAN_BITS) as usize, slot.label as usize & LONG);
                prefetch(all.as_bytes(), start, length);
                true
            });
        }
    }

    /// The code of a label of the right kind, which gets the next one if it is new.
    pub(crate) fn insert(&mut self, label: Label<'_>) -> Result<u32> {
        match label {
            Label::Text(text) => self.insert_text(text, hash_text(text.as_bytes())),
            Label::Integer(number) => self.insert_integer(number, hash_integer(number)),
        }
    }

    pub(crate) fn insert_text(&mut self, text: &str, hash: u32) -> Result<u32> {
        if let Some(code) = self.code_of_text(text.as_bytes(), hash) {
            return Ok(code);
        }
        let code = self.next_code()?;
        let Values::Texts { all, ends } = &mut self.values else {
            return Err(Error::LabelKind { what: "users or items", integers: true });
        };
        self.table.insert(Slot { hash, code, label: span(all.len(), text.len()) });
        all.push_str(text);
        ends.push(all.len());
        Ok(code)
    }

    pub(crate) fn insert_integer(&mut self, number: i64, hash: u32) -> Result<u32> {
        if let Some(code) = self.code_of_integer(number, hash) {
            return Ok(code);
        }
        let code = self.next_code()?;
        let Values::Integers(integers) = &mut self.values else {
            return Err(Error::LabelKind { what: "users or items", integers: false });
        };
        integers.push(number);
        self.table.insert(Slot { hash, code, label: number as u64 });
        Ok(code)
    }

    fn next_code(&self) -> Result<u32> {
        match self.len() {
            len if len < MAX_IDS => Ok(len as u32),
            len => Err(Error::TooLarge { what: "the number of labels", value: len + 1, max: MAX_IDS }),
        }
    }

    /// The labels with these codes, numbered anew.
    pub(crate) fn taken(&self, codes: &[u32]) -> Result<Self> {
        let mut taken = self.emptied();
        for label in codes.iter().filter_map(|&code| self.get(code as usize)) {
            taken.insert(label)?;
        }
        Ok(taken)
    }

    /// Makes texts of integers; codes stay.
    pub(crate) fn turn_into_texts(&mut self) -> Result<()> {
        if let Values::Integers(integers) = &self.values {
            let integers: Vec<String> = integers.iter().map(ToString::to_string).collect();
            *self = Self::of_texts(integers)?;
        }
        Ok(())
    }
}

fn start(ends: &[usize], code: usize) -> usize {
    if code == 0 { 0 } else { ends[code - 1] }
}

/// The integer that a text is, if writing it down gives the same text again: not `007`, `+7`, `-0` or ` 7`.
pub(crate) fn canonical_integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 19 || (digits[0] == b'0' && (digits.len() > 1 || negative)) {
        return None;
    }
    let mut magnitude: u64 = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        magnitude = magnitude * 10 + u64::from(digit - b'0'); // nineteen digits fit
    }
    if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_integers_that_are_written_the_usual_way_are_integers() {
        for number in [0, 1, -1, 42, i64::MAX, i64::MIN] {
            assert_eq!(canonical_integer(number.to_string().as_bytes()), Some(number));
        }
        let others = ["", "-", "007", "+7", "-0", " 7", "7 ", "7.0", "1e3", "9223372036854775808", "x"];
        for text in others.into_iter().chain(["-9223372036854775809", "99999999999999999999"]) {
            assert_eq!(canonical_integer(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn codes_survive_the_turn_from_integers_to_texts() -> Result<()> {
        let mut labels = Labels::of_integers((0..1000).map(|n| n * n - 500))?;
        labels.turn_into_texts()?;
        for n in 0..1000_i64 {
            assert_eq!(labels.code(Label::Text(&(n * n - 500).to_string())), Some(n as u32));
        }
        Ok(())
    }
}

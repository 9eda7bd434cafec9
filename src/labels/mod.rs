//! What callers call their users and items, by code and back.
//!
//! Texts lie one after the other in one string, integers in a vector; a table of codes finds them. Codes are
//! numbers from 0, in the order in which the labels came.

mod label;
pub(crate) mod spelling;
mod suggest;
mod table;

use crate::error::{Error, Result};
use crate::kernel::prefetch;
use crate::sparse::MAX_IDS;
use spelling::Whole;
use table::{Slot, Slots};

pub use label::Label;
pub(crate) use label::{hash_integer, hash_text};

/// Labels of one kind, all different, numbered in order of first appearance.
///
/// ```
/// use penchant::labels::{Label, Labels};
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
    Texts {
        all: String,
        ends: Vec<usize>,
    },
    /// The bits of signed integers or, as soon as one is too large for that, of unsigned ones.
    Integers {
        bits: Vec<i64>,
        unsigned: bool,
    },
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
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
        let values = Values::Integers { bits: Vec::new(), unsigned: false };
        Self { values, table: Slots::default() }
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

    /// Numbers texts given as one, and where each ends in it, in bytes.
    pub(crate) fn of_packed(all: &str, ends: impl IntoIterator<Item = i64>) -> Result<Self> {
        let mut labels = Self::no_texts();
        let mut start = 0;
        for end in ends {
            let text = usize::try_from(end).ok().and_then(|end| all.get(start..end));
            labels.push(Label::Text(text.ok_or(Error::LabelEnds { end })?))?;
            start = end as usize;
        }
        if start != all.len() {
            return Err(Error::LabelEnds { end: start as i64 });
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

    /// Numbers integers without a sign, which must differ.
    pub fn of_unsigned(integers: impl IntoIterator<Item = u64>) -> Result<Self> {
        let mut labels = Self::no_integers();
        for integer in integers {
            labels.push(integer.into())?;
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
            Values::Integers { bits, .. } => bits.len(),
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
        matches!(self.values, Values::Integers { .. })
    }

    /// Whether the labels are integers of which some are too large to be signed.
    #[must_use]
    pub fn are_unsigned(&self) -> bool {
        matches!(self.values, Values::Integers { unsigned: true, .. })
    }

    /// The label with this code.
    #[must_use]
    pub fn get(&self, code: usize) -> Option<Label<'_>> {
        match &self.values {
            Values::Texts { all, ends } => {
                let end = *ends.get(code)?;
                Some(Label::Text(&all[start(ends, code)..end]))
            }
            Values::Integers { bits, unsigned } => {
                let bits = *bits.get(code)?;
                Some(if *unsigned { (bits as u64).into() } else { Label::Integer(bits) })
            }
        }
    }

    /// All labels in order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = Label<'_>> {
        (0..self.len()).filter_map(|code| self.get(code))
    }

    /// All integers in order of their codes, if they are integers; those that are unsigned as their bits.
    #[must_use]
    pub fn integers(&self) -> Option<&[i64]> {
        match &self.values {
            Values::Integers { bits, .. } => Some(bits),
            Values::Texts { .. } => None,
        }
    }

    /// All texts, one after the other, and where each ends, if they are texts.
    #[must_use]
    pub fn texts(&self) -> Option<(&str, &[usize])> {
        match &self.values {
            Values::Texts { all, ends } => Some((all, ends)),
            Values::Integers { .. } => None,
        }
    }

    /// The code of a label.
    #[must_use]
    pub fn code(&self, label: Label<'_>) -> Option<u32> {
        match label {
            Label::Text(text) => self.code_of_text(text.as_bytes(), hash_text(text.as_bytes())),
            Label::Integer(number) => self.code_of_integer(Whole::signed(number), hash_integer(number)),
            Label::Unsigned(number) => {
                self.code_of_integer(Whole::unsigned(number), hash_integer(number as i64))
            }
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
    pub(crate) fn code_of_integer(&self, number: Whole, hash: u32) -> Option<u32> {
        let Values::Integers { unsigned, .. } = &self.values else { return None };
        if number.bits < 0 && number.is_large() != *unsigned {
            return None; // the same bits stand for another number here
        }
        self.table.find(hash, |slot| slot.label == number.bits as u64)
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
            Label::Integer(number) => self.insert_integer(Whole::signed(number), hash_integer(number)),
            Label::Unsigned(number) => {
                self.insert_integer(Whole::unsigned(number), hash_integer(number as i64))
            }
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

    pub(crate) fn insert_integer(&mut self, number: Whole, hash: u32) -> Result<u32> {
        if let Some(code) = self.code_of_integer(number, hash) {
            return Ok(code);
        }
        let code = self.next_code()?;
        let Values::Integers { bits, unsigned } = &mut self.values else {
            return Err(Error::LabelKind { what: "users or items", integers: false });
        };
        if number.bits < 0 && number.is_large() != *unsigned {
            // Above what is signed, or below what is unsigned: some of the others must not be there.
            if *unsigned || bits.iter().any(|&other| other < 0) {
                return Err(Error::LabelRange);
            }
            *unsigned = number.is_large();
        }
        bits.push(number.bits);
        self.table.insert(Slot { hash, code, label: number.bits as u64 });
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

    /// Makes texts of integers, written with `behind` at the end; codes stay.
    pub(crate) fn turn_into_texts(&mut self, behind: &str) -> Result<()> {
        if self.are_integers() {
            let texts: Vec<String> = self.iter().map(|label| format!("{label}{behind}")).collect();
            *self = Self::of_texts(texts)?;
        }
        Ok(())
    }
}

fn start(ends: &[usize], code: usize) -> usize {
    if code == 0 { 0 } else { ends[code - 1] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_the_turn_from_integers_to_texts() -> Result<()> {
        let mut labels = Labels::of_integers((0..1000).map(|n| n * n - 500))?;
        labels.turn_into_texts(".0")?;
        for n in 0..1000_i64 {
            assert_eq!(labels.code(Label::Text(&format!("{}.0", n * n - 500))), Some(n as u32));
        }
        Ok(())
    }

    #[test]
    fn large_integers_are_unsigned_and_never_taken_for_negative_ones() -> Result<()> {
        let mut labels = Labels::of_unsigned([5, u64::MAX])?;
        assert!(labels.are_unsigned());
        assert_eq!(labels.get(1), Some(Label::Unsigned(u64::MAX)));
        assert_eq!(labels.code(Label::Unsigned(u64::MAX)), Some(1));
        assert_eq!(labels.code(Label::Integer(-1)), None);
        assert_eq!(labels.insert(Label::Integer(-7)), Err(Error::LabelRange));
        let mut signed = Labels::of_integers([-1])?;
        assert_eq!(signed.code(Label::Unsigned(u64::MAX)), None);
        assert_eq!(signed.insert(Label::Unsigned(u64::MAX)), Err(Error::LabelRange));
        assert!(!signed.are_unsigned());
        Ok(())
    }
}

//! Records without quotes, split along marks that were set at separators and line breaks beforehand.

use std::ops::Range;

use super::splitter::{Field, Quoting, Record, Separator, Splitter};
use crate::kernel::{MARKED_BYTES, marks};

/// Where separators and line breaks stand in a range of bytes.
pub(crate) struct Marks {
    words: Vec<u64>,
    /// What the first bit stands for.
    start: usize,
    /// The word that is next, and what is left of the one before it.
    word: usize,
    bits: u64,
    /// How many line breaks there are.
    pub(crate) lines: usize,
}

impl Marks {
    /// Passes on to the first mark from `at` on.
    pub(crate) fn skip_to(&mut self, at: usize) {
        let at = at - self.start;
        self.word = at / MARKED_BYTES;
        self.bits = self.words.get(self.word).map_or(0, |bits| bits & (u64::MAX << (at % MARKED_BYTES)));
        self.word += 1;
    }

    /// The next mark, of which there may be none before the end of the range.
    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            self.bits = *self.words.get(self.word)?;
            self.word += 1;
        }
        let bit = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(self.start + (self.word - 1) * MARKED_BYTES + bit)
    }
}

impl Splitter {
    /// Marks in a range of bytes, if fields are separated by a single byte.
    pub(crate) fn marks(&self, bytes: &[u8], range: Range<usize>) -> Option<Marks> {
        let Separator::Bytes(separator) = &self.separator else { return None };
        let [separator] = separator[..] else { return None };
        let (start, mut words) = (range.start, Vec::new());
        let lines = marks(&bytes[range], separator, b'\n', &mut words);
        Some(Marks { words, start, word: 0, bits: 0, lines })
    }

    /// Splits the record that starts at `at`, where the marks have got to, as [`record`](Self::record) would; `None`
    /// where a field opens with a quote, where the record may be a comment, and where it goes on past the marks. The marks
    /// are then anywhere.
    #[inline]
    pub(crate) fn marked_record(
        &self,
        bytes: &[u8],
        at: usize,
        marks: &mut Marks,
        fields: &mut Vec<Field>,
    ) -> Option<Record> {
        fields.clear();
        if !self.comment.is_empty() && bytes[at..].starts_with(&self.comment) {
            return None;
        }
        let quote = match self.quoting {
            Quoting::None => None,
            Quoting::Open(quote) | Quoting::Whole(quote) => Some(quote),
        };
        let mut start = at;
        loop {
            let mark = marks.next()?;
            let mut end = mark;
            while start < end && bytes[start] <= b' ' && self.is_blank(bytes[start]) {
                start += 1;
            }
            if start < end && Some(bytes[start]) == quote {
                return None;
            }
            while start < end && bytes[end - 1] <= b' ' && self.is_blank(bytes[end - 1]) {
                end -= 1;
            }
            fields.push(Field::new(start, end));
            start = mark + 1;
            if bytes[mark] == b'\n' {
                return Some(Record { next: start, lines: 1, flaw: None });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All records from `start` on, along marks where that is possible if `marked`.
    fn records(splitter: &Splitter, bytes: &[u8], start: usize, marked: bool) -> Vec<(Record, Vec<Field>)> {
        let (mut fields, mut records, mut at) = (vec![], vec![], start);
        // The marks may end in the middle of a record.
        let end = bytes.len() - (bytes.len() - start) / 9;
        let mut marks = splitter.marks(bytes, start..end).filter(|_| marked);
        while at < end {
            let quick =
                marks.as_mut().and_then(|marks| splitter.marked_record(bytes, at, marks, &mut fields));
            let Some(record) = quick.or_else(|| splitter.record(bytes, at, true, &mut fields)) else { break };
            if let Some(marks) = &mut marks
                && quick.is_none()
            {
                marks.skip_to(record.next);
            }
            records.push((record, fields.clone()));
            at = record.next;
        }
        records
    }

    proptest! {
        #[test]
        fn marks_change_nothing(
            text in "[ab\t\n,;\" \r#]{0,400}",
            separator in prop::sample::select(vec![b'\t', b',', b' ', b';']),
            quoting in prop::sample::select(vec![Quoting::None, Quoting::Open(b'"'), Quoting::Whole(b'"')]),
            comment in prop::sample::select(vec!["", "#"]),
            fields in 0_usize..4,
            before in 0_usize..200,
        ) {
            let separator = Separator::Bytes(vec![separator]);
            let splitter = Splitter { separator, quoting, comment: comment.into(), fields };
            let bytes = text.as_bytes();
            let start = memchr::memchr(b'\n', &bytes[before.min(bytes.len())..]).map_or(0, |at| before + at + 1);
            prop_assert_eq!(records(&splitter, bytes, start, true), records(&splitter, bytes, start, false));
        }
    }

    #[test]
    fn there_are_marks_for_single_bytes_only() {
        let splitter = |separator| Splitter { separator, quoting: Quoting::None, comment: vec![], fields: 0 };
        assert_eq!(
            splitter(Separator::Bytes(b",".to_vec())).marks(b"a,b\nc", 0..5).map(|marks| marks.lines),
            Some(1)
        );
        assert!(splitter(Separator::Bytes(b"::".to_vec())).marks(b"a::b", 0..4).is_none());
        assert!(splitter(Separator::Blanks).marks(b"a b", 0..3).is_none());
    }
}

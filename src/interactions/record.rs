//! Lines of a file into fields.
//!
//! A field that opens with the quote character goes on to the next single one: separators and line breaks
//! inside belong to it, and two quotes stand for one (RFC 4180). A quote elsewhere is a letter like any other.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2};

use super::event::Flaw;

/// Longer records are not searched for their closing quote.
pub(crate) const LONGEST_RECORD: usize = if cfg!(test) { 1 << 9 } else { 1 << 20 };

/// What separates the fields of a record, and what may enclose them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Splitter {
    /// Not empty.
    pub(crate) separator: Vec<u8>,
    pub(crate) quote: Option<u8>,
}

/// Where a field lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    start: usize,
    end: usize,
    /// Whether it has quotes in it that stand twice.
    doubled: bool,
}

/// A record that was split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Record {
    /// Where the next one starts.
    pub(crate) next: usize,
    /// How many lines it takes.
    pub(crate) lines: u64,
    pub(crate) flaw: Option<Flaw<'static>>,
}

/// What ends a field.
enum End {
    Separator,
    Line,
}

impl Splitter {
    /// Splits the record that starts at `at`; `None` if `bytes` end before it does, which is right only for
    /// the `last` bytes of a file.
    pub(crate) fn record(
        &self,
        bytes: &[u8],
        at: usize,
        last: bool,
        fields: &mut Vec<Field>,
    ) -> Option<Record> {
        fields.clear();
        let (mut start, mut lines, mut flaw) = (at, 1, None);
        loop {
            let mut from = start;
            let mut quoted = None;
            if self.quote.is_some() && bytes.get(start).copied() == self.quote {
                let limit = bytes.len().min(at + LONGEST_RECORD);
                match self.closing_quote(&bytes[..limit], start + 1) {
                    // The byte after it tells whether it is doubled.
                    Some((close, _)) if close + 1 == bytes.len() && !last => return None,
                    Some((close, doubled)) => {
                        lines += memchr_iter(b'\n', &bytes[start..close]).count() as u64;
                        quoted = Some(Field { start: start + 1, end: close, doubled });
                        from = close + 1;
                    }
                    None if last || limit == at + LONGEST_RECORD => {
                        // What follows is read as lines again.
                        let next = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
                        return Some(Record { next, lines: 1, flaw: Some(Flaw::OpenQuote) });
                    }
                    None => return None,
                }
            }
            let (end, what) = self.field_end(bytes, from, last)?;
            let next = match what {
                End::Separator => end + self.separator.len(),
                End::Line => bytes.len().min(end + 1),
            };
            let is_line = matches!(what, End::Line);
            // Lines may end in CR LF.
            let text_end = if is_line && end > from && bytes[end - 1] == b'\r' { end - 1 } else { end };
            match quoted {
                Some(field) => {
                    if text_end > from {
                        flaw = Some(Flaw::AfterQuote);
                    }
                    fields.push(field);
                }
                None => fields.push(Field { start, end: text_end, doubled: false }),
            }
            if is_line {
                return Some(Record { next, lines, flaw });
            }
            start = next;
        }
    }

    /// Where the quote that opened before `at` closes, and whether there are doubled ones before.
    fn closing_quote(&self, bytes: &[u8], at: usize) -> Option<(usize, bool)> {
        let quote = self.quote?;
        let (mut from, mut doubled) = (at, false);
        loop {
            let close = from + memchr(quote, bytes.get(from..)?)?;
            if bytes.get(close + 1) != Some(&quote) {
                return Some((close, doubled));
            }
            doubled = true;
            from = close + 2;
        }
    }

    /// Where the field ends that goes on at `from`.
    fn field_end(&self, bytes: &[u8], from: usize, last: bool) -> Option<(usize, End)> {
        let mut from = from;
        loop {
            let Some(found) = memchr2(self.separator[0], b'\n', &bytes[from..]) else {
                return last.then_some((bytes.len(), End::Line));
            };
            let end = from + found;
            if bytes[end] == b'\n' {
                return Some((end, End::Line));
            }
            if self.separator.len() == 1 || bytes[end..].starts_with(&self.separator) {
                return Some((end, End::Separator));
            }
            if !last && bytes.len() - end < self.separator.len() {
                return None;
            }
            from = end + 1;
        }
    }
}

impl Field {
    /// Whether it is empty.
    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// What it says.
    pub(crate) fn text(self, bytes: &[u8], quote: Option<u8>) -> Cow<'_, [u8]> {
        let text = &bytes[self.start..self.end];
        match quote {
            Some(quote) if self.doubled => {
                let mut single = Vec::with_capacity(text.len());
                let mut rest = text;
                while let Some(at) = memchr(quote, rest) {
                    single.extend_from_slice(&rest[..=at]);
                    rest = &rest[(at + 2).min(rest.len())..];
                }
                single.extend_from_slice(rest);
                Cow::Owned(single)
            }
            _ => Cow::Borrowed(text),
        }
    }
}

/// A finite number, with spaces around it or not.
pub(crate) fn number(text: &[u8]) -> Option<f64> {
    if text.len() <= 15 && !text.is_empty() && text.iter().all(u8::is_ascii_digit) {
        // What is played is mostly counted in few digits.
        return Some(text.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0')) as f64);
    }
    let value: f64 = std::str::from_utf8(text).ok()?.trim().parse().ok()?;
    value.is_finite().then_some(value)
}

/// A number, or the seconds since 1970 of an ISO 8601 date or time; without a zone it is UTC.
pub(crate) fn time(text: &[u8]) -> Option<f64> {
    number(text).or_else(|| {
        let text = text.trim_ascii();
        // What is finer than microseconds makes no difference to a weight.
        let config = speedate::DateTimeConfigBuilder::new()
            .time_config(
                speedate::TimeConfigBuilder::new()
                    .microseconds_precision_overflow_behavior(
                        speedate::MicrosecondsPrecisionOverflowBehavior::Truncate,
                    )
                    .build(),
            )
            .build();
        if let Ok(time) = speedate::DateTime::parse_bytes_with_config(text, &config) {
            return Some(time.timestamp_tz() as f64 + f64::from(time.time.microsecond) * 1e-6);
        }
        speedate::Date::parse_bytes(text).ok().map(|date| date.timestamp() as f64)
    })
}

//! Lines of a file into fields.
//!
//! Blanks around a field do not belong to it. A field that opens with the quote character goes on to the next single
//! one: separators, blanks and line breaks inside belong to it, and two quotes stand for one (RFC 4180). A quote
//! elsewhere is a letter like any other. Lines end in LF, with any carriage returns before it.
//!
//! In tab-separated files names often begin with a quote that means nothing, so there a field must end with one as
//! well, and what would swallow many good lines is no field ([`Quoting::Whole`]).

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2, memchr3, memmem};

use crate::interactions::event::Flaw;

/// Longer records are not searched for their closing quote.
pub(crate) const LONGEST_RECORD: usize = if cfg!(test) { 1 << 9 } else { 1 << 20 };

/// A quoted field with more line breaks, each of whose lines looks right by itself, is many lines instead.
const MANY_LINES: usize = 8;

/// What separates the fields of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Separator {
    /// These bytes, of which there is at least one.
    Bytes(Vec<u8>),
    /// Any number of blanks and tabs.
    Blanks,
}

/// What encloses fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// Nothing.
    None,
    /// This character, wherever a field opens with it.
    Open(u8),
    /// This character, if the field opens and closes with it.
    Whole(u8),
}

/// How lines are split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Splitter {
    pub(crate) separator: Separator,
    pub(crate) quoting: Quoting,
    /// Lines that begin with this are not read; empty for none.
    pub(crate) comment: Vec<u8>,
    /// How many fields a record has, if that is known; otherwise 0.
    pub(crate) fields: usize,
}

/// Where a field lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    start: usize,
    end: usize,
    /// The quote that stands twice in it for once, if one does.
    doubled: Option<u8>,
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
    /// A separator; the next field starts here.
    Separator(usize),
    /// A line break, or the file; the next record starts here.
    Line(usize),
}

/// What a quote at the start of a field opens.
enum Opened {
    /// A field, after which the record goes on here.
    Field(Field, usize),
    /// Nothing: it is a letter.
    Letter,
    /// Something that never closes.
    Unclosed,
    /// The bytes end too soon to tell.
    Unknown,
}

impl Splitter {
    /// Splits the record that starts at `at`, which is without fields if it is a comment; `None` if `bytes` end before
    /// it does, which is right only for the `last` bytes of a file.
    pub(crate) fn record(
        &self,
        bytes: &[u8],
        at: usize,
        last: bool,
        fields: &mut Vec<Field>,
    ) -> Option<Record> {
        fields.clear();
        if !self.comment.is_empty() && bytes[at..].starts_with(&self.comment) {
            let next = line_end(bytes, at, last)?;
            return Some(Record { next, lines: 1, flaw: None });
        }
        let (mut start, mut lines, mut flaw) = (at, 1, None);
        loop {
            start = self.past_blanks(bytes, start);
            let opened = match self.quoting {
                Quoting::Open(quote) | Quoting::Whole(quote) if bytes.get(start) == Some(&quote) => {
                    self.opened(bytes, at, start, quote, last)
                }
                _ => Opened::Letter,
            };
            let (from, quoted) = match opened {
                Opened::Field(field, from) => {
                    lines += memchr_iter(b'\n', &bytes[start..field.end]).count() as u64;
                    (from, Some(field))
                }
                Opened::Letter => (start, None),
                Opened::Unclosed => {
                    // What follows is read as lines again.
                    let next = line_end(bytes, at, true)?;
                    return Some(Record { next, lines: 1, flaw: Some(Flaw::OpenQuote) });
                }
                Opened::Unknown => return None,
            };
            let (end, what) = self.field_end(bytes, from, last)?;
            let mut text_end = end;
            while text_end > from && bytes[text_end - 1] <= b' ' && self.is_blank(bytes[text_end - 1]) {
                text_end -= 1;
            }
            match quoted {
                Some(field) => {
                    if text_end > from {
                        flaw = Some(Flaw::AfterQuote);
                    }
                    fields.push(field);
                }
                None => fields.push(Field::new(start.min(text_end), text_end)),
            }
            match what {
                End::Separator(next) => start = next,
                End::Line(next) => return Some(Record { next, lines, flaw }),
            }
        }
    }

    /// Whether this may stand around a field without belonging to it.
    #[inline]
    pub(super) fn is_blank(&self, byte: u8) -> bool {
        match byte {
            b' ' | b'\t' => !matches!(&self.separator, Separator::Bytes(bytes) if bytes.contains(&byte)),
            b'\r' => true,
            _ => false,
        }
    }

    #[inline]
    fn past_blanks(&self, bytes: &[u8], from: usize) -> usize {
        let mut at = from;
        while at < bytes.len() && bytes[at] <= b' ' && self.is_blank(bytes[at]) {
            at += 1;
        }
        at
    }

    /// What the quote at `start` opens, in the record that starts at `at`.
    #[cold]
    fn opened(&self, bytes: &[u8], at: usize, start: usize, quote: u8, last: bool) -> Opened {
        let whole = matches!(self.quoting, Quoting::Whole(_));
        let limit = bytes.len().min(at + LONGEST_RECORD);
        let Some((close, doubled)) = closing_quote(&bytes[..limit], start + 1, quote) else {
            return match last || limit == at + LONGEST_RECORD {
                true if whole => Opened::Letter,
                true => Opened::Unclosed,
                false => Opened::Unknown,
            };
        };
        // What follows tells whether it closes.
        let after = self.past_blanks(bytes, close + 1);
        let needed = if let Separator::Bytes(separator) = &self.separator { separator.len() } else { 1 };
        if !last && bytes.len() - after < needed {
            return Opened::Unknown;
        }
        if whole && !(self.ends_field(bytes, close + 1, after) && self.is_one_field(bytes, at, start..close))
        {
            return Opened::Letter;
        }
        let doubled = doubled.then_some(quote);
        Opened::Field(Field { start: start + 1, end: close, doubled }, close + 1)
    }

    /// Whether a field ends where there is nothing but blanks in `from..after`.
    fn ends_field(&self, bytes: &[u8], from: usize, after: usize) -> bool {
        let rest = &bytes[after..];
        rest.is_empty()
            || rest[0] == b'\n'
            || match &self.separator {
                Separator::Bytes(separator) => rest.starts_with(separator),
                Separator::Blanks => after > from,
            }
    }

    /// Whether this part of a record is no more than a field with line breaks in it.
    fn is_one_field(&self, bytes: &[u8], at: usize, inside: std::ops::Range<usize>) -> bool {
        if self.fields == 0 || memchr_iter(b'\n', &bytes[inside.clone()]).count() < MANY_LINES {
            return true;
        }
        let count = |line: &[u8]| match &self.separator {
            Separator::Bytes(separator) => memmem::find_iter(line, separator).count() + 1,
            Separator::Blanks => {
                line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).count()
            }
        };
        let end = memchr(b'\n', &bytes[inside.end..]).map_or(bytes.len(), |end| inside.end + end);
        bytes[at..end].split(|&byte| byte == b'\n').any(|line| count(line) != self.fields)
    }

    /// Where the field ends that goes on at `from`.
    #[inline]
    fn field_end(&self, bytes: &[u8], from: usize, last: bool) -> Option<(usize, End)> {
        match &self.separator {
            Separator::Bytes(separator) => {
                let mut from = from;
                loop {
                    let Some(found) = memchr2(separator[0], b'\n', &bytes[from..]) else {
                        return last.then_some((bytes.len(), End::Line(bytes.len())));
                    };
                    let end = from + found;
                    if bytes[end] == b'\n' {
                        return Some((end, End::Line(end + 1)));
                    }
                    if separator.len() == 1 || bytes[end..].starts_with(separator) {
                        return Some((end, End::Separator(end + separator.len())));
                    }
                    if !last && bytes.len() - end < separator.len() {
                        return None;
                    }
                    from = end + 1;
                }
            }
            Separator::Blanks => {
                let end =
                    memchr3(b' ', b'\t', b'\n', &bytes[from..]).map_or(bytes.len(), |found| from + found);
                let next = self.past_blanks(bytes, end);
                match bytes.get(next) {
                    None => last.then_some((end, End::Line(next))),
                    Some(b'\n') => Some((end, End::Line(next + 1))),
                    Some(_) => Some((end, End::Separator(next))),
                }
            }
        }
    }
}

fn line_end(bytes: &[u8], at: usize, last: bool) -> Option<usize> {
    match memchr(b'\n', &bytes[at..]) {
        Some(end) => Some(at + end + 1),
        None => last.then_some(bytes.len()),
    }
}

/// Where the quote that opened before `at` closes, and whether there are doubled ones before.
fn closing_quote(bytes: &[u8], at: usize, quote: u8) -> Option<(usize, bool)> {
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

impl Field {
    /// Without doubled quotes.
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start, end, doubled: None }
    }

    /// Whether it is empty.
    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// What it says.
    #[inline]
    pub(crate) fn text(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        let text = &bytes[self.start..self.end];
        self.doubled.map_or(Cow::Borrowed(text), |quote| Cow::Owned(single(text, quote)))
    }
}

/// The text with quotes that stand once.
#[cold]
fn single(text: &[u8], quote: u8) -> Vec<u8> {
    let mut single = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(quote, rest) {
        single.extend_from_slice(&rest[..=at]);
        rest = &rest[(at + 2).min(rest.len())..];
    }
    single.extend_from_slice(rest);
    single
}

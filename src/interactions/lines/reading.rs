//! The lines of one file, in pieces that threads take.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr_iter};
use rayon::prelude::*;

use super::format::{Content, Format};
use super::input::Source;
use super::layout::{Header, Layout, text_at};
use super::lists::{Lists, lines_before};
use super::marked::Marks;
use super::numbers::Numbers;
use super::splitter::{Field, Quoting, Splitter};
use super::{PIECE, guess, json};
use crate::error::Result;
use crate::interactions::chunk::{Chunk, Done};
use crate::interactions::coder::Written as Label;
use crate::interactions::encoder::Encoder;
use crate::interactions::event::{Flaw, Part, weighed};
use crate::interactions::options::ReadOptions;
use crate::interactions::report::{Place, Written};
use crate::interactions::time::Time;

/// What the lines of one file hold.
enum Lines {
    Events(Layout),
    Lists(Lists),
    Json(json::Names),
}

/// How events stand in the lines of one file.
pub(super) struct Reading<'a> {
    source: &'a Source,
    splitter: Splitter,
    numbers: Numbers,
    options: &'a ReadOptions,
    lines: Lines,
    /// The lines before the first that holds something.
    header_lines: u64,
}

/// A piece of a round and what became of it.
struct Piece {
    start: usize,
    end: usize,
    done: Done,
    /// Where its last record ended.
    ended: usize,
}

impl<'a> Reading<'a> {
    /// Looks at the beginning of a file, of which so many lines have been passed over; `None` if it is empty.
    pub(super) fn of(
        source: &'a Source,
        format: &Format,
        told: Option<&str>,
        options: &'a ReadOptions,
        bytes: &[u8],
        last: bool,
        lines: u64,
    ) -> Result<Option<(Self, Header)>> {
        let mut splitter = guess::splitter(format, &source.path, bytes, told);
        let mut header = Header { bytes: 0, lines };
        let lines = if guess::is_json(format, &source.path) {
            json::check_lines(source, bytes)?;
            Lines::Json(json::Names::of(format, source)?)
        } else if format.content == Content::List {
            if format.header {
                let end = memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
                header = Header { bytes: end, lines: lines + 1 };
            }
            Lines::Lists(Lists::of(&splitter, &bytes[header.bytes..], last))
        } else {
            let (layout, found) = Layout::of(format, source, &splitter, options, bytes, lines)?;
            let Some(layout) = layout else { return Ok(None) };
            header = found;
            splitter.fields = layout.fields;
            Lines::Events(layout)
        };
        let (numbers, header_lines) = (Numbers::of(format), header.lines);
        Ok(Some((Self { source, splitter, numbers, options, lines, header_lines }, header)))
    }

    pub(super) fn written(&self) -> Written {
        let layout = match &self.lines {
            Lines::Events(_) => "events",
            Lines::Lists(lists) => lists.name(),
            Lines::Json(_) => "json",
        };
        let quote = match self.splitter.quoting {
            Quoting::None => None,
            Quoting::Open(quote) | Quoting::Whole(quote) => Some(char::from(quote)),
        };
        Written { layout, separator: guess::shown(&self.splitter.separator), quote }
    }

    /// Reads all records that end in these bytes; returns where the rest starts.
    pub(super) fn round(
        &self,
        bytes: &[u8],
        last: bool,
        encoder: &mut Encoder<'_>,
        line: &mut u64,
    ) -> Result<usize> {
        let cuts = cuts(bytes);
        let first = *line - self.header_lines;
        let numbers: Vec<u64> = match self.lines {
            Lines::Lists(Lists::Count) => {
                lines_before(bytes, &cuts).iter().map(|before| first + before).collect()
            }
            _ => vec![0; cuts.len()],
        };
        let mut pieces = self.pieces(bytes, &cuts, &numbers, last, encoder);
        loop {
            let mut ended = 0;
            for (piece, &number) in pieces.iter_mut().zip(&numbers) {
                if piece.start != ended {
                    // It began in the middle of a quoted field.
                    *piece = self.piece(bytes, ended..piece.end.max(ended), number, last, encoder);
                }
                ended = piece.ended;
            }
            if !encoder.widen(&pieces.iter().map(|piece| &piece.done).collect::<Vec<_>>())? {
                break;
            }
            let again: Vec<Range<usize>> = pieces.iter().map(|piece| piece.start..piece.end).collect();
            pieces = self.pieces(bytes, &again, &numbers, last, encoder);
        }
        let ended = pieces.last().map_or(0, |piece| piece.ended);
        for piece in pieces {
            let passed = piece.done.lines;
            encoder.absorb(piece.done, &Place::Line(&self.source.path, *line))?;
            *line += passed;
        }
        Ok(ended)
    }

    fn pieces(
        &self,
        bytes: &[u8],
        cuts: &[Range<usize>],
        numbers: &[u64],
        last: bool,
        encoder: &Encoder<'_>,
    ) -> Vec<Piece> {
        let read =
            |(cut, &number): (&Range<usize>, &u64)| self.piece(bytes, cut.clone(), number, last, encoder);
        cuts.par_iter().zip(numbers).map(read).collect()
    }

    /// Reads the records that start in `range`; where lists have no users, the first of its lines has this number.
    fn piece(
        &self,
        bytes: &[u8],
        range: Range<usize>,
        number: u64,
        last: bool,
        encoder: &Encoder<'_>,
    ) -> Piece {
        let Range { start, end } = range;
        let mut chunk = encoder.chunk();
        let marks = match &self.lines {
            Lines::Json(_) => None,
            Lines::Events(_) | Lines::Lists(_) => self.splitter.marks(bytes, range.clone()),
        };
        let count = || memchr_iter(b'\n', &bytes[start..end]).count();
        chunk.reserve(marks.as_ref().map_or_else(count, |marks| marks.lines) + 1);
        let ended = match &self.lines {
            Lines::Json(names) => self.objects(names, bytes, range, last, &mut chunk),
            Lines::Lists(lists) => self.records(bytes, range, marks, last, &mut chunk, |fields, chunk| {
                lists.events(bytes, fields, number + chunk.lines, chunk);
            }),
            Lines::Events(layout) => self.records(bytes, range, marks, last, &mut chunk, |fields, chunk| {
                self.event(layout, bytes, fields, chunk);
            }),
        };
        Piece { start, end, done: chunk.done(), ended }
    }

    /// Splits records, and hands the fields of each over. Returns where the last one ended.
    #[inline]
    fn records<'c, 't>(
        &self,
        bytes: &'t [u8],
        range: Range<usize>,
        mut marks: Option<Marks>,
        last: bool,
        chunk: &mut Chunk<'c, 't>,
        take: impl Fn(&[Field], &mut Chunk<'c, 't>),
    ) -> usize {
        let mut fields = Vec::with_capacity(self.splitter.fields);
        let mut at = range.start;
        while at < range.end {
            let marked =
                marks.as_mut().and_then(|marks| self.splitter.marked_record(bytes, at, marks, &mut fields));
            let Some(record) = marked.or_else(|| self.splitter.record(bytes, at, last, &mut fields)) else {
                break;
            };
            if let (None, Some(marks)) = (marked, &mut marks) {
                marks.skip_to(record.next);
            }
            if let Some(flaw) = record.flaw {
                chunk.flaw(flaw);
            } else if fields.len() > 1 || fields.first().is_some_and(|field| !field.is_empty()) {
                take(&fields, chunk);
            }
            chunk.lines += record.lines;
            at = record.next;
        }
        at
    }

    /// Reads lines of JSON. Returns where the last one ended.
    fn objects(
        &self,
        names: &json::Names,
        bytes: &[u8],
        range: Range<usize>,
        last: bool,
        chunk: &mut Chunk<'_, '_>,
    ) -> usize {
        let mut at = range.start;
        while at < range.end {
            let end = match memchr(b'\n', &bytes[at..]) {
                Some(end) => at + end,
                None if last => bytes.len(),
                None => break,
            };
            let line = bytes[at..end].trim_ascii();
            if !line.is_empty()
                && (self.splitter.comment.is_empty() || !line.starts_with(&self.splitter.comment))
            {
                names.event(line, &self.numbers, self.options, chunk);
            }
            chunk.lines += 1;
            at = bytes.len().min(end + 1);
        }
        at
    }

    /// Hands the event of one line over.
    #[inline]
    fn event<'t>(&'t self, layout: &Layout, bytes: &'t [u8], fields: &[Field], chunk: &mut Chunk<'_, 't>) {
        if fields.len() != layout.fields {
            return chunk.flaw(Flaw::Fields { found: fields.len(), expected: layout.fields });
        }
        let text = |column: usize| text_at(fields, &self.source.constants, bytes, column);
        let mut event = |weight, time| match (text(layout.user), text(layout.item)) {
            (Cow::Borrowed(user), Cow::Borrowed(item)) => chunk.fields(user, item, weight, time),
            (user, item) => chunk.passing_fields(Label::Field(&user), Label::Field(&item), weight, time),
        };
        let (kind, weight, time) = (layout.kind.map(text), layout.weight.map(text), layout.time.map(text));
        // What most files have: a weight, if anything.
        if let (None, None) = (&kind, &time)
            && let Some(weight) = weight.as_deref().map_or(Some(1.0), |text| self.numbers.weight(text))
        {
            return event(weight, Time::Number(0.0));
        }
        let found = weighed(
            || {
                kind.as_deref().map_or(Ok(1.0), |text| {
                    let unknown = || missing_or(Part::Kind, text, Flaw::UnknownKind(text));
                    self.options.weight_of_kind(text).ok_or_else(unknown)
                })
            },
            || {
                weight.as_deref().map_or(Ok(1.0), |text| {
                    let wrong = || missing_or(Part::Weight, text, Flaw::NotANumber(Part::Weight, text));
                    self.numbers.weight(text).ok_or_else(wrong)
                })
            },
            || {
                time.as_deref().map_or(Ok(Time::Number(0.0)), |text| {
                    let by_pattern = self.options.times.pattern.is_some();
                    let wrong = || missing_or(Part::Time, text, Flaw::NotATime { text, by_pattern });
                    self.options.times.of_text(text, |text| self.numbers.read(text)).ok_or_else(wrong)
                })
            },
        );
        match found {
            Ok(Some((weight, time))) => event(weight, time),
            Ok(None) => chunk.ignore(),
            Err(flaw) => chunk.flaw(flaw),
        }
    }
}

/// What is wrong with a part: that there is none, or something else.
fn missing_or<'a>(part: Part, text: &[u8], flaw: Flaw<'a>) -> Flaw<'a> {
    if text.is_empty() { Flaw::Missing(part) } else { flaw }
}

/// Pieces of about the same size that start after line breaks.
fn cuts(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut cuts = Vec::with_capacity(bytes.len() / PIECE + 1);
    let mut start = 0;
    while start < bytes.len() {
        let about = bytes.len().min(start + PIECE);
        let end = memchr(b'\n', &bytes[about..]).map_or(bytes.len(), |found| about + found + 1);
        cuts.push(start..end);
        start = end;
    }
    cuts
}

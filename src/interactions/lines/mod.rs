//! Files of lines: CSV, TSV, JSON lines, lists, and whatever else has one event or one user a line.
//!
//! A round of bytes is cut at line breaks and the pieces are split on all threads, while the next round is
//! being read. Whether a line break is one or belongs to a quoted field is not known before everything in front
//! of it has been split. So a piece that does not start where the one before it ended is split once more,
//! from there; without line breaks in quotes that never happens.

mod compression;
mod format;
mod guess;
mod input;
mod json;
mod layout;
mod lists;
mod numbers;
mod splitter;

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use memchr::{memchr, memchr_iter};
use rayon::prelude::*;

use super::chunk::{Chunk, Done, Written as Label};
use super::encoder::Encoder;
use super::event::{Flaw, Part};
use super::options::Options;
use super::report::{Place, Written};
use super::time::Time;
use crate::error::{Error, Result};
use input::Input;
use layout::{Header, Layout, text_at};
use lists::{Lists, lines_before};
use numbers::Numbers;
use splitter::{Field, LONGEST_RECORD, Quoting, Splitter};

pub use format::{Column, Content, Format, Quote};
#[cfg(feature = "python")]
pub(crate) use input::Decoder;
pub(crate) use input::{Encoding, Source};
#[cfg(feature = "python")]
pub(crate) use numbers::plain as number_of_text;

/// How many bytes threads take at a time, and how many such pieces a round has, at least. Tests have few bytes.
const PIECE: usize = if cfg!(test) { 1 << 5 } else { 1 << 18 };
const PIECES_PER_ROUND: usize = 16;
const PIECES_PER_THREAD: usize = 4;

/// What the lines of one file hold.
enum Lines {
    Events(Layout),
    Lists(Lists),
    Json(json::Names),
}

/// How events stand in the lines of one file.
struct Reading<'a> {
    source: &'a Source,
    splitter: Splitter,
    numbers: Numbers,
    options: &'a Options,
    lines: Lines,
    /// The lines before the first that holds something.
    header_lines: u64,
}

/// Reads files one after the other.
pub(crate) fn read_files(
    sources: &[Source],
    format: &Format,
    encoding: Option<&dyn Encoding>,
    encoder: &mut Encoder<'_>,
) -> Result<()> {
    if format.texts {
        encoder.only_texts()?;
    }
    let mut done = 0;
    for source in sources {
        read_file(source, format, encoding, sources.len() > 1, encoder, &mut done)?;
    }
    Ok(())
}

fn read_file(
    source: &Source,
    format: &Format,
    encoding: Option<&dyn Encoding>,
    may_be_empty: bool,
    encoder: &mut Encoder<'_>,
    done: &mut u64,
) -> Result<()> {
    let mut input = Input::open(&source.path, encoding, encoder.watch, rayon::current_num_threads())?;
    let mut round = input.read(Vec::new())?;
    if may_be_empty && round.fresh == 0 {
        return Ok(()); // a part of a data set without any rows
    }
    let mut next = input.read(Vec::new())?;
    let mut used = Vec::new();
    round.start += skip_mark(&source.path, round.rest())?;
    let (told, skipped) = skip_lines(format.skip, round.rest());
    round.start += skipped.bytes;
    let Some((reading, header)) = Reading::of(
        source,
        format,
        told.as_deref(),
        encoder.options,
        round.rest(),
        next.rest().is_empty(),
        skipped.lines,
    )?
    else {
        return Ok(());
    };
    encoder.written.get_or_insert_with(|| reading.written());
    round.start += header.bytes;
    let mut line = header.lines;
    loop {
        if encoder.watch.interrupted() {
            return Err(Error::Interrupted);
        }
        let size = round.fresh as u64;
        let last = next.rest().is_empty();
        let (after, ended) = rayon::join(
            || if last { Ok(None) } else { input.read(used).map(Some) },
            || reading.round(round.rest(), last, encoder, &mut line),
        );
        let rest = &round.rest()[ended?..];
        *done += size;
        encoder.watch.progress(*done);
        let Some(after) = after? else { return Ok(()) };
        if rest.len() > LONGEST_RECORD {
            let reason = format!("longer than {LONGEST_RECORD} bytes; is this a text file?");
            return Err(Error::BadRow { place: Place::Line(&source.path, line).name(0), reason });
        }
        next.prepend(rest);
        used = std::mem::replace(&mut round, next).bytes;
        next = after;
    }
}

/// The length of a byte order mark; fails for what is not text.
fn skip_mark(path: &Path, bytes: &[u8]) -> Result<usize> {
    let reason = match bytes {
        [0xEF, 0xBB, 0xBF, ..] => return Ok(3),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "UTF-16; only UTF-8 can be read without encoding=\"utf-16\"",
        [b'P', b'A', b'R', b'1', ..] => "a Parquet file, which is cut short or comes from a pipe",
        [b'P', b'K', 3, 4, ..] => "a zip archive; unpack it first",
        [0x89, b'H', b'D', b'F', ..] => "an HDF5 file",
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => "an Arrow file; pyarrow or polars make a table of it",
        _ => return Ok(0),
    };
    Err(Error::BadRow { place: Place::Line(path, 0).name(0), reason: reason.into() })
}

/// Passes the first lines over, and one that tells a spreadsheet the separator, which is returned.
fn skip_lines(count: usize, bytes: &[u8]) -> (Option<String>, Header) {
    let mut skipped = Header::default();
    for _ in 0..count {
        let Some(end) = memchr(b'\n', &bytes[skipped.bytes..]) else {
            skipped.bytes = bytes.len();
            break;
        };
        skipped.bytes += end + 1;
        skipped.lines += 1;
    }
    match guess::told(&bytes[skipped.bytes..]) {
        Some((separator, size)) => {
            (Some(separator), Header { bytes: skipped.bytes + size, lines: skipped.lines + 1 })
        }
        None => (None, skipped),
    }
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
    fn of(
        source: &'a Source,
        format: &Format,
        told: Option<&str>,
        options: &'a Options,
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

    fn written(&self) -> Written {
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
    fn round(&self, bytes: &[u8], last: bool, encoder: &mut Encoder<'_>, line: &mut u64) -> Result<usize> {
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
            if !encoder.widen(pieces.iter().map(|piece| &piece.done))? {
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
        chunk.reserve(memchr_iter(b'\n', &bytes[start..end]).count() + 1);
        let ended = match &self.lines {
            Lines::Json(names) => self.objects(names, bytes, range, last, &mut chunk),
            Lines::Lists(lists) => self.records(bytes, range, last, &mut chunk, |fields, chunk| {
                lists.events(bytes, fields, number + chunk.lines, chunk);
            }),
            Lines::Events(layout) => self.records(bytes, range, last, &mut chunk, |fields, chunk| {
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
        last: bool,
        chunk: &mut Chunk<'c, 't>,
        take: impl Fn(&[Field], &mut Chunk<'c, 't>),
    ) -> usize {
        let mut fields = Vec::with_capacity(self.splitter.fields);
        let mut at = range.start;
        while at < range.end {
            let Some(record) = self.splitter.record(bytes, at, last, &mut fields) else { break };
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

    /// Hands the event of one line over. What it weighs is looked at before its labels, which are otherwise
    /// not known afterwards.
    #[inline]
    fn event<'t>(&'t self, layout: &Layout, bytes: &'t [u8], fields: &[Field], chunk: &mut Chunk<'_, 't>) {
        if fields.len() != layout.fields {
            return chunk.flaw(Flaw::Fields { found: fields.len(), expected: layout.fields });
        }
        let text = |column: usize| text_at(fields, &self.source.constants, bytes, column);
        let mut weight = 1.0;
        let mut moment = Time::Number(0.0);
        if let Some(column) = layout.weight {
            let text = text(column);
            match self.numbers.weight(&text) {
                Some(number) => weight = number,
                None if text.is_empty() => return chunk.flaw(Flaw::Missing(Part::Weight)),
                None => return chunk.flaw(Flaw::NotANumber(Part::Weight, &text)),
            }
        }
        if let Some(column) = layout.time {
            let text = text(column);
            match self.options.times.of_text(&text, |text| self.numbers.read(text)) {
                Some(time) => moment = time,
                None if text.is_empty() => return chunk.flaw(Flaw::Missing(Part::Time)),
                None => {
                    let by_pattern = self.options.times.pattern.is_some();
                    return chunk.flaw(Flaw::NotATime { text: &text, by_pattern });
                }
            }
        }
        if let Some(column) = layout.kind {
            let text = text(column);
            match chunk.weight_of_kind(&text) {
                Some(0.0) => return chunk.ignore(),
                Some(factor) => weight *= factor,
                None if text.is_empty() => return chunk.flaw(Flaw::Missing(Part::Kind)),
                None => return chunk.flaw(Flaw::UnknownKind(&text)),
            }
        }
        match (text(layout.user), text(layout.item)) {
            (Cow::Borrowed(user), Cow::Borrowed(item)) => chunk.fields(user, item, weight, moment),
            (user, item) => chunk.passing_fields(Label::Field(&user), Label::Field(&item), weight, moment),
        }
    }
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

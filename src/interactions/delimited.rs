//! Files of lines: CSV, TSV and whatever else has one event a line.
//!
//! A round of bytes is cut at line breaks and the pieces are split on all threads, while the next round is
//! being read. Whether a line break is one or belongs to a quoted field is not known before everything in front
//! of it has been split. So a piece that does not start where the one before it ended is split once more,
//! from there; without line breaks in quotes that never happens.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use memchr::{memchr, memchr_iter};
use rayon::prelude::*;

use super::chunk::{Chunk, Done};
use super::encoder::Encoder;
use super::event::{Flaw, Part};
use super::format::{Format, Layout};
use super::record::{Field, LONGEST_RECORD, Splitter, number, time};
use super::report::Place;
use crate::error::{Error, Result};

/// How many bytes threads take at a time, and how many such pieces a round has, at least. Tests have few bytes.
const PIECE: usize = if cfg!(test) { 1 << 5 } else { 1 << 18 };
const PIECES_PER_ROUND: usize = 16;
const PIECES_PER_THREAD: usize = 4;

/// Room in front of a round for the end of the one before it.
const GAP: usize = if cfg!(test) { 1 << 4 } else { 1 << 16 };

/// Bytes of a file, and where those start that have not been split.
struct Round {
    bytes: Vec<u8>,
    start: usize,
    /// How many of them were read from the file.
    fresh: usize,
}

/// A file that is being read.
struct Input<'a> {
    path: &'a Path,
    file: Box<dyn Read + Send>,
    size: usize,
}

impl<'a> Input<'a> {
    fn open(path: &'a Path, threads: usize) -> Result<Self> {
        let failed = |error: io::Error| io_error(path, &error);
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(io_error(path, &io::Error::new(io::ErrorKind::IsADirectory, "is a directory")));
        }
        let zipped = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let file: Box<dyn Read + Send> =
            if zipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(Self { path, file, size: PIECE * PIECES_PER_ROUND.max(PIECES_PER_THREAD * threads) })
    }

    /// The next round, in memory that may have been used before; an empty one at the end of the file.
    fn read(&mut self, used: Vec<u8>) -> Result<Round> {
        let mut bytes = used;
        bytes.clear();
        bytes.resize(GAP, 0);
        bytes.reserve_exact(self.size);
        self.file
            .by_ref()
            .take(self.size as u64)
            .read_to_end(&mut bytes)
            .map_err(|error| io_error(self.path, &error))?;
        Ok(Round { fresh: bytes.len() - GAP, bytes, start: GAP })
    }
}

impl Round {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Puts what was left of the round before in front.
    fn prepend(&mut self, rest: &[u8]) {
        if rest.len() <= self.start {
            self.start -= rest.len();
            self.bytes[self.start..][..rest.len()].copy_from_slice(rest);
        } else {
            self.bytes.splice(..self.start, rest.iter().copied());
            self.start = 0;
        }
    }
}

pub(crate) fn io_error(path: &Path, error: &io::Error) -> Error {
    Error::Io { path: path.to_path_buf(), kind: error.kind(), reason: error.to_string() }
}

/// How events stand in the lines of one file.
struct Reading<'a> {
    path: &'a Path,
    splitter: Splitter,
    layout: Layout,
}

/// Reads files one after the other.
pub(crate) fn read_files(paths: &[PathBuf], format: &Format, encoder: &mut Encoder<'_>) -> Result<()> {
    if format.texts {
        encoder.only_texts()?;
    }
    let mut done = 0;
    for path in paths {
        read_file(path, format, encoder, &mut done)?;
    }
    Ok(())
}

fn read_file(path: &Path, format: &Format, encoder: &mut Encoder<'_>, done: &mut u64) -> Result<()> {
    let mut input = Input::open(path, rayon::current_num_threads())?;
    let mut round = input.read(Vec::new())?;
    let mut next = input.read(Vec::new())?;
    let mut used = Vec::new();
    round.start += skip_mark(path, round.rest())?;
    let splitter = format.splitter(path, round.rest());
    let (layout, header) = Layout::of(format, path, &splitter, round.rest())?;
    let Some(layout) = layout else { return Ok(()) };
    round.start += header.bytes;
    let mut line = header.lines;
    let reading = Reading { path, splitter, layout };
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
            return Err(Error::BadRow { place: Place::Line(path, line).name(0), reason });
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
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "UTF-16; only UTF-8 can be read",
        [0x1F, 0x8B, ..] => "compressed by gzip; give it a name that ends in .gz",
        [b'P', b'A', b'R', b'1', ..] => "a Parquet file; give it a name that ends in .parquet",
        [b'P', b'K', 3, 4, ..] => "a zip archive; unpack it first",
        _ => return Ok(0),
    };
    Err(Error::BadRow { place: Place::Line(path, 0).name(0), reason: reason.into() })
}

/// A piece of a round and what became of it.
struct Piece {
    start: usize,
    end: usize,
    done: Done,
    /// Where its last record ended.
    ended: usize,
}

impl Reading<'_> {
    /// Reads all records that end in these bytes; returns where the rest starts.
    fn round(&self, bytes: &[u8], last: bool, encoder: &mut Encoder<'_>, line: &mut u64) -> Result<usize> {
        let read = |&(start, end): &(usize, usize)| self.piece(bytes, start, end, last, encoder);
        let mut pieces: Vec<Piece> = cuts(bytes).par_iter().map(read).collect();
        loop {
            let mut ended = 0;
            for at in 0..pieces.len() {
                if pieces[at].start != ended {
                    // It began in the middle of a quoted field.
                    pieces[at] = self.piece(bytes, ended, pieces[at].end.max(ended), last, encoder);
                }
                ended = pieces[at].ended;
            }
            if !encoder.widen(pieces.iter().map(|piece| &piece.done))? {
                break;
            }
            let again: Vec<(usize, usize)> = pieces.iter().map(|piece| (piece.start, piece.end)).collect();
            pieces =
                again.par_iter().map(|&(start, end)| self.piece(bytes, start, end, last, encoder)).collect();
        }
        let ended = pieces.last().map_or(0, |piece| piece.ended);
        for piece in pieces {
            let passed = piece.done.lines;
            encoder.absorb(piece.done, &Place::Line(self.path, *line))?;
            *line += passed;
        }
        Ok(ended)
    }

    /// Reads the records that start in `start..end`.
    fn piece(&self, bytes: &[u8], start: usize, end: usize, last: bool, encoder: &Encoder<'_>) -> Piece {
        let mut chunk = encoder.chunk();
        chunk.reserve(memchr_iter(b'\n', &bytes[start..end]).count() + 1);
        let mut fields = Vec::with_capacity(self.layout.fields);
        let mut at = start;
        while at < end {
            let Some(record) = self.splitter.record(bytes, at, last, &mut fields) else { break };
            let blank = fields.len() == 1 && fields[0].is_empty();
            if let Some(flaw) = record.flaw {
                chunk.flaw(flaw);
            } else if !blank {
                self.event(bytes, &fields, &mut chunk);
            }
            chunk.lines += record.lines;
            at = record.next;
        }
        Piece { start, end, done: chunk.done(), ended: at }
    }

    /// Hands the event of one line over. What it weighs is looked at before its labels, which are otherwise
    /// not known afterwards.
    fn event<'t>(&self, bytes: &'t [u8], fields: &[Field], chunk: &mut Chunk<'_, 't>) {
        let layout = &self.layout;
        if fields.len() != layout.fields {
            return chunk.flaw(Flaw::Fields { found: fields.len(), expected: layout.fields });
        }
        let text = |column: usize| fields[column].text(bytes, self.splitter.quote);
        let mut weight = 1.0;
        let mut moment = 0.0;
        if let Some(column) = layout.weight {
            let text = text(column);
            match number(&text) {
                Some(number) => weight = number,
                None if text.is_empty() => return chunk.flaw(Flaw::Missing(Part::Weight)),
                None => return chunk.flaw(Flaw::NotANumber(Part::Weight, &text)),
            }
        }
        if let Some(column) = layout.time {
            let text = text(column);
            match time(&text) {
                Some(time) => moment = time,
                None if text.is_empty() => return chunk.flaw(Flaw::Missing(Part::Time)),
                None => return chunk.flaw(Flaw::NotANumber(Part::Time, &text)),
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
            (user, item) => chunk.passing_fields(&user, &item, weight, moment),
        }
    }
}

/// Pieces of about the same size that start after line breaks.
fn cuts(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut cuts = Vec::with_capacity(bytes.len() / PIECE + 1);
    let mut start = 0;
    while start < bytes.len() {
        let about = bytes.len().min(start + PIECE);
        let end = memchr(b'\n', &bytes[about..]).map_or(bytes.len(), |found| about + found + 1);
        cuts.push((start, end));
        start = end;
    }
    cuts
}

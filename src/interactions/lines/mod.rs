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
mod marked;
mod numbers;
mod reading;
mod splitter;

use std::path::Path;

use memchr::memchr;

use super::encoder::Encoder;
use super::report::Place;
use crate::error::{Error, Result};
use input::Input;
use layout::Header;
use reading::Reading;
use splitter::LONGEST_RECORD;

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
    let mut input = Input::open(&source.path, encoding, encoder.observer, rayon::current_num_threads())?;
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
        if encoder.observer.interrupted() {
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
        encoder.observer.progress(*done);
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

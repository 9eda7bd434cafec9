//! Bytes of files, decompressed and decoded, in rounds.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use memchr::memchr;

use super::compression::decompressed;
use super::{PIECE, PIECES_PER_ROUND, PIECES_PER_THREAD};
use crate::error::{Error, Result};
use crate::observer::Observer;

/// Room in front of a round for the end of the one before it.
const GAP: usize = if cfg!(test) { 1 << 4 } else { 1 << 16 };
/// What is looked at to tell what a file is.
const HEAD: usize = 1 << 12;
/// How much of standard input is taken at a time, and how often somebody asks whether to stop meanwhile.
const PIPED: usize = 1 << 18;
const PATIENCE: Duration = Duration::from_millis(50);

/// A file of lines; the path `-` is standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// Columns whose value is the same in all lines, as folders say: `day=2020-01-31`.
    pub(crate) constants: Vec<(String, String)>,
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self { path, constants: Vec::new() }
    }
}

/// Makes UTF-8 of another encoding.
pub(crate) trait Encoding: Sync {
    /// Something that takes bytes one piece after the other, with `true` for the last, and returns their text.
    fn decoder(&self) -> Result<Decoder<'_>>;
}

pub(crate) type Decoder<'a> = Box<dyn FnMut(&[u8], bool) -> std::result::Result<Vec<u8>, String> + Send + 'a>;

/// Bytes of a file, and where those start that have not been split.
pub(super) struct Round {
    pub(super) bytes: Vec<u8>,
    pub(super) start: usize,
    /// How many of them were read from the file.
    pub(super) fresh: usize,
}

impl Round {
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Puts what was left of the round before in front.
    pub(super) fn prepend(&mut self, rest: &[u8]) {
        if rest.len() <= self.start {
            self.start -= rest.len();
            self.bytes[self.start..][..rest.len()].copy_from_slice(rest);
        } else {
            self.bytes.splice(..self.start, rest.iter().copied());
            self.start = 0;
        }
    }
}

/// A file that is being read.
pub(super) struct Input<'a> {
    path: &'a Path,
    file: Box<dyn Read + Send + 'a>,
    decoder: Option<Decoder<'a>>,
    observer: &'a dyn Observer,
    size: usize,
    /// Whether lines end in carriage returns alone, once that is known.
    returns: Option<bool>,
}

impl<'a> Input<'a> {
    pub(super) fn open(
        path: &'a Path,
        encoding: Option<&'a dyn Encoding>,
        observer: &'a dyn Observer,
        threads: usize,
    ) -> Result<Self> {
        let failed = |error: io::Error| io_error(path, &error);
        let mut raw: Box<dyn Read + Send + 'a> = if path == Path::new("-") {
            Box::new(Piped::new(observer))
        } else {
            let file = File::open(path).map_err(failed)?;
            if file.metadata().map_err(failed)?.is_dir() {
                return Err(failed(io::Error::new(io::ErrorKind::IsADirectory, "is a directory")));
            }
            Box::new(file)
        };
        let mut head = Vec::new();
        raw.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(failed)?;
        let buffered = BufReader::with_capacity(PIECE.max(HEAD), Cursor::new(head.clone()).chain(raw));
        let file = decompressed(&head, buffered);
        let size = PIECE * PIECES_PER_ROUND.max(PIECES_PER_THREAD * threads);
        let decoder = encoding.map(Encoding::decoder).transpose()?;
        Ok(Self { path, file, decoder, observer, size, returns: None })
    }

    /// The next round, in memory that may have been used before; an empty one at the end of the file.
    pub(super) fn read(&mut self, used: Vec<u8>) -> Result<Round> {
        let mut bytes = used;
        bytes.clear();
        bytes.resize(GAP, 0);
        bytes.reserve_exact(self.size);
        loop {
            let before = bytes.len();
            let read = self.file.by_ref().take(self.size as u64).read_to_end(&mut bytes);
            if self.observer.interrupted() {
                return Err(Error::Interrupted);
            }
            read.map_err(|error| io_error(self.path, &error))?;
            let ended = bytes.len() == before;
            if let Some(decoder) = &mut self.decoder {
                let text = decoder(&bytes[before..], ended).map_err(|reason| {
                    io_error(self.path, &io::Error::new(io::ErrorKind::InvalidData, reason))
                })?;
                bytes.truncate(before);
                bytes.extend_from_slice(&text);
            }
            // What was read may be too little for a character.
            if ended || bytes.len() > before {
                break;
            }
        }
        self.end_lines(&mut bytes[GAP..]);
        Ok(Round { fresh: bytes.len() - GAP, bytes, start: GAP })
    }

    /// Where lines end in carriage returns alone, ends them in line feeds.
    fn end_lines(&mut self, bytes: &mut [u8]) {
        let returns = *self
            .returns
            .get_or_insert_with(|| memchr(b'\n', bytes).is_none() && memchr(b'\r', bytes).is_some());
        if returns {
            for byte in bytes.iter_mut().filter(|byte| **byte == b'\r') {
                *byte = b'\n';
            }
        }
    }
}

pub(crate) fn io_error(path: &Path, error: &io::Error) -> Error {
    let path = if path == Path::new("-") { PathBuf::from("standard input") } else { path.to_path_buf() };
    Error::Io { path, kind: error.kind(), reason: error.to_string() }
}

/// Standard input, read by a thread of its own, so that waiting for it can be ended.
struct Piped<'a> {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Cursor<Vec<u8>>,
    observer: &'a dyn Observer,
}

impl<'a> Piped<'a> {
    fn new(observer: &'a dyn Observer) -> Self {
        let (sender, pieces) = sync_channel(2);
        std::thread::spawn(move || {
            let mut input = io::stdin().lock();
            loop {
                let mut piece = vec![0; PIPED];
                let read = loop {
                    match input.read(&mut piece) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        read => break read,
                    }
                };
                let ended = !matches!(read, Ok(1..));
                let read = read.map(|size| {
                    piece.truncate(size);
                    piece
                });
                if sender.send(read).is_err() || ended {
                    return;
                }
            }
        });
        Self { pieces, piece: Cursor::default(), observer }
    }
}

impl Read for Piped<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let size = self.piece.read(out)?;
            if size > 0 || out.is_empty() {
                return Ok(size);
            }
            match self.pieces.recv_timeout(PATIENCE) {
                Ok(piece) => self.piece = Cursor::new(piece?),
                Err(RecvTimeoutError::Timeout) if !self.observer.interrupted() => continue,
                Err(RecvTimeoutError::Timeout) => return Err(io::Error::other("interrupted")),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
            if self.piece.get_ref().is_empty() {
                return Ok(0);
            }
        }
    }
}

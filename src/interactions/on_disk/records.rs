//! Files of events by code, one after the other.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::interactions::block::Block;

/// The error of a file.
pub(super) fn io(path: &Path, error: &std::io::Error) -> Error {
    Error::Io { path: path.to_path_buf(), kind: error.kind(), reason: error.to_string() }
}

/// Writes records: the row that an event is of, the column, the weight, and the time if there are times.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    count: u64,
    timed: bool,
}

impl Writer {
    pub(super) fn create(path: PathBuf, timed: bool) -> Result<Self> {
        let file = File::create(&path).map_err(|error| io(&path, &error))?;
        Ok(Self { file: BufWriter::with_capacity(1 << 16, file), path, count: 0, timed })
    }

    pub(super) fn push(&mut self, row: u32, column: u32, weight: f32, time: Option<f64>) -> Result<()> {
        let mut record = [0; 20];
        record[..4].copy_from_slice(&row.to_le_bytes());
        record[4..8].copy_from_slice(&column.to_le_bytes());
        record[8..12].copy_from_slice(&weight.to_le_bytes());
        record[12..].copy_from_slice(&time.unwrap_or_default().to_le_bytes());
        self.count += 1;
        let length = size(self.timed);
        self.file.write_all(&record[..length]).map_err(|error| io(&self.path, &error))
    }

    pub(super) fn append(&mut self, block: &Block) -> Result<()> {
        for at in 0..block.users.len() {
            let time = block.times.get(at).copied();
            self.push(block.users[at], block.items[at], block.weights[at], time)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Records> {
        self.file.flush().map_err(|error| io(&self.path, &error))?;
        Ok(Records { path: self.path, count: self.count, timed: self.timed })
    }
}

/// The number of bytes of a record.
const fn size(timed: bool) -> usize {
    if timed { 20 } else { 12 }
}

/// A file of records that is complete.
#[derive(Debug)]
pub(super) struct Records {
    path: PathBuf,
    pub(super) count: u64,
    timed: bool,
}

impl Records {
    /// All of them, as blocks of rows (as users) and columns of so many at most.
    pub(super) fn blocks(&self, at_a_time: usize) -> Result<impl Iterator<Item = Result<Block>> + use<'_>> {
        let mut file = BufReader::new(File::open(&self.path).map_err(|error| io(&self.path, &error))?);
        let (mut left, size) = (self.count, size(self.timed));
        Ok(std::iter::from_fn(move || {
            let count = left.min(at_a_time as u64) as usize;
            left -= count as u64;
            let mut bytes = vec![0; count * size];
            let read = file.read_exact(&mut bytes).map_err(|error| io(&self.path, &error));
            (count > 0).then(|| read.map(|()| block(&bytes, self.timed)))
        }))
    }

    /// All of them at once; the file is removed.
    pub(super) fn take(self) -> Result<Block> {
        let bytes = fs::read(&self.path).map_err(|error| io(&self.path, &error))?;
        let taken = block(&bytes, self.timed);
        self.remove()?;
        Ok(taken)
    }

    pub(super) fn remove(self) -> Result<()> {
        fs::remove_file(&self.path).map_err(|error| io(&self.path, &error))
    }
}

fn block(bytes: &[u8], timed: bool) -> Block {
    let records = bytes.chunks_exact(size(timed));
    let mut block = Block::default();
    block.users.reserve_exact(records.len());
    block.items.reserve_exact(records.len());
    block.weights.reserve_exact(records.len());
    for record in records {
        let part = |at: usize| [record[at], record[at + 1], record[at + 2], record[at + 3]];
        block.users.push(u32::from_le_bytes(part(0)));
        block.items.push(u32::from_le_bytes(part(4)));
        block.weights.push(f32::from_le_bytes(part(8)));
        if timed {
            let (low, high) = (u32::from_le_bytes(part(12)), u32::from_le_bytes(part(16)));
            block.times.push(f64::from_bits(u64::from(high) << 32 | u64::from(low)));
        }
    }
    block
}

//! Records dealt to files of consecutive rows, each of which fits into memory.

use std::ops::Range;
use std::path::Path;

use super::records::{Records, Writer};
use crate::error::Result;
use crate::interactions::block::Block;

/// Files of rows that follow each other.
pub(super) struct Deal {
    /// The file of each row.
    of_row: Vec<u16>,
    ranges: Vec<Range<usize>>,
    files: Vec<Writer>,
}

/// About how many files are written at a time; packed as rows come there may be twice as many.
const MOST_FILES: usize = 1 << 8;

impl Deal {
    /// For rows with so many records each, about `most` in a file, or one row.
    pub(super) fn new(folder: &Path, name: &str, counts: &[u64], most: usize, timed: bool) -> Result<Self> {
        let all: u64 = counts.iter().sum();
        let most = (most as u64).max(all.div_ceil(MOST_FILES as u64));
        let (mut of_row, mut ranges, mut first, mut held) = (Vec::with_capacity(counts.len()), vec![], 0, 0);
        for (row, &count) in counts.iter().enumerate() {
            if held > 0 && held + count > most {
                ranges.push(first..row);
                (first, held) = (row, 0);
            }
            held += count;
            of_row.push(ranges.len() as u16);
        }
        if first < counts.len() {
            ranges.push(first..counts.len());
        }
        let file = |at: usize| Writer::create(folder.join(format!("{name}-{at}.part")), timed);
        let files = (0..ranges.len()).map(file).collect::<Result<_>>()?;
        Ok(Self { of_row, ranges, files })
    }

    /// Adds a record to the file of its row, where it gets the number of the row in the file.
    pub(super) fn push(&mut self, row: u32, column: u32, weight: f32, time: Option<f64>) -> Result<()> {
        let file = usize::from(self.of_row[row as usize]);
        self.files[file].push(row - self.ranges[file].start as u32, column, weight, time)
    }

    pub(super) fn append(&mut self, block: &Block) -> Result<()> {
        for at in 0..block.users.len() {
            self.push(block.users[at], block.items[at], block.weights[at], block.times.get(at).copied())?;
        }
        Ok(())
    }

    /// The rows of each file, and what is in it.
    pub(super) fn finish(self) -> Result<Vec<(Range<usize>, Records)>> {
        self.ranges.into_iter().zip(self.files).map(|(range, file)| Ok((range, file.finish()?))).collect()
    }
}

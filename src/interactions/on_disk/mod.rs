//! Entries that are never in memory all at once: an external sort, from events to the files of a CSR matrix in both orientations.
//!
//! Events go to a file as they are read. Then they are dealt to files of consecutive users with about as many events each, in
//! the order in which they came; what is in such a file is sorted in memory, as [`build`](super::build) does with all. Its entries are
//! appended to those of the users before, and dealt to files of consecutive items, which become the other orientation in the
//! same way. Everything is read and written from beginning to end, and what is in memory at a time is a file, the labels, and
//! how often each stands in an event. A row is never parted, so the longest one says how small a file can be. Nobody else may
//! write to the folder meanwhile ([`lock`]).

mod csr_files;
mod deal;
mod records;

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::block::Block;
use super::build::{Entries, entries, fade, settle_dates};
use super::options::{Duplicates, OnDisk, ReadOptions};
use super::report::Report;
use crate::error::{Error, Result};
use csr_files::CsrFiles;
use deal::Deal;
use records::{Records, Writer, io};

/// Makes a folder and locks it, as long as what is returned is there.
pub fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let make = fs::create_dir_all(folder).and_then(|()| File::create(&path));
    let lock = make.map_err(|error| io(&path, &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::Io {
            path: folder.to_path_buf(),
            kind: std::io::ErrorKind::WouldBlock,
            reason: "another process is writing to this folder".to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(io(&path, &error)),
    }
}

/// Takes events out of memory while they are read.
#[derive(Debug)]
pub(crate) struct Spill {
    place: OnDisk,
    file: Writer,
    held: usize,
    counts: [Vec<u64>; 2],
}

impl Spill {
    pub(super) fn new(options: &ReadOptions) -> Result<Option<Self>> {
        let Some(place) = &options.on_disk else { return Ok(None) };
        fs::create_dir_all(&place.folder).map_err(|error| io(&place.folder, &error))?;
        let file = Writer::create(place.folder.join("events.part"), options.timed)?;
        Ok(Some(Self { place: place.clone(), file, held: 0, counts: [vec![], vec![]] }))
    }

    /// Hears of a new block, and takes all of them when there are enough.
    pub(super) fn hear(&mut self, blocks: &mut Vec<Block>) -> Result<()> {
        self.held += blocks.last().map_or(0, |block| block.users.len());
        if self.held >= self.place.events_at_a_time { self.take(blocks) } else { Ok(()) }
    }

    fn take(&mut self, blocks: &mut Vec<Block>) -> Result<()> {
        self.held = 0;
        for block in blocks.drain(..) {
            for (counts, codes) in self.counts.iter_mut().zip([&block.users, &block.items]) {
                for &code in codes {
                    if code as usize >= counts.len() {
                        counts.resize(code as usize + 1, 0);
                    }
                    counts[code as usize] += 1;
                }
            }
            self.file.append(&block)?;
        }
        Ok(())
    }

    /// Writes the matrix, of so many users and items; the time at which nothing has faded.
    pub(super) fn finish(
        mut self,
        mut rest: Vec<Block>,
        shape: [usize; 2],
        are_dates: bool,
        options: &ReadOptions,
        report: &mut Report,
    ) -> Result<f64> {
        self.take(&mut rest)?;
        let Self { place: OnDisk { folder, events_at_a_time: most }, file, mut counts, .. } = self;
        for (counts, length) in counts.iter_mut().zip(shape) {
            counts.resize(length, 0);
        }
        let events = file.finish()?;
        let half_life = options.half_life.map(|age| options.in_times(age));
        let settled = |block: Result<Block>| {
            let mut block = block?;
            if are_dates {
                settle_dates(std::slice::from_mut(&mut block));
            }
            Ok::<_, Error>(block)
        };
        let mut latest = f64::NEG_INFINITY;
        if options.timed {
            for block in events.blocks(most)? {
                latest = settled(block)?.times.iter().fold(latest, |a, &b| a.max(b));
            }
        }
        let mut by_user = Deal::new(&folder, "users", &counts[0], most, options.timed)?;
        for block in events.blocks(most)? {
            let mut block = settled(block)?;
            if let Some(half_life) = half_life {
                fade(std::slice::from_mut(&mut block), latest, half_life);
            }
            by_user.append(&block)?;
        }
        let read = events.count;
        events.remove()?;
        let by_user = by_user.finish()?; // which closes its files before there are others
        let mut by_item = Deal::new(&folder, "items", &counts[1], most, false)?;
        let mut files = CsrFiles::create(&folder, "by_user")?;
        let timed = options.timed && options.duplicates == Duplicates::Last;
        for (users, records) in by_user {
            let rows = rows_of(records, users.len(), options.duplicates, timed)?.checked(shape[1])?;
            for user in 0..users.len() {
                for at in rows.indptr[user] as usize..rows.indptr[user + 1] as usize {
                    let (user, item) = ((users.start + user) as u32, rows.indices[at] as u32);
                    by_item.push(item, user, rows.values[at], None)?;
                }
            }
            report.faded += rows.faded;
            report.zeros += rows.values.iter().filter(|&&value| value == 0.0).count();
            report.negatives += rows.values.iter().filter(|&&value| value < 0.0).count();
            files.append(&rows)?;
        }
        report.merged = read - files.stored as u64;
        files.finish()?;
        let mut files = CsrFiles::create(&folder, "by_item")?;
        for (items, records) in by_item.finish()? {
            files.append(&rows_of(records, items.len(), Duplicates::Last, false)?)?;
        }
        files.finish()?;
        Ok(latest)
    }
}

/// The rows of a file.
fn rows_of(records: Records, rows: usize, duplicates: Duplicates, timed: bool) -> Result<Entries> {
    let mut block = records.take()?;
    if !timed {
        block.times.clear();
    }
    Ok(entries(vec![block], rows, duplicates, timed))
}

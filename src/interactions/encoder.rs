//! From events to codes, on all threads, in the order in which labels first appear.
//!
//! Events are read in rounds, each cut into chunks that threads read independently. After the round the new labels
//! of the chunks are added one chunk after the other, which gives codes in the order of the events however the
//! threads were scheduled. In all but the first few rounds there is next to nothing to add.

use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;

use super::block::Block;
use super::chunk::{Chunk, Done};
use super::clock::Clock;
use super::coder::NEW;
use super::event::Rows;
use super::on_disk::Spill;
use super::options::ReadOptions;
use super::report::{BadRows, Place, Written};
use crate::error::{Error, Result};
use crate::labels::Labels;
use crate::labels::spelling::Spelling;
use crate::observer::Observer;

/// How many events threads take at a time from a table, and how many chunks a round has. Tests have few events.
const ROWS_PER_CHUNK: usize = if cfg!(test) { 8 } else { 1 << 15 };
const CHUNKS_PER_ROUND: usize = if cfg!(test) { 4 } else { 64 };

/// A table of events, or a part of one.
pub(crate) struct Batch<'r> {
    pub(crate) rows: &'r dyn Rows,
    /// The file that it comes from, if from any.
    pub(crate) name: Option<&'r Path>,
    /// How many rows come before it in that file, or in the tables without a name.
    pub(crate) first: u64,
}

/// Collects events by code.
pub(crate) struct Encoder<'a> {
    pub(crate) users: Labels,
    pub(crate) items: Labels,
    pub(crate) blocks: Vec<Block>,
    /// Where blocks go, if they are too many for the memory.
    pub(crate) spill: Option<Spill>,
    pub(crate) bad: BadRows,
    /// Events that were read, those that cannot be used and those that do not count included.
    pub(crate) rows: u64,
    /// Events that do not count.
    pub(crate) ignored: u64,
    /// What the times say together.
    pub(crate) clock: Clock,
    /// How the lines of files were taken.
    pub(crate) written: Option<Written>,
    pub(crate) options: &'a ReadOptions,
    pub(crate) observer: &'a dyn Observer,
    /// Whether integers may become texts, which side by side: only if nobody has seen them.
    may_widen: [bool; 2],
    /// How the integers of files are written, side by side.
    spelling: [Spelling; 2],
}

impl<'a> Encoder<'a> {
    /// Starts with labels that are known already, whose kinds stay if there are any.
    pub(crate) fn new(
        known: Option<(&Labels, &Labels)>,
        options: &'a ReadOptions,
        observer: &'a dyn Observer,
    ) -> Result<Self> {
        let may_widen = known.map_or([true; 2], |(users, items)| [users.is_empty(), items.is_empty()]);
        let (users, items) = known
            .map_or_else(|| (Labels::no_integers(), Labels::no_integers()), |(u, i)| (u.clone(), i.clone()));
        let (blocks, bad, rows, ignored, clock) = Default::default();
        let (written, spelling) = Default::default();
        Ok(Self {
            users,
            items,
            blocks,
            spill: Spill::new(options)?,
            bad,
            rows,
            ignored,
            clock,
            written,
            options,
            observer,
            may_widen,
            spelling,
        })
    }

    /// A chunk to be read against what is known now.
    pub(crate) fn chunk<'t>(&self) -> Chunk<'_, 't> {
        Chunk::new(&self.users, &self.items, self.options, self.may_widen)
    }

    /// Whether integers had to become texts because of these chunks, which must then be read again.
    pub(crate) fn widen(&mut self, chunks: &[&Done]) -> Result<bool> {
        let mut widened = false;
        for (side, labels) in [&mut self.users, &mut self.items].into_iter().enumerate() {
            let before = self.spelling[side];
            let now = chunks.iter().fold(before, |spelling, chunk| spelling.and(chunk.spelling[side]));
            let wanted = chunks.iter().any(|chunk| chunk.wants_texts[side])
                || (self.may_widen[side] && now.conflicts());
            if wanted && labels.are_integers() {
                labels.turn_into_texts(if before.has(Spelling::POINTED) { ".0" } else { "" })?;
                widened = true;
            } else {
                self.spelling[side] = now;
            }
        }
        Ok(widened)
    }

    /// Labels of files are texts from the start, even if all are integers.
    pub(crate) fn only_texts(&mut self) -> Result<()> {
        self.users.turn_into_texts("")?;
        self.items.turn_into_texts("")
    }

    /// Adds a chunk that follows those added before; `place` is where it starts.
    pub(crate) fn absorb(&mut self, chunk: Done, place: &Place<'_>) -> Result<()> {
        if let Some(error) = chunk.failure {
            return Err(error);
        }
        if let Some((line, reason)) = chunk.fatal {
            return Err(Error::BadRow { place: place.name(line), reason });
        }
        if self.options.strict
            && let Some((line, reason)) = chunk.bad.first()
        {
            return Err(Error::BadRow { place: place.name(line), reason: reason.to_string() });
        }
        self.rows += chunk.block.users.len() as u64 + chunk.bad.count() + chunk.ignored;
        self.ignored += chunk.ignored;
        self.clock.add(&chunk.clock);
        self.bad.append(chunk.bad, place);
        let mut block = chunk.block;
        adopt(&mut self.users, &chunk.users, &mut block.users)?;
        adopt(&mut self.items, &chunk.items, &mut block.items)?;
        if !block.users.is_empty() {
            self.blocks.push(block);
            if let Some(spill) = &mut self.spill {
                spill.hear(&mut self.blocks)?;
            }
        }
        Ok(())
    }

    /// Reads batches of events that follow those read before, which are `done` in all.
    pub(crate) fn read_batches(&mut self, batches: &[Batch<'_>], done: u64) -> Result<()> {
        let mut chunks = Vec::new();
        for batch in batches {
            self.settle_kinds(batch)?;
            let rows = batch.rows.len();
            chunks.extend((0..rows).step_by(ROWS_PER_CHUNK).map(|start| {
                let end = rows.min(start + ROWS_PER_CHUNK);
                (batch, start..end)
            }));
        }
        let mut done = done;
        for round in chunks.chunks(CHUNKS_PER_ROUND) {
            if self.observer.interrupted() {
                return Err(Error::Interrupted);
            }
            let read = |(batch, range): &(&Batch<'_>, Range<usize>)| {
                let mut chunk = self.chunk();
                chunk.reserve(range.len());
                for row in range.clone() {
                    match batch.rows.event(row) {
                        Ok(Some(event)) => chunk.event(event),
                        Ok(None) => chunk.ignore(),
                        Err(flaw) => chunk.flaw(flaw),
                    }
                    chunk.lines += 1;
                }
                chunk.done()
            };
            let read: Vec<Done> = round.par_iter().map(read).collect();
            for (chunk, (batch, range)) in read.into_iter().zip(round) {
                self.absorb(chunk, &Place::Row(batch.name, batch.first + range.start as u64))?;
                done += range.len() as u64;
            }
            self.observer.progress(done);
        }
        Ok(())
    }

    /// Takes labels of these kinds, integers or texts, from now on.
    fn settle_kinds(&mut self, batch: &Batch<'_>) -> Result<()> {
        if batch.rows.is_empty() {
            return Ok(());
        }
        let (users, items) = batch.rows.integers();
        for (what, labels, integers) in [("users", &mut self.users, users), ("items", &mut self.items, items)]
        {
            let Some(integers) = integers.filter(|&integers| integers != labels.are_integers()) else {
                continue;
            };
            if !labels.is_empty() {
                let error = Error::LabelKind { what, integers: labels.are_integers() };
                return Err(match batch.name {
                    Some(name) => Error::Stream { reason: format!("{}: {error}", name.display()) },
                    None => error,
                });
            }
            *labels = if integers { Labels::no_integers() } else { Labels::no_texts() };
        }
        Ok(())
    }
}

/// Adds the new labels of a chunk to those that are known, and gives its codes their final numbers.
fn adopt(known: &mut Labels, new: &Labels, codes: &mut [u32]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let numbers: Vec<u32> = new.iter().map(|label| known.insert(label)).collect::<Result<_>>()?;
    for code in codes {
        if *code & NEW != 0 {
            *code = numbers[(*code & !NEW) as usize];
        }
    }
    Ok(())
}

//! Events by code, a block of them at a time.

use rayon::prelude::*;

use crate::error::{Error, Result, check_size};

/// How many events have a block of their own where they come from no chunk.
const EVENTS_PER_BLOCK: usize = if cfg!(test) { 8 } else { 1 << 15 };

/// Events by code: one column for each part.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Block {
    pub(crate) users: Vec<u32>,
    pub(crate) items: Vec<u32>,
    pub(crate) weights: Vec<f32>,
    /// Empty if the events have no times.
    pub(crate) times: Vec<f64>,
}

impl Block {
    /// Appends the events of another block.
    pub(crate) fn append(&mut self, other: &Self) {
        self.users.extend_from_slice(&other.users);
        self.items.extend_from_slice(&other.items);
        self.weights.extend_from_slice(&other.weights);
        self.times.extend_from_slice(&other.times);
    }

    /// Fails unless all columns are as long, and the codes are those of so many labels.
    pub(crate) fn check(&self, users: usize, items: usize, timed: bool) -> Result<()> {
        let events = self.users.len();
        check_size("the number of items (one for each event)", events, self.items.len())?;
        check_size("the number of weights (one for each event)", events, self.weights.len())?;
        let times = if timed { events } else { 0 };
        check_size("the number of times (one for each event)", times, self.times.len())?;
        for (what, codes, len) in [("user", &self.users, users), ("item", &self.items, items)] {
            if let Some(&code) = codes.iter().find(|&&code| code as usize >= len) {
                return Err(Error::IdOutOfRange { what, id: i64::from(code), len });
            }
        }
        Ok(())
    }

    /// The events for which the mask holds, in blocks of a size that threads share well.
    pub(crate) fn chosen(&self, mask: &[bool]) -> Vec<Self> {
        let chosen: Vec<usize> = (0..mask.len()).filter(|&at| mask[at]).collect();
        let blocks = chosen.par_chunks(EVENTS_PER_BLOCK).map(|places| {
            let (users, items) =
                (places.iter().map(|&at| self.users[at]), places.iter().map(|&at| self.items[at]));
            let weights = places.iter().map(|&at| self.weights[at]);
            let timed = if self.times.is_empty() { &[] } else { places };
            let times = timed.iter().map(|&at| self.times[at]);
            Self {
                users: users.collect(),
                items: items.collect(),
                weights: weights.collect(),
                times: times.collect(),
            }
        });
        blocks.collect()
    }
}

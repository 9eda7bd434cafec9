//! The hash table from labels to codes.
//!
//! Labels of millions of events are looked up in tables larger than the caches. So whoever asks says beforehand what
//! will be asked for: [`Slots::expect`] brings the place where a hash would be, [`Labels::expect`] the label that
//! stands there, and only then they are compared, when all of it has come. Slots are probed one after the other,
//! four in a cache line.
//!
//! [`Labels::expect`]: super::Labels

use crate::kernel::prefetch;

/// The code of a free slot.
const FREE: u32 = u32::MAX;
/// Slots of the smallest table.
const SMALLEST: usize = 16;

/// A label's hash and code, and what finds or is the label itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) hash: u32,
    pub(super) code: u32,
    pub(super) label: u64,
}

/// Open addressing with linear probing; at most two thirds of the slots are taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    taken: usize,
}

impl Slots {
    fn place(&self, hash: u32) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    /// Says that this hash will be looked for.
    #[inline]
    pub(super) fn expect(&self, hash: u32) {
        if !self.slots.is_empty() {
            prefetch(&self.slots, self.place(hash), 1);
        }
    }

    /// The first slot with this hash whose label is the right one.
    #[inline]
    pub(super) fn find(&self, hash: u32, mut is_right: impl FnMut(&Slot) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mut place = self.place(hash);
        loop {
            let slot = &self.slots[place];
            if slot.code == FREE {
                return None;
            }
            if slot.hash == hash && is_right(slot) {
                return Some(slot.code);
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// Takes a slot for a label that is not there.
    pub(super) fn insert(&mut self, slot: Slot) {
        if 3 * (self.taken + 1) > 2 * self.slots.len() {
            let size = (2 * self.slots.len()).max(SMALLEST);
            let free = Slot { hash: 0, code: FREE, label: 0 };
            let old = std::mem::replace(&mut self.slots, vec![free; size]);
            for slot in old.into_iter().filter(|slot| slot.code != FREE) {
                self.put(slot);
            }
        }
        self.put(slot);
        self.taken += 1;
    }

    fn put(&mut self, slot: Slot) {
        let mut place = self.place(slot.hash);
        while self.slots[place].code != FREE {
            place = (place + 1) & (self.slots.len() - 1);
        }
        self.slots[place] = slot;
    }
}

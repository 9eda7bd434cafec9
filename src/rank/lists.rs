//! Lists of the best, one for each column, that threads fill together.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::kernel::Real;
use crate::rank::best::Best;
use crate::rank::ranked::{shares, split};
use crate::sparse::CsrMatrix;

/// Lists that share a lock are so many ranks apart.
const STRIPES: usize = 64;

/// The best partners so far, by rank. What is kept does not depend on the order in which it came.
pub(crate) struct Lists<T: Real> {
    columns: usize,
    stripes: Vec<Mutex<Vec<Best<T>>>>,
    /// The bits of the score below which nothing enters, for those who ask without waiting. It only rises.
    least: Vec<AtomicU64>,
}

/// What a thread has found for the lists of others: delivered together, as a lock costs more than an offer.
pub(crate) struct Outbox<T: Real>(Vec<Vec<(u32, T::Place)>>);

impl<T: Real> Outbox<T> {
    pub(crate) fn new() -> Self {
        Self((0..STRIPES).map(|_| Vec::new()).collect())
    }

    pub(crate) fn push(&mut self, rank: u32, place: T::Place) {
        self.0[rank as usize % STRIPES].push((rank, place));
    }
}

impl<T: Real> Lists<T> {
    pub(crate) fn new(columns: usize, k: usize) -> Self {
        let stripe = |stripe| (stripe..columns).step_by(STRIPES).map(|_| Best::new(k)).collect();
        let least = (0..columns).map(|_| AtomicU64::new(f64::NEG_INFINITY.to_bits())).collect();
        Self { columns, stripes: (0..STRIPES).map(stripe).map(Mutex::new).collect(), least }
    }

    /// The scores below which nothing enters the lists of the first `count` ranks, or that were so a moment ago.
    pub(crate) fn copy_least<F>(&self, about: &mut [(F, f64)], count: usize) {
        for ((_, least), bits) in about.iter_mut().zip(&self.least[..count]) {
            *least = lowered(f64::from_bits(bits.load(Ordering::Relaxed)));
        }
    }

    /// The same of one list, if it is full.
    pub(crate) fn least_of(&self, rank: usize) -> Option<T> {
        let least = f64::from_bits(self.least[rank].load(Ordering::Relaxed));
        (least > f64::NEG_INFINITY).then(|| T::from_f64(least))
    }

    /// Puts all that `own` has into a list.
    pub(crate) fn merge(&self, rank: usize, own: &mut Best<T>) {
        let mut stripe = self.stripes[rank % STRIPES].lock().unwrap_or_else(PoisonError::into_inner);
        self.change(&mut stripe, rank, |list| list.merge(own));
    }

    /// Puts everything from the outbox into the lists.
    pub(crate) fn deliver(&self, outbox: &mut Outbox<T>) {
        for (stripe, found) in self.stripes.iter().zip(&mut outbox.0).filter(|(_, found)| !found.is_empty()) {
            let mut stripe = stripe.lock().unwrap_or_else(PoisonError::into_inner);
            for (rank, place) in found.drain(..) {
                self.change(&mut stripe, rank as usize, |list| list.offer_place(place));
            }
        }
    }

    fn change(&self, stripe: &mut [Best<T>], rank: usize, change: impl FnOnce(&mut Best<T>)) {
        let list = &mut stripe[rank / STRIPES];
        let before = list.least();
        change(list);
        if let Some(least) = list.least()
            && before.is_none_or(|before| before < least)
        {
            self.least[rank].store(least.to_f64().to_bits(), Ordering::Relaxed);
        }
    }

    /// What was kept, by column; `rank` has the rank of each.
    pub(crate) fn into_matrix(self, rank: &[u32]) -> CsrMatrix<T> {
        let mut stripes: Vec<_> = self
            .stripes
            .into_iter()
            .map(|list| list.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect();
        let mut indptr = vec![0];
        let mut by_column: Vec<_> = Vec::with_capacity(self.columns);
        for rank in rank.iter().map(|&rank| rank as usize) {
            let list = std::mem::replace(&mut stripes[rank % STRIPES][rank / STRIPES], Best::new(0));
            indptr.push(indptr[by_column.len()] + list.len() as i64);
            by_column.push(list);
        }
        let stored = indptr[self.columns] as usize;
        let (mut indices, mut values) = (vec![0; stored], vec![T::ZERO; stored]);
        let shares = shares(self.columns, |column| indptr[column] as usize);
        let lengths = || shares.iter().map(|share| (indptr[share.end] - indptr[share.start]) as usize);
        split(&mut by_column, shares.iter().map(std::iter::ExactSizeIterator::len))
            .into_par_iter()
            .zip(split(&mut indices, lengths()))
            .zip(split(&mut values, lengths()))
            .for_each(|((lists, indices), values)| {
                let places = lists.iter_mut().flat_map(Best::sorted_by_id);
                for ((index, value), (id, score)) in indices.iter_mut().zip(values).zip(places) {
                    (*index, *value) = (id as i32, score);
                }
            });
        CsrMatrix::of_parts(self.columns, indptr, indices, values)
    }
}

/// A little less, so that a product may be compared where the quotient is meant, and before it is rounded: by half of
/// the last digit, or by an absolute step among the smallest numbers.
fn lowered(score: f64) -> f64 {
    score - score.abs() * 1e-6 - f64::from(f32::MIN_POSITIVE)
}

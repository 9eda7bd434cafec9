//! The best N of a stream of scored ids, and the one order that everything here is sorted by.

use std::cmp::Ordering;

use crate::kernel::Real;

/// An id and its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored<T> {
    pub(crate) score: T,
    pub(crate) id: i32,
}

impl<T: Real> Scored<T> {
    /// Better first: the higher score, then the smaller id. Scores are never NaN here.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let by_score = other.score.partial_cmp(&self.score).unwrap_or(Ordering::Equal);
        by_score.then(self.id.cmp(&other.id))
    }
}

/// Keeps the best `n` of what is offered, in a binary heap with the worst on top.
///
/// An offer that does not enter costs one comparison; one that does costs `O(log n)`. The result does
/// not depend on the order of the offers. A NaN score never enters. The caller offers each id once.
pub(crate) struct TopN<T> {
    n: usize,
    heap: Vec<Scored<T>>,
}

impl<T: Real> TopN<T> {
    pub(crate) fn new(n: usize) -> Self {
        Self { n, heap: Vec::with_capacity(n) }
    }

    /// Whether this one would enter now.
    pub(crate) fn admits(&self, candidate: Scored<T>) -> bool {
        if candidate.score.is_nan() || self.n == 0 {
            return false;
        }
        self.heap.len() < self.n || candidate.order(&self.heap[0]) == Ordering::Less
    }

    /// Puts in a candidate that [`admits`](Self::admits) has accepted, and drops the worst if there is one
    /// too many.
    pub(crate) fn push(&mut self, candidate: Scored<T>) {
        if self.heap.len() < self.n {
            self.heap.push(candidate);
            self.sift_up(self.heap.len() - 1);
        } else {
            self.heap[0] = candidate;
            self.sift_down();
        }
    }

    /// The worst score, once there are `n`.
    #[inline(always)]
    pub(crate) fn worst_of_full(&self) -> Option<T> {
        if self.heap.len() < self.n { None } else { self.heap.first().map(|worst| worst.score) }
    }

    /// What is in it, best first.
    pub(crate) fn into_sorted(mut self) -> Vec<Scored<T>> {
        self.heap.sort_unstable_by(Scored::order);
        self.heap
    }

    fn sift_up(&mut self, mut at: usize) {
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.heap[at].order(&self.heap[parent]) != Ordering::Greater {
                break;
            }
            self.heap.swap(at, parent);
            at = parent;
        }
    }

    fn sift_down(&mut self) {
        let mut at = 0;
        loop {
            let mut worst = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < self.heap.len() && self.heap[child].order(&self.heap[worst]) == Ordering::Greater {
                    worst = child;
                }
            }
            if worst == at {
                break;
            }
            self.heap.swap(at, worst);
            at = worst;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_full_sort(offers: &[f32], n: usize) -> Vec<Scored<f32>> {
        let mut all: Vec<_> = (0..).zip(offers).map(|(id, &score)| Scored { score, id }).collect();
        all.retain(|candidate| !candidate.score.is_nan());
        all.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        all.truncate(n);
        all
    }

    proptest! {
        #[test]
        fn the_heap_keeps_what_a_full_sort_would(
            // Few distinct values, so that ties are common.
            offers in prop::collection::vec(prop_oneof![
                (-3_i8..4).prop_map(f32::from), Just(f32::NAN), Just(f32::INFINITY), Just(f32::NEG_INFINITY),
            ], 0..60),
            n in 0_usize..12,
        ) {
            let mut top = TopN::new(n);
            // Backwards, so that the smaller id of a tie comes last.
            for (id, &score) in offers.iter().enumerate().rev() {
                let candidate = Scored { score, id: id as i32 };
                if top.admits(candidate) {
                    top.push(candidate);
                }
            }
            prop_assert_eq!(top.into_sorted(), by_full_sort(&offers, n));
        }
    }
}

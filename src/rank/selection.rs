//! The best results of one query, with a least score and at most so many from each group.

use crate::kernel::Real;
use crate::rank::top_n::{Scored, TopN};

/// What a query has found so far.
pub(crate) enum Selection<'a, T> {
    /// The best, of which all score at least so much.
    Free(TopN<T>, T),
    /// The best with at most so many from a group.
    Grouped(Grouped<'a, T>),
}

/// The best under a limit for each group.
///
/// Sets with at most `most` members from a group and at most `n` in all are the independent sets of a matroid.
/// Adding candidates one by one, and dropping the worst of the circuit that a new one closes (its group if that is
/// full, everything otherwise), keeps the best such set of all that was offered, in whatever order (Schrijver,
/// Combinatorial Optimization, section 40.1). It is what going down the full order and skipping full groups gives.
pub(crate) struct Grouped<'a, T> {
    n: usize,
    least: T,
    groups: &'a [i32],
    most: usize,
    /// Best first.
    sorted: Vec<Scored<T>>,
}

impl<'a, T: Real> Selection<'a, T> {
    pub(crate) fn new(n: usize, least: T, groups: Option<(&'a [i32], usize)>) -> Self {
        match groups {
            None => Self::Free(TopN::new(n), least),
            Some((groups, most)) => {
                Self::Grouped(Grouped { n, least, groups, most, sorted: Vec::with_capacity(n + 1) })
            }
        }
    }

    /// A candidate that scores less cannot enter.
    #[inline(always)]
    pub(crate) fn threshold(&self) -> f64 {
        let (worst, least) = match self {
            Self::Free(top, least) => (top.worst_of_full(), least),
            Self::Grouped(grouped) => {
                (grouped.sorted.get(grouped.n.wrapping_sub(1)).map(|worst| worst.score), &grouped.least)
            }
        };
        worst.map_or(least.to_f64(), |worst| worst.to_f64().max(least.to_f64()))
    }

    /// Whether this one would enter now.
    #[inline(always)]
    pub(crate) fn admits(&self, candidate: Scored<T>) -> bool {
        match self {
            Self::Free(top, least) => candidate.score >= *least && top.admits(candidate),
            Self::Grouped(grouped) => candidate.score >= grouped.least && grouped.place(candidate).is_some(),
        }
    }

    /// Puts in a candidate if it may enter.
    pub(crate) fn offer(&mut self, candidate: Scored<T>) {
        if self.admits(candidate) {
            self.push(candidate);
        }
    }

    /// Puts in a candidate that [`admits`](Self::admits) has accepted.
    pub(crate) fn push(&mut self, candidate: Scored<T>) {
        match self {
            Self::Free(top, _) => top.push(candidate),
            Self::Grouped(grouped) => grouped.push(candidate),
        }
    }

    /// What was found, best first.
    pub(crate) fn into_sorted(self) -> Vec<Scored<T>> {
        match self {
            Self::Free(top, _) => top.into_sorted(),
            Self::Grouped(grouped) => grouped.sorted,
        }
    }
}

impl<T: Real> Grouped<'_, T> {
    fn group(&self, id: i32) -> i32 {
        self.groups[id as usize]
    }

    /// Which one has to go for this one, if it may enter; the length if none has to.
    fn place(&self, candidate: Scored<T>) -> Option<usize> {
        let group = self.group(candidate.id);
        let members = self.sorted.iter().filter(|other| self.group(other.id) == group).count();
        let worst = if members == self.most {
            self.sorted.iter().rposition(|other| self.group(other.id) == group)?
        } else if self.sorted.len() == self.n {
            self.n.checked_sub(1)?
        } else {
            return Some(self.sorted.len());
        };
        candidate.order(&self.sorted[worst]).is_lt().then_some(worst)
    }

    fn push(&mut self, candidate: Scored<T>) {
        if let Some(worst) = self.place(candidate) {
            if worst < self.sorted.len() {
                self.sorted.remove(worst);
            }
            let at = self.sorted.partition_point(|other| other.order(&candidate).is_lt());
            self.sorted.insert(at, candidate);
        }
    }
}

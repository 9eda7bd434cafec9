//! Lists in which scores are equal: what is expected if every order of equals is as likely.
//!
//! A search lists equals in the order of their numbers, which says nothing about a model. Averaged over all orders,
//! metrics do not depend on how items are numbered (McSherry and Najork, "Computing Information Retrieval Performance
//! Measures Efficiently in the Presence of Tied Scores", 2008).

use crate::error::{Result, check_size};
use crate::kernel::Real;
use crate::metrics::quality::ListQuality;
use crate::metrics::wanted::{Wanted, gain_of};
use crate::sparse::{Row, check_structure};

/// The candidates of lists in which scores are equal, best first, down to the last that ties with the last place.
#[derive(Debug, Clone, Copy)]
pub struct Ties<'a> {
    starts: &'a [i64],
    ids: &'a [i32],
    scores: &'a [f64],
}

impl<'a> Ties<'a> {
    /// The candidates of list `l` are `ids[starts[l]..starts[l + 1]]`, items below `items`, and `scores` theirs: none
    /// for a list in which no scores are equal.
    pub fn new(items: usize, starts: &'a [i64], ids: &'a [i32], scores: &'a [f64]) -> Result<Self> {
        check_structure(items, starts, ids)?;
        check_size("the number of scores (one for each candidate)", ids.len(), scores.len())?;
        Ok(Self { starts, ids, scores })
    }

    /// How many lists there are.
    pub(super) fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The largest number of candidates of a list.
    pub(super) fn longest(&self) -> usize {
        self.starts.windows(2).map(|pair| (pair[1] - pair[0]) as usize).max().unwrap_or(0)
    }

    /// Puts expectations at every cut-off in place of what the list in the order of numbers is worth, except for the
    /// area, if there are equals in it.
    pub(super) fn expect<T: Real>(&self, row: usize, wanted: &Wanted<'_, T>, found: &mut [ListQuality]) {
        let range = self.starts[row] as usize..self.starts[row + 1] as usize;
        if range.is_empty() {
            return;
        }
        let (ids, scores) = (&self.ids[range.clone()], &self.scores[range]);
        let relevant = wanted.row(row);
        let mut sum = Sums { no_hit: 1.0, ..Sums::default() };
        let (mut place, mut group) = (0, Group::default());
        for (quality, &cutoff) in found.iter_mut().zip(wanted.cutoffs.lengths()) {
            while place < cutoff.min(ids.len()) {
                if place == group.end {
                    sum.hits_before += group.good as f64;
                    group = Group::at(place, ids, scores, relevant);
                }
                sum.add(place, group, relevant.indices.len(), wanted.discounts[place]);
                place += 1;
            }
            quality.hits = sum.hits;
            quality.early_hits = sum.early_hits;
            quality.found = 1.0 - sum.no_hit;
            quality.reciprocal = sum.reciprocal;
            quality.precisions = sum.precisions;
            quality.gain = sum.gain;
            quality.graded_gain = sum.graded_gain;
        }
    }
}

/// Candidates with equal scores.
#[derive(Clone, Copy, Default)]
struct Group {
    start: usize,
    end: usize,
    /// How many of them are relevant.
    good: usize,
    /// The mean gain.
    gain: f64,
}

impl Group {
    fn at<T: Real>(start: usize, ids: &[i32], scores: &[f64], relevant: Row<'_, T>) -> Self {
        let size = scores[start..].iter().take_while(|&&score| score >= scores[start]).count().max(1);
        let gains = || ids[start..start + size].iter().filter_map(|&id| gain_of(relevant, id));
        Self { start, end: start + size, good: gains().count(), gain: gains().sum::<f64>() / size as f64 }
    }
}

/// Expectations over the places so far.
#[derive(Default)]
struct Sums {
    hits: f64,
    early_hits: f64,
    reciprocal: f64,
    precisions: f64,
    gain: f64,
    graded_gain: f64,
    /// How likely there was no hit yet.
    no_hit: f64,
    /// The hits in the groups before.
    hits_before: f64,
}

impl Sums {
    fn add(&mut self, place: usize, group: Group, relevant: usize, discount: f64) {
        let at = (place - group.start) as f64;
        let (size, good) = ((group.end - group.start) as f64, group.good as f64);
        let chance = good / size;
        self.hits += chance;
        self.early_hits += if place < relevant { chance } else { 0.0 };
        self.gain += chance * discount;
        self.graded_gain += group.gain * discount;
        // If this one is a hit, so many of those before it in the group are.
        let others = if size > 1.0 { at * (good - 1.0) / (size - 1.0) } else { 0.0 };
        self.precisions += chance * (1.0 + self.hits_before + others) / (place as f64 + 1.0);
        // None before it is a hit, and this one is.
        let left = size - at;
        self.reciprocal += self.no_hit * good / left / (place as f64 + 1.0);
        // A product, so that it is exactly 0 once a hit is certain.
        self.no_hit *= (left - good).max(0.0) / left;
    }
}

#[cfg(test)]
mod tests {
    use rand::seq::SliceRandom;
    use rand::{RngExt, SeedableRng};

    use super::*;
    use crate::CsrMatrix;
    use crate::metrics::{Metric, RankedLists, list_metrics};

    /// Every order of equals that there is.
    fn orders(ids: &[i32], scores: &[f64]) -> Vec<Vec<i32>> {
        let Some(&score) = scores.first() else { return vec![vec![]] };
        let equals = scores.iter().take_while(|&&other| other >= score).count();
        let mut found = vec![];
        for first in 0..equals {
            let mut rest = ids.to_vec();
            let id = rest.remove(first);
            let further = orders(&rest, &scores[1..]);
            found.extend(further.into_iter().map(|rest| [vec![id], rest].concat()));
        }
        found
    }

    #[test]
    fn expectations_are_means_over_all_orders() {
        let mut random = rand_pcg::Pcg64::seed_from_u64(1);
        let metrics: Vec<Metric> = Metric::ALL
            .into_iter()
            .map(|(_, metric)| metric)
            .filter(|&metric| metric != Metric::Auc)
            .collect();
        for _ in 0..60 {
            let mut ids: Vec<i32> = (0..9).collect();
            ids.shuffle(&mut random);
            let mut scores: Vec<f64> = (0..6).map(|_| f64::from(random.random_range(0..3))).collect();
            scores.sort_by(|a, b| b.total_cmp(a));
            ids.truncate(scores.len());
            let relevant: Vec<_> =
                (0..9).filter(|_| random.random_bool(0.4)).map(|id| (0, id, f64::from(id))).collect();
            let relevant = CsrMatrix::from_triplets(1, 9, &relevant).expect("they are in range");
            let cutoffs = [1, 3, 7];
            let measured = |ids: &[i32], ties| {
                let lists = RankedLists { ids, n: ids.len(), ties };
                list_metrics(&lists, &relevant.view(), &cutoffs, 9, &metrics, 1).expect("checked").concat()
            };
            let all = orders(&ids, &scores);
            let mut means = vec![0.0; metrics.len() * cutoffs.len()];
            for order in &all {
                let found = measured(order, None);
                means.iter_mut().zip(found).for_each(|(mean, found)| *mean += found / all.len() as f64);
            }
            let ties = Ties::new(9, &[0, 6], &ids, &scores).expect("checked");
            for (found, mean) in measured(&ids, Some(ties)).into_iter().zip(means) {
                assert!((found - mean).abs() < 1e-12 || found.is_nan() && mean.is_nan(), "{found}, {mean}");
            }
        }
    }

    #[test]
    fn wrong_candidates_are_errors() {
        assert!(Ties::new(9, &[0, 2], &[3, 9], &[1.0, 1.0]).is_err());
        assert!(Ties::new(9, &[0, 2], &[3, 4], &[1.0]).is_err());
        let relevant = CsrMatrix::from_triplets(2, 9, &[(0, 3, 1.0)]).expect("they are in range");
        let ties = Ties::new(9, &[0, 2], &[3, 4], &[1.0, 1.0]).ok();
        let lists = RankedLists { ids: &[3, 4], n: 1, ties };
        assert!(list_metrics(&lists, &relevant.view(), &[1], 9, &[Metric::Hits], 1).is_err());
    }
}

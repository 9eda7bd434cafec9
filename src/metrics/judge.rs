//! One list of recommendations after the other against what was relevant.

use crate::error::{Result, check_size};
use crate::kernel::{self, IDS, Real, Simd, WithSimd};
use crate::metrics::lists::are_below;
use crate::metrics::places::Places;
use crate::metrics::quality::ListQuality;
use crate::metrics::wanted::{Wanted, gain_of};

/// Lists, and what they are compared with.
pub(super) struct Judge<'a, T> {
    ids: &'a [i32],
    n: usize,
    pub(super) wanted: Wanted<'a, T>,
}

impl<'a, T: Real> Judge<'a, T> {
    pub(super) fn new(ids: &'a [i32], n: usize, wanted: Wanted<'a, T>) -> Result<Self> {
        check_size("the number of ids (n for each row of relevant)", wanted.rows() * n, ids.len())?;
        Ok(Self { ids, n, wanted })
    }

    /// Judges the lists of rows from `first` on, each at every cut-off, for as many as there is room in `found`.
    /// Returns whether there is an item of every id in them; otherwise they are not judged.
    pub(super) fn lists(&self, first: usize, found: &mut [ListQuality]) -> bool {
        kernel::dispatch(Lists { judge: self, first, found })
    }

    /// Judges the list of a row at every cut-off. `sorted` is scratch.
    #[inline(always)]
    fn list<S: Simd>(
        &self,
        simd: S,
        row: usize,
        binary: bool,
        sorted: &mut Vec<f64>,
        found: &mut [ListQuality],
    ) {
        let Self { ids, n, wanted } = self;
        let start = row * n;
        let list = &ids[start..start + n];
        let mut copy = [-1; IDS];
        let relevant = wanted.row(row);
        let count = relevant.indices.len();
        let (positive, negative) = (count as f64, wanted.items as f64 - count as f64);
        let mut quality = ListQuality { relevant: count, ..ListQuality::default() };
        let (mut hits, mut early_hits, mut misses) = (0_u32, 0_u32, 0_u32);
        // The sum over the hits of the misses before each.
        let mut before_hits = 0_u64;
        let mut at = 0;
        for (found, &length) in found.iter_mut().zip(wanted.cutoffs.lengths()) {
            let end = length.min(list.len());
            while at < end {
                let length_here = IDS.min(end - at);
                let places =
                    Places::of(simd, self.window(start + at, &mut copy), length_here, relevant.indices);
                for (place, before) in places.hits() {
                    let place = at + place;
                    if hits == 0 {
                        (quality.found, quality.reciprocal) = (1.0, 1.0 / (place + 1) as f64);
                    }
                    before_hits += u64::from(misses + before);
                    hits += 1;
                    early_hits += u32::from(place < count);
                    quality.precisions += f64::from(hits) / (place + 1) as f64;
                    quality.gain += wanted.discounts[place];
                    let gain = if binary { 1.0 } else { gain_of(relevant, list[place]).unwrap_or(0.0) };
                    quality.graded_gain += gain * wanted.discounts[place];
                }
                misses += places.misses();
                at += length_here;
            }
            (quality.hits, quality.early_hits) = (f64::from(hits), f64::from(early_hits));
            // Pairs of a hit and a later miss; and half of the relevant items that are not in the list come before
            // each of the others.
            let pairs = quality.hits * f64::from(misses) - before_hits as f64;
            let behind = f64::midpoint(quality.hits, positive) * (negative - f64::from(misses));
            let all = positive * negative;
            quality.area = if all > 0.0 { (pairs + behind) / all } else { f64::NAN };
            quality.places = length;
            *found = quality;
        }
        wanted.fill_best_gains(relevant.values, binary, sorted, found);
    }

    /// The ids from a place on: those of the next lists as well, where copying would take longer than looking.
    #[inline(always)]
    fn window<'b>(&'b self, start: usize, copy: &'b mut [i32; IDS]) -> &'b [i32; IDS] {
        let ids = &self.ids[start..];
        ids.first_chunk().unwrap_or_else(|| {
            copy[..ids.len()].copy_from_slice(ids);
            copy
        })
    }
}

/// Some rows of a [`Judge`].
struct Lists<'a, 'b, T> {
    judge: &'a Judge<'b, T>,
    first: usize,
    found: &'a mut [ListQuality],
}

impl<T: Real> WithSimd for Lists<'_, '_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        let Self { judge, first, found } = self;
        let found = found.chunks_exact_mut(judge.wanted.cutoffs.count());
        let rows = first..first + found.len();
        if !are_below(&judge.ids[rows.start * judge.n..rows.end * judge.n], judge.wanted.items) {
            return false;
        }
        let binary = judge.wanted.are_binary(rows);
        let mut sorted = Vec::new();
        for (at, found) in found.enumerate() {
            judge.list(simd, first + at, binary, &mut sorted, found);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::CsrMatrix;
    use crate::metrics::{RankedLists, list_qualities};
    use crate::sparse::Row;

    /// By the definitions, place after place.
    fn one_by_one(list: &[i32], relevant: Row<'_, f64>, items: usize, cutoff: usize) -> ListQuality {
        let list: Vec<i32> = list.iter().copied().take(cutoff).collect();
        let discount = |place: usize| (place as f64 + 2.0).log2().recip();
        let grade =
            |id: i32| relevant.indices.iter().position(|&other| other == id).map(|at| relevant.values[at]);
        let places = cutoff;
        let mut quality = ListQuality { places, relevant: relevant.indices.len(), ..ListQuality::default() };
        let (mut pairs, mut misses) = (0.0, 0.0);
        for (place, &id) in list.iter().enumerate() {
            match grade(id) {
                Some(grade) => {
                    quality.hits += 1.0;
                    quality.found = 1.0;
                    quality.reciprocal = quality.reciprocal.max(1.0 / (place as f64 + 1.0));
                    quality.early_hits += if place < quality.relevant { 1.0 } else { 0.0 };
                    quality.precisions += quality.hits / (place as f64 + 1.0);
                    quality.gain += discount(place);
                    quality.graded_gain += grade.max(0.0) * discount(place);
                }
                None if id >= 0 => {
                    pairs += quality.hits;
                    misses += 1.0;
                }
                None => {}
            }
        }
        let mut grades: Vec<f64> = relevant.values.iter().map(|grade| grade.max(0.0)).collect();
        grades.sort_by(|a, b| b.total_cmp(a));
        quality.best_gain = (0..cutoff.min(grades.len())).map(discount).sum();
        quality.best_graded_gain =
            grades.iter().take(cutoff).enumerate().map(|(place, grade)| grade * discount(place)).sum();
        let (positive, hits) = (relevant.indices.len() as f64, quality.hits);
        let negative = items as f64 - positive;
        // Of the pairs with a miss that is not listed, half of the relevant items that are not listed come first.
        let others = (hits + (positive - hits) / 2.0) * (negative - misses);
        quality.area = (pairs + others) / (positive * negative);
        quality
    }

    fn assert_like(found: ListQuality, expected: ListQuality) {
        assert_eq!((found.places, found.relevant), (expected.places, expected.relevant));
        let values = |quality: ListQuality| {
            let ListQuality { hits, early_hits, found, reciprocal, precisions, .. } = quality;
            let ListQuality { gain, best_gain, graded_gain, best_graded_gain, area, .. } = quality;
            let gains = [gain, best_gain, graded_gain, best_graded_gain, area];
            [hits, early_hits, found, reciprocal, precisions].into_iter().chain(gains)
        };
        for (found, expected) in values(found).zip(values(expected)) {
            let same = found.is_nan() && expected.is_nan()
                || (found - expected).abs() <= 1e-12 * (1.0 + expected.abs());
            assert!(same, "{found} instead of {expected}");
        }
    }

    /// A grade, of which one is no number.
    fn given(grade: i32) -> f64 {
        if grade == 3 { f64::NAN } else { f64::from(grade) }
    }

    proptest! {
        #[test]
        fn lists_are_judged_as_place_by_place(
            (n, lists) in (0..90_usize).prop_flat_map(|n| {
                (Just(n), prop::collection::vec(prop::collection::vec(-1..120_i32, n), 1..5))
            }),
            items in 120..150_usize,
            relevant in prop::collection::btree_map((0..5_i32, 0..120_i32), -1..4_i32, 0..500),
            graded in any::<bool>(),
            cutoffs in prop::collection::btree_set(1..100_usize, 1..4),
        ) {
            let rows = lists.len();
            let entries: Vec<_> = relevant
                .into_iter()
                .filter(|((row, _), _)| (*row as usize) < rows)
                .map(|((row, column), grade)| (row, column, if graded { given(grade) } else { 1.0 }))
                .collect();
            let relevant = CsrMatrix::from_triplets(rows, 120, &entries).expect("they are in range");
            let cutoffs: Vec<usize> = cutoffs.into_iter().collect();
            // Repeated ids count as often as they are listed.
            let ranked = RankedLists { ids: &lists.concat(), n, ties: None };
            let found = list_qualities(&ranked, &relevant.view(), &cutoffs, items, 2).expect("checked");
            for (row, list) in lists.iter().enumerate() {
                for (cut, &cutoff) in cutoffs.iter().enumerate() {
                    let expected = one_by_one(list, relevant.view().row(row), items, cutoff);
                    assert_like(found[row * cutoffs.len() + cut], expected);
                }
            }
        }
    }
}

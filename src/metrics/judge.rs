//! One list of recommendations after the other against what was relevant.

use crate::error::{Error, Result, check_size};
use crate::kernel::{self, IDS, Real, Simd, WithSimd};
use crate::metrics::ListQuality;
use crate::metrics::lists::{Cutoffs, check_lists};
use crate::metrics::places::Places;
use crate::sparse::{CsrView, Row};

/// Everything that lists are compared by, checked.
pub(super) struct Judge<'a, T> {
    ids: &'a [i32],
    n: usize,
    relevant: &'a CsrView<'a, T>,
    pub(super) cutoffs: Cutoffs<'a>,
    items: usize,
    /// Whether all grades are 1, as mostly.
    binary: bool,
    /// `1 / log2(p + 1)` for each place `p` from 1 on.
    discounts: Vec<f64>,
    /// The sum of the first so many of them.
    best_gains: Vec<f64>,
}

impl<'a, T: Real> Judge<'a, T> {
    pub(super) fn new(
        ids: &'a [i32],
        n: usize,
        relevant: &'a CsrView<'a, T>,
        cutoffs: &'a [usize],
        items: usize,
    ) -> Result<Self> {
        check_size("the number of ids (n for each row of relevant)", relevant.rows() * n, ids.len())?;
        if relevant.columns() > items {
            let what = "the number of columns of relevant";
            return Err(Error::TooLarge { what, value: relevant.columns(), max: items });
        }
        check_lists(ids, items)?;
        let cutoffs = Cutoffs::new(cutoffs)?;
        let binary = relevant.values().iter().all(|&grade| grade == T::ONE);
        // Whatever the cut-off, there are no more places than a list has, or relevant items.
        let places = 1..=cutoffs.longest().min(n.max(relevant.columns()));
        let discounts: Vec<f64> = places.map(|place| (place as f64 + 1.0).log2().recip()).collect();
        let mut best_gains = vec![0.0];
        for (place, discount) in discounts.iter().enumerate() {
            best_gains.push(best_gains[place] + discount);
        }
        Ok(Self { ids, n, relevant, cutoffs, items, binary, discounts, best_gains })
    }

    /// Judges the lists of rows from `first` on, each at every cut-off, for as many as there is room in `found`.
    pub(super) fn lists(&self, first: usize, found: &mut [ListQuality]) {
        kernel::dispatch(Lists { judge: self, first, found });
    }

    /// Judges the list of a row at every cut-off. `grades` is scratch.
    #[inline(always)]
    fn list<S: Simd>(&self, simd: S, row: usize, grades: &mut Vec<f64>, found: &mut [ListQuality]) {
        let start = row * self.n;
        let list = &self.ids[start..start + self.n];
        let mut copy = [-1; IDS];
        let relevant = self.relevant.row(row);
        let count = relevant.indices.len();
        let (positive, negative) = (count as f64, self.items as f64 - count as f64);
        let mut quality = ListQuality::default();
        // Misses so far, and the sum over the hits of the misses before each.
        let (mut misses, mut before_hits) = (0_u32, 0_u64);
        let mut at = 0;
        for (found, &length) in found.iter_mut().zip(self.cutoffs.lengths()) {
            let end = length.min(list.len());
            while at < end {
                let length_here = IDS.min(end - at);
                let places =
                    Places::of(simd, self.window(start + at, &mut copy), length_here, relevant.indices);
                for (place, before) in places.hits() {
                    let place = at + place;
                    before_hits += u64::from(misses + before);
                    quality.hits += 1;
                    quality.early_hits += usize::from(place < count);
                    quality.precisions += quality.hits as f64 / (place + 1) as f64;
                    quality.gain += self.discounts[place];
                    let grade = if self.binary { 1.0 } else { grade_of(relevant, list[place]) };
                    quality.graded_gain += grade * self.discounts[place];
                    if quality.first == 0 {
                        quality.first = place + 1;
                    }
                }
                misses += places.misses();
                at += length_here;
            }
            // Pairs of a hit and a later miss; and half of the relevant items that are not in the list come before
            // each of the others.
            let pairs = quality.hits as f64 * f64::from(misses) - before_hits as f64;
            let behind = f64::midpoint(quality.hits as f64, positive) * (negative - f64::from(misses));
            let all = positive * negative;
            quality.area = if all > 0.0 { (pairs + behind) / all } else { f64::NAN };
            *found = quality;
        }
        self.best_gains(relevant.values, grades, found);
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

    /// The largest gains that there could be: grades in falling order.
    #[inline(always)]
    fn best_gains(&self, relevant: &[T], grades: &mut Vec<f64>, found: &mut [ListQuality]) {
        let cutoffs = self.cutoffs.lengths();
        if self.binary {
            for (quality, &cutoff) in found.iter_mut().zip(cutoffs) {
                quality.best_graded_gain = self.best_gains[cutoff.min(relevant.len())];
            }
            return;
        }
        grades.clear();
        grades.extend(relevant.iter().map(|grade| grade.to_f64().max(0.0)));
        grades.sort_unstable_by(|a, b| b.total_cmp(a));
        let (mut best, mut counted) = (0.0, 0);
        for (quality, &cutoff) in found.iter_mut().zip(cutoffs) {
            let end = cutoff.min(grades.len());
            while counted < end {
                best += grades[counted] * self.discounts[counted];
                counted += 1;
            }
            quality.best_graded_gain = best;
        }
    }
}

/// Some rows of a [`Judge`].
struct Lists<'a, 'b, T> {
    judge: &'a Judge<'b, T>,
    first: usize,
    found: &'a mut [ListQuality],
}

impl<T: Real> WithSimd for Lists<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { judge, first, found } = self;
        let mut grades = Vec::new();
        for (at, found) in found.chunks_exact_mut(judge.cutoffs.count()).enumerate() {
            judge.list(simd, first + at, &mut grades, found);
        }
    }
}

/// The grade of a relevant item.
#[inline(always)]
fn grade_of<T: Real>(relevant: Row<'_, T>, id: i32) -> f64 {
    relevant.indices.binary_search(&id).map_or(0.0, |entry| relevant.values[entry].to_f64().max(0.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::CsrMatrix;
    use crate::metrics::list_qualities;

    /// By the definitions, place after place.
    fn one_by_one(list: &[i32], relevant: Row<'_, f64>, items: usize, cutoff: usize) -> ListQuality {
        let list: Vec<i32> = list.iter().copied().take(cutoff).collect();
        let discount = |place: usize| (place as f64 + 2.0).log2().recip();
        let grade =
            |id: i32| relevant.indices.iter().position(|&other| other == id).map(|at| relevant.values[at]);
        let mut quality = ListQuality::default();
        let (mut pairs, mut misses) = (0.0, 0.0);
        for (place, &id) in list.iter().enumerate() {
            match grade(id) {
                Some(grade) => {
                    quality.hits += 1;
                    quality.first = if quality.first == 0 { place + 1 } else { quality.first };
                    quality.early_hits += usize::from(place < relevant.indices.len());
                    quality.precisions += quality.hits as f64 / (place as f64 + 1.0);
                    quality.gain += discount(place);
                    quality.graded_gain += grade.max(0.0) * discount(place);
                }
                None if id >= 0 => {
                    pairs += quality.hits as f64;
                    misses += 1.0;
                }
                None => {}
            }
        }
        let mut grades: Vec<f64> = relevant.values.iter().map(|grade| grade.max(0.0)).collect();
        grades.sort_by(|a, b| b.total_cmp(a));
        quality.best_graded_gain =
            grades.iter().take(cutoff).enumerate().map(|(place, grade)| grade * discount(place)).sum();
        let (positive, hits) = (relevant.indices.len() as f64, quality.hits as f64);
        let negative = items as f64 - positive;
        // Of the pairs with a miss that is not listed, half of the relevant items that are not listed come first.
        let others = (hits + (positive - hits) / 2.0) * (negative - misses);
        quality.area = (pairs + others) / (positive * negative);
        quality
    }

    fn assert_like(found: ListQuality, expected: ListQuality) {
        let counts = |quality: ListQuality| (quality.hits, quality.first, quality.early_hits);
        assert_eq!(counts(found), counts(expected));
        let values = |quality: ListQuality| {
            [quality.precisions, quality.gain, quality.graded_gain, quality.best_graded_gain, quality.area]
        };
        for (found, expected) in values(found).into_iter().zip(values(expected)) {
            let same = found.is_nan() && expected.is_nan()
                || (found - expected).abs() <= 1e-12 * (1.0 + expected.abs());
            assert!(same, "{found} instead of {expected}");
        }
    }

    proptest! {
        #[test]
        fn lists_are_judged_as_place_by_place(
            lists in prop::collection::vec(prop::collection::vec(-1..120_i32, 90), 1..5),
            relevant in prop::collection::btree_map((0..5_i32, 0..120_i32), -1..4_i32, 0..200),
            graded in any::<bool>(),
            cutoffs in prop::collection::btree_set(1..100_usize, 1..4),
        ) {
            let rows = lists.len();
            let entries: Vec<_> = relevant
                .into_iter()
                .filter(|((row, _), _)| (*row as usize) < rows)
                .map(|((row, column), grade)| (row, column, if graded { f64::from(grade) } else { 1.0 }))
                .collect();
            let relevant = CsrMatrix::from_triplets(rows, 120, &entries).expect("they are in range");
            let cutoffs: Vec<usize> = cutoffs.into_iter().collect();
            // Repeated ids count as often as they are listed.
            let found = list_qualities(&lists.concat(), 90, &relevant.view(), &cutoffs, 120, 2).expect("checked");
            for (row, list) in lists.iter().enumerate() {
                for (cut, &cutoff) in cutoffs.iter().enumerate() {
                    let expected = one_by_one(list, relevant.view().row(row), 120, cutoff);
                    assert_like(found[row * cutoffs.len() + cut], expected);
                }
            }
        }
    }
}

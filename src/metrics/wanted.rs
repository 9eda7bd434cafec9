//! What would have been relevant, and the gains that there are to have.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::kernel::Real;
use crate::metrics::lists::Cutoffs;
use crate::metrics::quality::ListQuality;
use crate::sparse::{CsrView, Row};

/// Relevant items of each list, and cut-offs.
pub(super) struct Wanted<'a, T> {
    relevant: &'a CsrView<'a, T>,
    pub(super) cutoffs: Cutoffs<'a>,
    /// How many items there are to recommend.
    pub(super) items: usize,
    /// `1 / log2(p + 1)` for each place `p` from 1 on.
    pub(super) discounts: Vec<f64>,
    /// The sum of the first so many of them.
    discount_sums: Vec<f64>,
}

impl<'a, T: Real> Wanted<'a, T> {
    /// `longest` is the length of the longest list.
    pub(super) fn new(
        relevant: &'a CsrView<'a, T>,
        cutoffs: &'a [usize],
        items: usize,
        longest: usize,
    ) -> Result<Self> {
        if relevant.columns() > items {
            let what = "the number of columns of relevant";
            return Err(Error::TooLarge { what, value: relevant.columns(), max: items });
        }
        let cutoffs = Cutoffs::new(cutoffs)?;
        // Whatever the cut-off, there are no more places than a list has, or relevant items.
        let places = 1..=cutoffs.longest().min(longest.max(relevant.columns()));
        let discounts: Vec<f64> = places.map(|place| (place as f64 + 1.0).log2().recip()).collect();
        let mut discount_sums = vec![0.0];
        for (place, discount) in discounts.iter().enumerate() {
            discount_sums.push(discount_sums[place] + discount);
        }
        Ok(Self { relevant, cutoffs, items, discounts, discount_sums })
    }

    pub(super) fn rows(&self) -> usize {
        self.relevant.rows()
    }

    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> Row<'a, T> {
        self.relevant.row(row)
    }

    /// Whether all grades of some rows are 1, as mostly.
    #[inline(always)]
    pub(super) fn are_binary(&self, rows: Range<usize>) -> bool {
        let indptr = self.relevant.pattern().indptr();
        let grades = &self.relevant.values()[indptr[rows.start] as usize..indptr[rows.end] as usize];
        // Counted without leaving early, so that it is done in wide registers.
        grades.iter().filter(|&&grade| grade != T::ONE).count() == 0
    }

    /// The largest gains that there could be, at each cut-off. `sorted` is scratch.
    #[inline(always)]
    pub(super) fn fill_best_gains(
        &self,
        grades: &[T],
        binary: bool,
        sorted: &mut Vec<f64>,
        found: &mut [ListQuality],
    ) {
        for (quality, &cutoff) in found.iter_mut().zip(self.cutoffs.lengths()) {
            quality.best_gain = self.discount_sums[cutoff.min(grades.len())];
            quality.best_graded_gain = quality.best_gain;
        }
        if binary {
            return;
        }
        sorted.clear();
        sorted.extend(grades.iter().map(|&grade| worth(grade)));
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        let (mut best, mut counted) = (0.0, 0);
        for (quality, &cutoff) in found.iter_mut().zip(self.cutoffs.lengths()) {
            let end = cutoff.min(sorted.len());
            while counted < end {
                best += sorted[counted] * self.discounts[counted];
                counted += 1;
            }
            quality.best_graded_gain = best;
        }
    }
}

/// The gain of a grade: those below 0 count as 0.
#[inline(always)]
fn worth<T: Real>(grade: T) -> f64 {
    grade.to_f64().max(0.0)
}

/// The gain of an item, if it is relevant.
#[inline(always)]
pub(super) fn gain_of<T: Real>(relevant: Row<'_, T>, id: i32) -> Option<f64> {
    relevant.indices.binary_search(&id).ok().map(|entry| worth(relevant.values[entry]))
}

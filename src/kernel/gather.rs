//! Rows that are gathered through indices, from wherever they lie and however they are stored.

use pulp::Simd;

use super::lanes::store;
use super::prefetch::Ahead;
use super::rows::{GROUP, Source, score_with};
use super::stored::read;
use super::{Real, Stored, padded};

/// The gathered rows of one system and their coefficients.
#[derive(Clone, Copy)]
pub(crate) struct Gathered<'a, T, G> {
    /// All rows of the fixed side.
    fixed: &'a [G],
    width: usize,
    /// Which of them take part: each below `fixed.len() / width`.
    indices: &'a [i32],
    /// `d`, one for each index, padded with zeros.
    pub(crate) weights: &'a [T],
    /// `t`, likewise.
    pub(crate) targets: &'a [T],
}

impl<'a, T: Real, G: Stored<T>> Gathered<'a, T, G> {
    /// The rows `indices` of `fixed`, whose rows are `width` long, with their padded coefficients `d` and `t`.
    #[inline(always)]
    pub(crate) fn new(
        fixed: &'a [G],
        width: usize,
        indices: &'a [i32],
        weights: &'a [T],
        targets: &'a [T],
    ) -> Self {
        let n = padded(indices.len());
        assert!(weights.len() == n && targets.len() == n, "the lengths of the coefficients");
        assert!(width > 0 && width.is_multiple_of(super::WIDTH), "the width of the rows");
        // The kernels read without further checks. As unsigned numbers, negative indices are too large as well.
        let largest = indices.iter().fold(0, |largest, &index| largest.max(index as u32));
        assert!((largest as usize) < fixed.len() / width, "an index of a gathered row");
        Self { fixed, width, indices, weights, targets }
    }

    /// The number of entries.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.indices.len()
    }

    /// The length of a row.
    #[inline(always)]
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    #[inline(always)]
    fn row(&self, j: usize) -> &'a [G] {
        let start = self.indices[j] as usize * self.width;
        // SAFETY: `new` has checked that every index is below the number of rows of this width.
        unsafe { self.fixed.get_unchecked(start..start + self.width) }
    }

    /// Rows that will be gathered later, from the same side.
    #[inline(always)]
    pub(crate) fn ahead(&self, indices: &'a [i32], at_a_time: usize) -> Ahead<'a, G> {
        Ahead { fixed: self.fixed, width: self.width, indices, at_a_time }
    }

    /// Copies the rows `range` in full precision to `out`, one after the other.
    #[inline(always)]
    pub(crate) fn copy_rows<S: Simd>(&self, simd: S, range: std::ops::Range<usize>, out: &mut [T]) {
        for (j, out) in range.zip(out.chunks_exact_mut(self.width)) {
            let row = self.row(j);
            for at in (0..self.width).step_by(T::lanes::<S>()) {
                store::<S, T>(out, at, read::<S, T, G>(simd, row, at));
            }
        }
    }

    /// `out = Σ_j t_j z_j`, the sum staying in registers, eight of them at a time.
    #[inline(always)]
    pub(crate) fn sum_targets<S: Simd>(&self, simd: S, ahead: &mut Ahead<'_, G>, out: &mut [T]) {
        assert_eq!(out.len(), self.width, "the width of the result");
        let count = self.width / T::lanes::<S>();
        for first in (0..count).step_by(8) {
            match count - first {
                1 => self.sum_columns::<S, 1, 4>(simd, ahead, out, first),
                2 => self.sum_columns::<S, 2, 4>(simd, ahead, out, first),
                3 => self.sum_columns::<S, 3, 2>(simd, ahead, out, first),
                4 => self.sum_columns::<S, 4, 2>(simd, ahead, out, first),
                5 => self.sum_columns::<S, 5, 1>(simd, ahead, out, first),
                6 => self.sum_columns::<S, 6, 1>(simd, ahead, out, first),
                7 => self.sum_columns::<S, 7, 1>(simd, ahead, out, first),
                _ => self.sum_columns::<S, 8, 1>(simd, ahead, out, first),
            }
        }
    }

    /// `C` registers of the sum from number `first` on, from `M` sums side by side.
    #[inline(always)]
    fn sum_columns<S: Simd, const C: usize, const M: usize>(
        &self,
        simd: S,
        ahead: &mut Ahead<'_, G>,
        out: &mut [T],
        first: usize,
    ) {
        let lanes = T::lanes::<S>();
        let mut sums = [[T::splat(simd, T::ZERO); C]; M];
        let last = self.len() - 1;
        // Padding repeats the last row, times 0.
        for j in (0..self.len()).step_by(M) {
            for m in 0..M {
                ahead.ask();
                let (row, by) = (self.row(last.min(j + m)), T::splat(simd, self.targets[j + m]));
                for c in 0..C {
                    let row = read::<S, T, G>(simd, row, (first + c) * lanes);
                    sums[m][c] = T::mul_add(simd, row, by, sums[m][c]);
                }
            }
        }
        for c in 0..C {
            let mut sum = sums[0][c];
            for other in &sums[1..] {
                sum = T::plus(simd, sum, other[c]);
            }
            store::<S, T>(out, (first + c) * lanes, sum);
        }
    }

    /// Copies as many rows as there are `scores`, from number `first` on, in full precision to `rows`, and
    /// writes their dot products with `v`. Rows past the last one repeat it.
    #[inline(always)]
    pub(crate) fn copy_and_score<S: Simd>(
        &self,
        simd: S,
        first: usize,
        v: &[T],
        ahead: &mut Ahead<'_, G>,
        rows: &mut [T],
        scores: &mut [T],
    ) {
        assert!(v.len() == self.width && rows.len() == scores.len() * self.width, "the lengths of a copy");
        let group = [self.row(first); GROUP];
        score_with(simd, v, scores, Copied { entries: *self, first, group, ahead, rows });
    }
}

/// Rows that are written down when they are read.
struct Copied<'a, 'b, 'c, T, G> {
    entries: Gathered<'a, T, G>,
    first: usize,
    group: [&'a [G]; GROUP],
    ahead: &'b mut Ahead<'c, G>,
    /// Where the group and those after it go.
    rows: &'b mut [T],
}

impl<T: Real, G: Stored<T>> Source<T> for Copied<'_, '_, '_, T, G> {
    #[inline(always)]
    fn begin(&mut self, j: usize) {
        if j > 0 {
            let (_, rest) = std::mem::take(&mut self.rows).split_at_mut(GROUP * self.entries.width);
            self.rows = rest;
        }
        self.ahead.ask();
        let last = self.entries.len() - 1;
        for (k, row) in self.group.iter_mut().enumerate() {
            *row = self.entries.row(last.min(self.first + j + k));
        }
    }

    #[inline(always)]
    fn read<S: Simd>(&mut self, simd: S, k: usize, c: usize) -> T::Vector<S> {
        let at = c * T::lanes::<S>();
        let value = read::<S, T, G>(simd, self.group[k], at);
        store::<S, T>(self.rows, k * self.entries.width + at, value);
        value
    }
}

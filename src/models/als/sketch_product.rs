//! The products of a sketch: rows of square roots of confidences, times what lies beside them.

use crate::kernel::{Gathered, Real, Simd, Stored, WithSimd, padded};
use crate::models::als::objective::{Confidence, Objective};
use crate::models::als::side::{ROWS_PER_BLOCK, prefetch_distance};
use crate::sparse::CsrView;

/// Every so manieth block of rows; 1 for all.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) every: usize,
}

impl Sample {
    /// How many of `count` rows are in it.
    pub(super) fn count(self, count: usize) -> usize {
        let stride = self.every * ROWS_PER_BLOCK;
        count / stride * ROWS_PER_BLOCK + (count % stride).min(ROWS_PER_BLOCK)
    }

    /// The number of a row among those that are in it.
    #[inline(always)]
    pub(super) fn place(self, id: i32) -> Option<i32> {
        let (block, at) = (id as usize / ROWS_PER_BLOCK, id as usize % ROWS_PER_BLOCK);
        block.is_multiple_of(self.every).then_some((block / self.every * ROWS_PER_BLOCK + at) as i32)
    }
}

/// What entries are worth: the square root of the confidence of what is liked, in parts of the largest that counts.
#[derive(Clone, Copy)]
pub(super) struct Worth {
    pub(super) objective: Objective,
    pub(super) largest: f64,
}

impl Worth {
    /// Adds those of some entries.
    #[inline(always)]
    pub(super) fn extend<T: Real>(self, values: &[T], worths: &mut Vec<T>) {
        let Objective { alpha, confidence, .. } = self.objective;
        let by = self.largest.recip();
        let cut = |c: f64| T::from_f64((c * by).clamp(0.0, 1.0).sqrt());
        if confidence == Confidence::Alpha {
            worths.extend(values.iter().map(|r| cut(alpha * r.to_f64())));
        } else {
            worths.extend(values.iter().map(|r| cut(self.objective.entry(r.to_f64()).target)));
        }
    }
}

/// What a thread needs to multiply: allocated once, used for many blocks.
pub(super) struct Memory<T> {
    /// The columns of the entries of a block, and what those are worth.
    indices: Vec<i32>,
    worths: Vec<T>,
    /// Where the entries of each row end.
    ends: Vec<usize>,
    /// The worths of a row, padded, and its product.
    own: Vec<T>,
    sum: Vec<T>,
}

impl<T> Memory<T> {
    pub(super) fn new() -> Self {
        Self { indices: vec![], worths: vec![], ends: vec![], own: vec![], sum: vec![] }
    }
}

/// Some rows of a product.
pub(super) struct Multiply<'a, T, G> {
    pub(super) rows: &'a CsrView<'a, T>,
    /// The rows of the other side that are in the sample of columns, padded.
    pub(super) fixed: &'a [G],
    pub(super) f: usize,
    pub(super) columns: Sample,
    pub(super) worth: Worth,
    pub(super) first: usize,
    pub(super) out: &'a mut [T],
    pub(super) memory: &'a mut Memory<T>,
}

impl<T: Real, G: Stored<T>> WithSimd for Multiply<'_, T, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rows, fixed, f, columns, worth, first, out, memory } = self;
        let Memory { indices, worths, ends, own, sum } = memory;
        let width = padded(f);
        indices.clear();
        worths.clear();
        ends.clear();
        sum.resize(width, T::ZERO);
        // All entries of these rows first, so that those of later ones can be asked for ahead.
        for u in first..first + out.len() / f {
            let row = rows.row(u);
            if columns.every == 1 {
                indices.extend_from_slice(row.indices);
                worth.extend(row.values, worths);
            } else {
                for (&id, value) in row.indices.iter().zip(row.values) {
                    if let Some(place) = columns.place(id) {
                        indices.push(place);
                        worth.extend(std::slice::from_ref(value), worths);
                    }
                }
            }
            ends.push(indices.len());
        }
        let distance = prefetch_distance::<G>(width);
        let mut start = 0;
        for (out, &end) in out.chunks_exact_mut(f).zip(&*ends) {
            sum.fill(T::ZERO);
            if start < end {
                own.clear();
                own.extend_from_slice(&worths[start..end]);
                own.resize(padded(end - start), T::ZERO);
                let entries = Gathered::new(fixed, width, &indices[start..end], own, own);
                let ahead = indices.len().min(start + distance)..indices.len().min(end + distance);
                entries.sum_targets(simd, &mut entries.ahead(&indices[ahead], 1), sum);
            }
            out.copy_from_slice(&sum[..f]);
            start = end;
        }
    }
}

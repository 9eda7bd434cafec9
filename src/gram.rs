//! The Gram matrix of the rows of factors, summed by all threads.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::error::{Result, check_factors};
use crate::kernel::{self, Real, Simd, WithSimd, pack, padded};
use crate::pool;

/// Rows whose products are summed in `T` before they are added up in f64: few enough for the precision, and
/// for two panels of them to stay in the first-level cache.
pub(crate) const ROWS_PER_PACK: usize = 128;

/// Rows summed into one partial Gram matrix. Fixed, so that the sum does not depend on the threads.
const ROWS_PER_PART: usize = 32 * ROWS_PER_PACK;

/// Partial Gram matrices held at a time; bounds the memory, and keeps enough of them for many threads.
const PARTS_AT_A_TIME: usize = 64;

/// The Gram matrix `YᵀY` of one side of a model, for folding in many times.
///
/// ```
/// use penchant::{DenseView, Gram};
/// let gram = Gram::of(DenseView::new(&[1.0_f32, 2.0, 3.0, 4.0], 2, 2)?, 1)?;
/// assert_eq!(gram.values(), [10.0, 14.0, 14.0, 20.0]);
/// # Ok::<(), penchant::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Gram {
    pub(crate) rows: usize,
    /// How many of them count where regularization is scaled by how many there are.
    pub(crate) counted: usize,
    pub(crate) f: usize,
    pub(crate) values: Vec<f64>,
}

impl Gram {
    /// The Gram matrix of `factors`, on `threads` threads, 0 for all.
    pub fn of<T: Real>(factors: DenseView<'_, T>, threads: usize) -> Result<Self> {
        let f = factors.columns();
        check_factors(f)?;
        let values = pool::run(threads, || gram(factors.data(), f))?;
        Ok(Self { rows: factors.rows(), counted: factors.rows(), f, values })
    }

    /// Says how many of the rows took part in the fit, where others are zeros: the number that regularization is scaled by.
    #[must_use]
    pub fn counting(self, rows: usize) -> Self {
        Self { counted: rows, ..self }
    }

    /// Row-major `f × f`.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

/// `YᵀY` in f64, both triangles, row-major `f × f`.
pub(crate) fn gram<T: Real>(y: &[T], f: usize) -> Vec<f64> {
    let mut sum = vec![0.0; padded(f) * padded(f)];
    for group in y.chunks(ROWS_PER_PART * PARTS_AT_A_TIME * f) {
        let parts: Vec<Vec<f64>> =
            group.par_chunks(ROWS_PER_PART * f).map(|rows| kernel::dispatch(Part { rows, f })).collect();
        for part in &parts {
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
    }
    let width = padded(f);
    let lower = |i: usize, j: usize| sum[i.max(j) * width + i.min(j)];
    (0..f * f).map(|at| lower(at / f, at % f)).collect()
}

/// The Gram matrix of some rows, padded.
struct Part<'a, T> {
    rows: &'a [T],
    f: usize,
}

impl<T: Real> WithSimd for Part<'_, T> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f64> {
        let width = padded(self.f);
        let mut gram = vec![0.0; width * width];
        let mut panels = vec![T::ZERO; ROWS_PER_PACK * width];
        for rows in self.rows.chunks(ROWS_PER_PACK * self.f) {
            let count = rows.len() / self.f;
            let panels = &mut panels[..count * width];
            pack(rows, self.f, panels);
            kernel::gram(simd, panels, panels, count, &mut gram);
        }
        gram
    }
}

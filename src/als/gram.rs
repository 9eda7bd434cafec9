//! The Gram matrix of a side, and the basis in which it is the identity.
//!
//! Every row's system has the same dense part `M = w0 YᵀY + λI`. With the eigendecomposition
//! `YᵀY = Q diag(l) Qᵀ`, the change of variables `z = y Q W`, `x̃ = x Q W⁻¹`, where
//! `W = diag(w0 l + λ)^(−1/2)`, makes it the identity and leaves every score `x·y` as it is. A product with
//! the dense part then costs `f` operations instead of `f²`, and conjugate gradients start preconditioned.
//!
//! A direction in which all of `Y` vanishes (hardly any regularization, more factors than rank) has nothing to
//! say about any score: its `W` is set to 0, so the solution is 0 there.

use faer::{Mat, Side};
use rayon::prelude::*;

use crate::dense::DenseView;
use crate::error::{Error, Result};
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
    pub(crate) f: usize,
    pub(crate) values: Vec<f64>,
}

impl Gram {
    /// The Gram matrix of `factors`, on `threads` threads, 0 for all.
    pub fn of<T: Real>(factors: DenseView<'_, T>, threads: usize) -> Result<Self> {
        let f = factors.columns();
        if f == 0 {
            return Err(Error::InvalidParameter { name: "factors", expected: "at least 1", value: 0.0 });
        }
        let values = pool::run(threads, || gram(factors.data(), f))?;
        Ok(Self { rows: factors.rows(), f, values })
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

/// An `f × f` matrix in f64, row-major.
#[derive(Clone)]
pub(crate) struct Square {
    pub(crate) f: usize,
    pub(crate) values: Vec<f64>,
}

impl Square {
    pub(crate) fn identity(f: usize) -> Self {
        Self { f, values: (0..f * f).map(|at| if at / f == at % f { 1.0 } else { 0.0 }).collect() }
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.f + j]
    }

    pub(crate) fn transposed(&self) -> Self {
        let f = self.f;
        Self { f, values: (0..f * f).map(|at| self.at(at % f, at / f)).collect() }
    }

    /// `self · other · diag(scale)`, packed for [`kernel::rotate`].
    pub(crate) fn times<T: Real>(&self, other: &Self, scale: &[f64]) -> Vec<T> {
        let f = self.f;
        let (left, right) =
            (Mat::from_fn(f, f, |i, j| self.at(i, j)), Mat::from_fn(f, f, |i, j| other.at(i, j) * scale[j]));
        let product = left * right;
        let rows: Vec<T> = (0..f * f).map(|at| T::from_f64(product[(at / f, at % f)])).collect();
        let mut panels = vec![T::ZERO; f * padded(f)];
        pack(&rows, f, &mut panels);
        panels
    }
}

/// The change of variables that whitens the dense part for one regularization.
pub(crate) struct Basis {
    /// `Q`: the eigenvectors are its columns, that of the largest eigenvalue first.
    pub(crate) q: Square,
    /// `w0 l`, the dense part without regularization; 0 where the direction is left alone.
    dense: Vec<f64>,
    /// `diag(W)`, 0 where the direction is left alone.
    pub(crate) w: Vec<f64>,
}

impl Basis {
    /// The basis for the symmetric `gram` of factors in `T`, weight `w0` and regularization `λ`.
    /// `None` if `gram` holds a NaN or an infinity.
    pub(crate) fn new<T: Real>(gram: &[f64], f: usize, w0: f64, regularization: f64) -> Option<Self> {
        if gram.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let eigen = Mat::from_fn(f, f, |i, j| gram[i * f + j]).self_adjoint_eigen(Side::Lower).ok()?;
        let (vectors, l) = (eigen.U(), eigen.S().column_vector());
        let largest = l.iter().fold(0.0_f64, |largest, &l| largest.max(l));
        // What rounding leaves of an exact zero, in parts of the largest: packs of rows are summed in T.
        let rounding = T::EPSILON.to_f64().max(16.0 * f as f64 * f64::EPSILON);
        let values = (0..f * f).map(|at| vectors[(at / f, f - 1 - at % f)]).collect();
        let mut basis = Self { q: Square { f, values }, dense: vec![0.0; f], w: vec![0.0; f] };
        for k in 0..f {
            let eigenvalue = l[f - 1 - k].max(0.0);
            let diagonal = w0 * eigenvalue + regularization;
            if diagonal > rounding * w0 * largest && diagonal > 0.0 {
                basis.dense[k] = w0 * eigenvalue;
                basis.w[k] = diagonal.sqrt().recip();
            }
        }
        Some(basis)
    }

    /// `W⁻¹`, 0 where the direction is left alone.
    pub(crate) fn inverse_w(&self) -> Vec<f64> {
        self.w.iter().map(|&w| if w > 0.0 { w.recip() } else { 0.0 }).collect()
    }

    /// `E = (w0 l + λ_u) W²`, the diagonal that a row with its own regularization has in this basis, and `E⁻¹`.
    /// Padding and directions left alone get 1.
    pub(crate) fn diagonal<T: Real>(&self, regularization: f64, e: &mut [T], inverse: &mut [T]) {
        e.fill(T::ONE);
        inverse.fill(T::ONE);
        for (k, (&dense, &w)) in self.dense.iter().zip(&self.w).enumerate() {
            if w > 0.0 {
                let diagonal = (dense + regularization) * w * w;
                e[k] = T::from_f64(diagonal);
                inverse[k] = T::from_f64(diagonal.recip());
            }
        }
    }
}

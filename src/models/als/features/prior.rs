//! What draws the rows of a half-step to their features.
//!
//! In the whitened basis, where a row is `x̃ = W⁻¹ Qᵀ x` and so are the coefficients `Ã = A Q W⁻¹`, the term
//! `λ |x|² − 2 p λ x·A f + p λ |A f|²`, with `p = min(s, 1)` and `λ` multiplied by `max(s, 1)`, adds to the right side of a row's
//! system `q = p λ W² Ã f` and to its constant `p λ |W Ã f|²`.

use crate::kernel::vector::{axpy, multiply, weighted_square};
use crate::kernel::{Buffer, Real, Simd, padded};
use crate::models::als::basis::Basis;
use crate::models::als::half_step::rotate_into;
use crate::sparse::CsrView;

/// The features of the rows of a half-step, and what is known of their effects.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a, T> {
    pub(crate) features: CsrView<'a, T>,
    /// `A`, features x f, in the basis of the old solutions.
    pub(crate) coefficients: &'a [T],
    /// `p`, the part of the regularization that draws to the features.
    pub(crate) part: f64,
}

/// The same, turned to the basis of a half-step.
pub(crate) struct Prior<'a, T: Real> {
    features: CsrView<'a, T>,
    /// `Ã`, features x width.
    coefficients: Buffer<T>,
    width: usize,
    /// `W²`, padded with zeros.
    w_squared: Vec<T>,
    part: f64,
}

/// What draws one row; reused from row to row.
pub(crate) struct Pull<T> {
    /// `Ã f`
    mean: Vec<T>,
    /// `q`
    pub(crate) vector: Vec<T>,
}

impl<T> Pull<T> {
    pub(crate) fn new() -> Self {
        Self { mean: Vec::new(), vector: Vec::new() }
    }
}

impl<'a, T: Real> Prior<'a, T> {
    /// `warm` takes old solutions to the whitened basis.
    pub(crate) fn new(known: Known<'a, T>, warm: &[T], basis: &Basis) -> Self {
        let (f, width) = (basis.w.len(), padded(basis.w.len()));
        let mut coefficients = Buffer::new::<T>(known.coefficients.len() / f * width);
        rotate_into(known.coefficients, warm, f, coefficients.as_mut_slice());
        let mut w_squared = vec![T::ZERO; width];
        for (square, &w) in w_squared.iter_mut().zip(&basis.w) {
            *square = T::from_f64(w * w);
        }
        Self { features: known.features, coefficients, width, w_squared, part: known.part }
    }

    /// Sets `pull` to `q` of row `u`, whose regularization is `λ`, and returns what is added to its constant.
    #[inline(always)]
    pub(crate) fn pull<S: Simd>(&self, simd: S, u: usize, regularization: f64, pull: &mut Pull<T>) -> f64 {
        let Self { features, coefficients, width, w_squared, part } = self;
        let Pull { mean, vector } = pull;
        for memory in [&mut *mean, &mut *vector] {
            memory.resize(*width, T::ZERO);
        }
        mean.fill(T::ZERO);
        let (row, coefficients) = (features.row(u), coefficients.as_slice());
        for (&k, &value) in row.indices.iter().zip(row.values) {
            axpy(simd, value, &coefficients[k as usize * width..(k as usize + 1) * width], mean);
        }
        let square = weighted_square(simd, w_squared, mean).to_f64();
        let strength = part * regularization;
        let by = T::from_f64(strength);
        for value in &mut *mean {
            *value *= by;
        }
        multiply(simd, w_squared, mean, vector);
        strength * square
    }

    /// `A` in the basis of the new solutions, features x f.
    pub(crate) fn turned(&self, scale: &[T], f: usize) -> Vec<T> {
        let rows = self.coefficients.as_slice().chunks_exact(self.width);
        rows.flat_map(|row| row.iter().zip(scale).take(f).map(|(&a, &w)| a * w)).collect()
    }
}

//! The Gram matrix of a side, and the basis in which it is the identity.
//!
//! Every row's system has the same dense part `M = w0 YᵀY + λI`. With the eigendecomposition
//! `YᵀY = Q diag(l) Qᵀ`, the change of variables `z = y Q W`, `x̃ = x Q W⁻¹`, where
//! `W = diag(w0 l + λ)^(−1/2)`, makes it the identity and leaves every score `x·y` as it is. A product with
//! the dense part then costs `f` operations instead of `f²`, and conjugate gradients start preconditioned.
//!
//! A direction in which all of `Y` vanishes (no regularization, more factors than rank) has nothing to say
//! about any score: its `W` is set to 0, so the solution is 0 there.

use faer::{Mat, Side};
use rayon::prelude::*;

use crate::kernel::{self, Real};

/// Rows summed into one partial Gram matrix. Fixed, so that the sum does not depend on the threads.
const ROWS_PER_PART: usize = 4096;

/// Partial Gram matrices held at a time; bounds the memory, and keeps enough of them for many threads.
const PARTS_AT_A_TIME: usize = 64;

/// `YᵀY` in f64, both triangles, row-major.
pub(crate) fn gram<T: Real>(y: &[T], f: usize) -> Vec<f64> {
    let mut sum = vec![0.0; f * f];
    for group in y.chunks(ROWS_PER_PART * PARTS_AT_A_TIME * f) {
        let parts: Vec<Vec<f64>> = group
            .par_chunks(ROWS_PER_PART * f)
            .map(|rows| {
                let mut part = vec![0.0; f * f];
                kernel::gram(rows, f, &mut part);
                part
            })
            .collect();
        for part in &parts {
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
    }
    for i in 0..f {
        for j in 0..i {
            sum[j * f + i] = sum[i * f + j];
        }
    }
    sum
}

/// The change of variables that whitens the dense part for one regularization.
pub(crate) struct Basis<T> {
    /// `w0 l`, the dense part without regularization; 0 where the direction is left alone.
    pub(crate) dense: Vec<f64>,
    /// `diag(W)²`, 0 where the direction is left alone.
    pub(crate) scale: Vec<f64>,
    /// `Q W`, row-major: a fixed row becomes `z = y · into`.
    pub(crate) into: Vec<T>,
    /// `Q W⁻¹`, row-major: a solution becomes `x̃ = x · warm`.
    pub(crate) warm: Vec<T>,
    /// `W Qᵀ`, row-major: a solution comes back as `x = x̃ · back`.
    pub(crate) back: Vec<T>,
}

impl<T: Real> Basis<T> {
    /// The basis for the symmetric `gram`, weight `w0` and regularization `λ`.
    /// `None` if `gram` holds a NaN or an infinity.
    pub(crate) fn new(gram: &[f64], f: usize, w0: f64, regularization: f64) -> Option<Self> {
        if gram.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let eigen = Mat::from_fn(f, f, |i, j| gram[i * f + j]).self_adjoint_eigen(Side::Lower).ok()?;
        let (q, l) = (eigen.U(), eigen.S().column_vector());
        let largest = l.iter().fold(0.0_f64, |largest, &l| largest.max(l));
        // What rounding leaves of an exact zero: the Gram sum in f64, the factors themselves in T.
        let rounding = (8.0 * T::EPSILON.to_f64()).powi(2).max(16.0 * f as f64 * f64::EPSILON);
        let mut basis = Self {
            dense: vec![0.0; f],
            scale: vec![0.0; f],
            into: vec![T::ZERO; f * f],
            warm: vec![T::ZERO; f * f],
            back: vec![T::ZERO; f * f],
        };
        for k in 0..f {
            // Largest eigenvalue first.
            let column = f - 1 - k;
            let eigenvalue = l[column].max(0.0);
            let diagonal = w0 * eigenvalue + regularization;
            if diagonal <= 0.0 || (regularization == 0.0 && eigenvalue <= rounding * largest) {
                continue;
            }
            let w = diagonal.sqrt().recip();
            basis.dense[k] = w0 * eigenvalue;
            basis.scale[k] = w * w;
            for i in 0..f {
                basis.into[i * f + k] = T::from_f64(q[(i, column)] * w);
                basis.warm[i * f + k] = T::from_f64(q[(i, column)] / w);
                basis.back[k * f + i] = T::from_f64(q[(i, column)] * w);
            }
        }
        Some(basis)
    }

    /// `(w0 l + λ_u) W²`: the diagonal that a row with its own regularization has in this basis.
    pub(crate) fn diagonal(&self, regularization: f64, out: &mut [T]) {
        for ((out, &dense), &scale) in out.iter_mut().zip(&self.dense).zip(&self.scale) {
            *out = if scale > 0.0 { T::from_f64((dense + regularization) * scale) } else { T::ONE };
        }
    }
}

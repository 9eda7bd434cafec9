//! One row's linear system, in the basis where its dense part is diagonal.
//!
//! ```text
//! (E + Zᵀ D Z) x = Zᵀ t      E = diag(e),  D = diag(c − w0),  t = c p
//! ```
//!
//! A row with features is drawn to what they say: its right side is `Zᵀ t + q`.
//!
//! `Z` are the rows of the fixed side that the row has entries for, read through their indices. They may be
//! stored multiplied by a power of two `σ`, which keeps halves in the middle of their range: the coefficients
//! are divided by it, so nothing else needs to know.

use crate::kernel::{Gathered, Real, Simd, Stored, padded};
use crate::models::als::basis::Basis;
use crate::models::als::conjugate_gradient::Coefficients;
use crate::models::als::features::{Prior, Pull};
use crate::models::als::objective::Objective;
use crate::sparse::Row;

/// The turned rows of the fixed side, and the factor that they are stored with.
#[derive(Clone, Copy)]
pub(crate) struct Fixed<'a, G> {
    pub(crate) rows: &'a [G],
    /// The length of a row, padded.
    pub(crate) width: usize,
    /// `σ`
    pub(crate) sigma: f64,
}

/// The coefficients of a row's system. Reused from row to row.
pub(crate) struct System<'a, T, G> {
    pub(crate) fixed: Fixed<'a, G>,
    indices: &'a [i32],
    /// `D / σ²`, padded.
    weights: Vec<T>,
    /// `t / σ`, padded.
    targets: Vec<T>,
    /// `E`
    pub(crate) diagonal: Vec<T>,
    /// `E⁻¹`
    pub(crate) inverse_diagonal: Vec<T>,
    /// The regularization that `E` was made for, and by which part of the fixed side the row was seen.
    regularization: f64,
    seen: f64,
    /// `Σ c p²`, the loss of this row at `x = 0`.
    pub(crate) constant: f64,
    /// What draws the row to its features, if they are known.
    pull: Option<Pull<T>>,
}

impl<'a, T: Real, G: Stored<T>> System<'a, T, G> {
    pub(crate) fn new(fixed: Fixed<'a, G>) -> Self {
        Self {
            fixed,
            indices: &[],
            weights: Vec::new(),
            targets: Vec::new(),
            diagonal: vec![T::ONE; fixed.width],
            inverse_diagonal: vec![T::ONE; fixed.width],
            regularization: f64::NAN,
            seen: f64::NAN,
            constant: 0.0,
            pull: None,
        }
    }

    /// Takes the entries of another row.
    pub(crate) fn set(&mut self, row: Row<'a, T>, columns: usize, objective: &Objective, basis: &Basis) {
        self.indices = row.indices;
        for coefficients in [&mut self.weights, &mut self.targets] {
            coefficients.clear();
            coefficients.resize(padded(row.values.len()), T::ZERO);
        }
        self.constant = 0.0;
        let by_sigma = self.fixed.sigma.recip();
        let seen = objective.seen(row.values.iter().filter(|&&r| r != T::ZERO).count());
        for ((r, d), t) in row.values.iter().zip(&mut self.weights).zip(&mut self.targets) {
            let entry = objective.entry_seen(r.to_f64(), seen);
            *d = T::from_f64(entry.weight * by_sigma * by_sigma);
            *t = T::from_f64(entry.target * by_sigma);
            self.constant += entry.target;
        }
        let regularization = objective.row_regularization(row, columns);
        if (regularization.to_bits(), seen.to_bits()) != (self.regularization.to_bits(), self.seen.to_bits())
        {
            basis.diagonal(regularization, seen, &mut self.diagonal, &mut self.inverse_diagonal);
            (self.regularization, self.seen) = (regularization, seen);
        }
    }

    /// Draws the row, which is number `u`, to what its features say.
    #[inline(always)]
    pub(crate) fn draw<S: Simd>(&mut self, simd: S, u: usize, prior: &Prior<'_, T>) {
        let pull = self.pull.get_or_insert_with(Pull::new);
        self.constant += prior.pull(simd, u, self.regularization, pull);
    }

    /// `q`, what drawing the row to its features adds to the right side.
    pub(crate) fn pull(&self) -> Option<&[T]> {
        self.pull.as_ref().map(|pull| &pull.vector[..])
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        self.indices.len()
    }

    /// The coefficients, for conjugate gradients.
    pub(crate) fn coefficients(&self) -> Coefficients<'_, T> {
        Coefficients {
            e: &self.diagonal,
            inverse_e: &self.inverse_diagonal,
            weights: &self.weights,
            targets: &self.targets,
            pull: self.pull(),
        }
    }

    /// The entries `range`, for the kernels: all from a multiple of [`WIDTH`](kernel::WIDTH) on, or as many.
    #[inline(always)]
    pub(crate) fn entries(&self, range: std::ops::Range<usize>) -> Gathered<'_, T, G> {
        let indices = &self.indices[range.clone()];
        let padded = range.start..range.start + padded(range.len());
        let (weights, targets) = (&self.weights[padded.clone()], &self.targets[padded]);
        Gathered::new(self.fixed.rows, self.fixed.width, indices, weights, targets)
    }
}

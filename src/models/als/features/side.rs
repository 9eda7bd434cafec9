//! The features of one side during a fit.

use crate::error::{Error, Result, check_size};
use crate::kernel::Real;
use crate::models::als::features::prior::Known;
use crate::models::als::features::ridge::Ridge;
use crate::models::als::features::{FeaturesOf, factors_of_row};
use crate::models::als::objective::{Objective, is_empty};
use crate::models::als::relaxation::relax;
use crate::observer::Observer;
use crate::sparse::CsrView;

/// What the fit knows of the features of its users or of its items.
pub(crate) struct FeatureSide<'a, T> {
    features: CsrView<'a, T>,
    coefficients: &'a mut [T],
    /// What they were before the last regression, in the same basis: where they are relaxed from.
    starts: Vec<T>,
    /// Rows without entries.
    cold: Vec<usize>,
    ridge: Ridge<T>,
    strength: f64,
}

impl<'a, T: Real> FeatureSide<'a, T> {
    /// `rows` are the entries and the number of columns that take part, `objective` what it is without features.
    pub(crate) fn new(
        of: FeaturesOf<'a, T>,
        (rows, columns): (&CsrView<'_, T>, usize),
        objective: &Objective,
        (strength, regularization): (f64, f64),
        f: usize,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let FeaturesOf { features, coefficients } = of;
        check_size("the length of the coefficients", features.columns() * f, coefficients.len())?;
        let cold: Vec<usize> = (0..rows.rows()).filter(|&u| is_empty(rows.row(u))).collect();
        let mut weights: Vec<f64> =
            (0..rows.rows()).map(|u| objective.row_regularization(rows.row(u), columns)).collect();
        for &u in &cold {
            weights[u] = 0.0;
        }
        let mean = weights.iter().sum::<f64>() / (weights.len() - cold.len()).max(1) as f64;
        if mean <= 0.0 {
            let expected = "above 0 with features, which it draws rows to";
            return Err(Error::InvalidParameter { name: "regularization", expected, value: mean });
        }
        let ridge = Ridge::new(&features, weights, regularization * mean, f, observer)?;
        Ok(Self { features, coefficients, starts: Vec::new(), cold, ridge, strength })
    }

    /// For a half-step.
    pub(crate) fn known(&self) -> Known<'_, T> {
        let Self { features, coefficients, strength, .. } = self;
        Known { features: *features, coefficients, part: strength.min(1.0) }
    }

    /// The coefficients of factors that a fit starts from.
    pub(crate) fn begin(&mut self, x: &[T]) {
        self.coefficients.fill(T::ZERO);
        self.ridge.solve(&self.features, x, self.coefficients);
    }

    /// New coefficients for new rows, `turned` being the old ones in the basis of these. Returns by how much the objective
    /// differs from that of a half-step which had the old ones, and the value of the new ones beside `Σ λ |x|²`.
    pub(crate) fn regress(&mut self, x: &[T], turned: Option<Vec<T>>) -> Regressed {
        if let Some(turned) = turned {
            self.coefficients.copy_from_slice(&turned);
            self.starts = turned;
        }
        let square: f64 = self.coefficients.iter().map(|a| a.to_f64() * a.to_f64()).sum();
        let values = self.ridge.solve(&self.features, x, self.coefficients);
        Regressed {
            gain: self.strength * (values.before - self.ridge.penalty * square - values.after),
            value: self.strength * values.after,
        }
    }

    /// Goes past the last regression as the rows go past their solutions.
    pub(crate) fn relax(&mut self, omega: f64) {
        if !self.starts.is_empty() {
            relax(self.coefficients, &self.starts, T::from_f64(omega));
        }
    }

    /// Ends a fit: what few steps have not found of the coefficients is found now, and rows without entries get it.
    pub(crate) fn finish(&mut self, x: &mut [T], f: usize) {
        self.clear_cold(x, f);
        self.ridge.solve_exactly(&self.features, x, self.coefficients);
        self.fill_cold(x, f);
    }

    /// Gives rows without entries what their features say.
    pub(crate) fn fill_cold(&self, x: &mut [T], f: usize) {
        for &u in &self.cold {
            factors_of_row(&self.features, u, self.coefficients, &mut x[u * f..(u + 1) * f]);
        }
    }

    /// Takes rows without entries out of the fit again.
    pub(crate) fn clear_cold(&self, x: &mut [T], f: usize) {
        for &u in &self.cold {
            x[u * f..(u + 1) * f].fill(T::ZERO);
        }
    }

    /// The coefficients, to be turned as the rows are.
    pub(crate) fn coefficients_mut(&mut self) -> &mut [T] {
        self.coefficients
    }
}

/// What a regression does to the objective.
pub(crate) struct Regressed {
    /// By how much the objective falls.
    pub(crate) gain: f64,
    /// What the objective has besides `Σ λ |x|²`, λ being that of the half-step.
    pub(crate) value: f64,
}

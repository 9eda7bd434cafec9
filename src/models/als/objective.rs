//! The objective of a fit, as numbers per entry and per row.
//!
//! ```text
//! L(X, Y) = Σ_stored c (p − x·y)²  +  w0 Σ_others (x·y)²  +  Σ_u λ_u |x_u|²  +  Σ_i λ_i |y_i|²
//! ```
//!
//! A positive value `r` says "liked" (`p = 1`), a negative one "disliked" (`p = 0`, confidence from `|r|`),
//! and a stored zero says nothing: it counts as not stored. (Hu, Koren and Volinsky 2008, equation 3.)

use crate::kernel::Real;
use crate::sparse::{CsrView, Row};
use rayon::prelude::*;

/// Rows that are summed together; fixed, so that the sum does not depend on the threads.
const ROWS_PER_PART: usize = 1024;

/// The formula that turns the value `r` of an entry into its confidence `c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Confidence {
    /// `c = α |r|`
    #[default]
    Alpha,
    /// `c = 1 + α |r|` (Hu et al. 2008, section 4)
    Linear,
    /// `c = 1 + α ln(1 + |r| / ε)` (Hu et al. 2008, equation 6)
    Log,
}

impl Confidence {
    /// What has this name.
    #[must_use]
    pub fn called(name: &str) -> Option<Self> {
        [Self::Alpha, Self::Linear, Self::Log].into_iter().find(|one| one.name() == name)
    }

    /// Its name, as Python and files have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Alpha => "alpha",
            Self::Linear => "linear",
            Self::Log => "log",
        }
    }
}

/// The part of the parameters that says what is minimized.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Objective {
    pub(crate) confidence: Confidence,
    pub(crate) alpha: f64,
    pub(crate) epsilon: f64,
    pub(crate) regularization: f64,
    pub(crate) exponent: f64,
    /// `w0`
    pub(crate) unobserved_weight: f64,
    /// The number of entries with which a row is taken to have been seen by half of the other side; 0 in a fit, where all
    /// are taken to have been seen by everyone.
    pub(crate) half_seen: f64,
}

/// What one stored entry adds to its row's system and to the loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Entry {
    /// `c − w0`, what the entry weighs beyond the dense part.
    pub(crate) weight: f64,
    /// `c p`
    pub(crate) target: f64,
}

impl Objective {
    pub(crate) fn confidence(&self, size: f64) -> f64 {
        match self.confidence {
            Confidence::Alpha => self.alpha * size,
            Confidence::Linear => 1.0 + self.alpha * size,
            Confidence::Log => 1.0 + self.alpha * (size / self.epsilon).ln_1p(),
        }
    }

    /// The entry for the value `r`.
    pub(crate) fn entry(&self, r: f64) -> Entry {
        self.entry_seen(r, 1.0)
    }

    /// Likewise in a row that a part of the other side has seen.
    pub(crate) fn entry_seen(&self, r: f64, seen: f64) -> Entry {
        if r == 0.0 {
            return Entry { weight: 0.0, target: 0.0 };
        }
        let c = self.confidence(r.abs());
        Entry { weight: c - seen * self.unobserved_weight, target: if r > 0.0 { c } else { 0.0 } }
    }

    /// By which part of the other side a row with so many entries was seen: only they can have ignored it.
    pub(crate) fn seen(&self, entries: usize) -> f64 {
        if self.half_seen == 0.0 { 1.0 } else { entries as f64 / (entries as f64 + self.half_seen) }
    }

    /// `λ (n + w0 m)^ν` for a row with `n` entries that count and `m` columns.
    pub(crate) fn row_regularization<T: Real>(&self, row: Row<'_, T>, columns: usize) -> f64 {
        if self.exponent == 0.0 {
            return self.regularization;
        }
        self.regularization_of(row.values.iter().filter(|&&r| r != T::ZERO).count(), columns)
    }

    /// `λ (n + w0 m)^ν` for `n` entries and `m` columns.
    pub(crate) fn regularization_of(&self, entries: usize, columns: usize) -> f64 {
        self.regularization * (entries as f64 + self.unobserved_weight * columns as f64).powf(self.exponent)
    }

    /// The smallest regularization of a row that has entries.
    pub(crate) fn smallest_regularization<T: Real>(&self, rows: &CsrView<'_, T>, columns: usize) -> f64 {
        if self.exponent == 0.0 {
            return self.regularization;
        }
        let with_entries = (0..rows.rows()).map(|u| rows.row(u)).filter(|row| !is_empty(*row));
        let each = with_entries.map(|row| self.row_regularization(row, columns));
        let smallest = each.fold(f64::INFINITY, f64::min);
        if smallest.is_finite() { smallest } else { self.regularization }
    }

    /// `Σ c + w0 (pairs − stored)`: the weight of all pairs together, which the loss is divided by.
    pub(crate) fn total_weight<T: Real>(&self, matrix: &CsrView<'_, T>) -> f64 {
        let rows: Vec<usize> = (0..matrix.rows()).step_by(ROWS_PER_PART).collect();
        let part = |first: usize| -> f64 {
            let rows = first..matrix.rows().min(first + ROWS_PER_PART);
            rows.map(|row| matrix.row(row).values.iter().map(|r| self.entry(r.to_f64()).weight).sum::<f64>())
                .sum()
        };
        let parts: Vec<f64> = rows.into_par_iter().map(part).collect();
        let stored: f64 = parts.iter().sum();
        stored + self.unobserved_weight * matrix.rows() as f64 * matrix.columns() as f64
    }

    /// `Σ λ_u |x_u|²`, so many columns being counted.
    pub(crate) fn penalty<T: Real>(&self, matrix: &CsrView<'_, T>, columns: usize, x: &[T], f: usize) -> f64 {
        let square = |x: &[T]| x.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>();
        let parts: Vec<f64> = x
            .par_chunks(ROWS_PER_PART * f)
            .enumerate()
            .map(|(part, x)| {
                let rows = (part * ROWS_PER_PART..).zip(x.chunks_exact(f));
                rows.map(|(u, x)| self.row_regularization(matrix.row(u), columns) * square(x)).sum()
            })
            .collect();
        parts.iter().sum()
    }
}

/// Whether no entry of the row counts.
pub(crate) fn is_empty<T: Real>(row: Row<'_, T>) -> bool {
    row.values.iter().all(|&r| r == T::ZERO)
}

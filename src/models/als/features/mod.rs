//! Features: what is known of users and items besides what they did.
//!
//! With features `f_u` of the users and `g_i` of the items, the objective draws a row to what its features say instead of
//! to zero:
//!
//! ```text
//! Σ_u λ_u ((1 − s)₊ |x_u|² + s |x_u − A f_u|²) + s λ_A |A|²        and the same for items with B g_i
//! ```
//!
//! in place of `Σ_u λ_u |x_u|²`. `s` is the strength: with 0 rows that have entries are solved as ever and the features only
//! explain those that have none, with 1 all of the regularization draws to the features, beyond 1 it does so `s` times as
//! strongly, and in the limit everything goes through them. `λ_A` is given in rows: the mean of `λ_u`, so often.
//!
//! In a half-step, which has `A` fixed, a row's system has another right side ([`prior`]). Then `A` is a ridge regression of
//! the rows on their features ([`ridge`]), which no `s` changes. Its value is what the loss needs besides, so that the loss
//! stays exact and free ([`side`]).
//!
//! Rows without entries are cold. They take no part in a fit, as if they did not exist: nobody had the chance to like or to
//! ignore them. At its end they get `A f_u`. The estimate of a row goes from there to what its entries say as they come in:
//! such a row is taken to have been seen by `n / (n + 30)` of the other side ([`Seen`]), so that the first entry does
//! not bring the verdict of all who have never seen it. On `MovieLens` 1M and `HetRec` Last.fm recall then rises with every entry;
//! without that it falls with the first and is back after ten to twenty.
//!
//! A prior of this kind for matrix factorization is that of Agarwal and Chen, "Regression-based Latent Factor Models", 2009.

mod iteration;
mod prior;
mod ridge;
mod side;

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::error::{Result, check_size};
use crate::kernel::Real;
use crate::pool;
use crate::sparse::CsrView;

pub(crate) use prior::{Known, Prior, Pull};
pub(crate) use side::FeatureSide;

/// The features of one side of a fit, and memory for their coefficients.
///
/// A column of ones among the features lets rows whose other features are all 0 be drawn to the average row.
#[derive(Debug)]
pub struct FeaturesOf<'a, T> {
    /// rows x features
    pub features: CsrView<'a, T>,
    /// `A`, features x f: what a feature says of factors. Its contents do not matter.
    pub coefficients: &'a mut [T],
}

/// Features of the users, of the items, or of both, for [`fit_with_features`](crate::AlternatingLeastSquares::fit_with_features).
#[derive(Debug)]
pub struct Features<'a, T> {
    /// users x features
    pub users: Option<FeaturesOf<'a, T>>,
    /// items x features
    pub items: Option<FeaturesOf<'a, T>>,
}

impl<T> Default for Features<'_, T> {
    fn default() -> Self {
        Self { users: None, items: None }
    }
}

impl<T: Real> Features<'_, T> {
    /// Fails unless there is a row for each user and each item, and all values are finite.
    pub(crate) fn check(&self, users: usize, items: usize) -> Result<()> {
        let sides = [
            ("the number of rows of user_features (one for each user)", &self.users, users),
            ("the number of rows of item_features (one for each item)", &self.items, items),
        ];
        for (what, side, rows) in sides {
            if let Some(FeaturesOf { features, .. }) = side {
                check_size(what, rows, features.rows())?;
                features.check_finite()?;
            }
        }
        Ok(())
    }
}

/// Who has seen a row that is folded in, and can have ignored it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Seen {
    /// Everyone on the other side, as in a fit: for rows that took part in it.
    #[default]
    ByAll,
    /// With `n` entries `n / (n + 30)` of them: for rows that came after the fit, or had no entries in it. So the step from what
    /// the features of a row say to what its entries say is a small one.
    ByFew,
}

/// The number of entries with which a newcomer is taken to have been seen by half of the other side. With 10 recall still
/// falls a little with the first entries, with 100 it is lower with many.
const HALF_SEEN: f64 = 30.0;

impl crate::AlternatingLeastSquares {
    /// With how many entries a row was seen by half of the other side; 0 where it was seen by all. Where features do not draw,
    /// nothing is smoothed.
    pub(crate) fn half_seen(&self, seen: Seen) -> f64 {
        if seen == Seen::ByFew && self.feature_strength > 0.0 { HALF_SEEN } else { 0.0 }
    }
}

/// What is known of rows that are folded in.
#[derive(Debug, Clone, Copy)]
pub struct RowFeatures<'a, T> {
    /// rows x features
    pub features: CsrView<'a, T>,
    /// features x f, as a fit has found them.
    pub coefficients: DenseView<'a, T>,
    /// Who has seen the rows.
    pub seen: Seen,
}

/// Rows that a thread takes at a time.
const ROWS_PER_TASK: usize = 256;

/// What features say of their rows: their products with `coefficients`, features x f. One row of f numbers for each.
pub fn factors_of<T: Real>(
    features: &CsrView<'_, T>,
    coefficients: DenseView<'_, T>,
    threads: usize,
) -> Result<Vec<T>> {
    check_size("the number of features", coefficients.rows(), features.columns())?;
    features.check_finite()?;
    let f = coefficients.columns();
    let mut out = vec![T::ZERO; features.rows() * f];
    pool::run(threads, || {
        out.par_chunks_mut((ROWS_PER_TASK * f).max(1)).enumerate().for_each(|(task, out)| {
            for (row, out) in (task * ROWS_PER_TASK..).zip(out.chunks_exact_mut(f.max(1))) {
                factors_of_row(features, row, coefficients.data(), out);
            }
        });
    })?;
    Ok(out)
}

/// One row of [`factors_of`].
pub(crate) fn factors_of_row<T: Real>(
    features: &CsrView<'_, T>,
    row: usize,
    coefficients: &[T],
    out: &mut [T],
) {
    let f = out.len();
    out.fill(T::ZERO);
    let row = features.row(row);
    for (&k, &value) in row.indices.iter().zip(row.values) {
        let coefficients = &coefficients[k as usize * f..(k as usize + 1) * f];
        out.iter_mut().zip(coefficients).for_each(|(out, &a)| *out += value * a);
    }
}

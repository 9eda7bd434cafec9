//! Where a score comes from.

use faer::{Mat, Side};

use crate::dense::DenseView;
use crate::error::{Error, Result, check_ids, check_size};
use crate::gram::Gram;
use crate::kernel::Real;
use crate::models::als::features::Seen;
use crate::models::als::params::AlternatingLeastSquares;

/// What each of a user's items adds to the score of another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// One term for each entry of the row, 0 for those that are not liked. Their sum, with that of the features, is the score
    /// that the exact factors of the user have.
    pub terms: Vec<f64>,
    /// What the user's features add: 0 without any.
    pub features: f64,
    /// The inverse of the user's linear system, f x f, for the next explanation to the same user.
    pub user_weights: Vec<f64>,
}

impl AlternatingLeastSquares {
    /// Splits the score of `item` for a user who has the entries `liked` with these `values` into what each of them
    /// adds (Hu, Koren and Volinsky 2008, section 5): `y_i W y_j c_j`, where `W` is the inverse of the user's system.
    ///
    /// A user whose features say `m`, f numbers of `drawn_to`, has the further term `y_i W λ_u m`.
    ///
    /// `gram` is that of `item_factors`. `user_weights` is `W` from an earlier call for the same user, if there was one.
    pub fn explain<T: Real>(
        &self,
        (liked, values): (&[i32], &[f64]),
        item_factors: DenseView<'_, T>,
        gram: &Gram,
        item: i32,
        drawn_to: Option<(&[T], Seen)>,
        user_weights: Option<&[f64]>,
    ) -> Result<Explanation> {
        self.check_parameters()?;
        let (f, count) = (item_factors.columns(), item_factors.rows());
        check_size("the number of columns of the factors", self.factors, f)?;
        check_size("the number of rows that the Gram matrix is of", count, gram.rows)?;
        check_size("the size of the Gram matrix", f, gram.f)?;
        check_size("the number of values (one for each item)", liked.len(), values.len())?;
        check_ids("item", liked, count)?;
        check_ids("item", &[item], count)?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite { row: 0, column: liked[at] as usize, value: values[at] });
        }
        let row =
            |id: i32| -> Vec<f64> { item_factors.row(id as usize).iter().map(|y| y.to_f64()).collect() };
        let rows: Vec<Vec<f64>> = liked.iter().map(|&id| row(id)).collect();
        let user_weights = match user_weights {
            Some(weights) => {
                check_size("the size of user_weights", f * f, weights.len())?;
                weights.to_vec()
            }
            None => self.inverse(&rows, values, gram, drawn_to.map(|(_, seen)| seen))?,
        };
        if let Some((mean, _)) = drawn_to {
            check_size("the number of factors that the features say", f, mean.len())?;
        }
        let y = row(item);
        let turned: Vec<f64> = user_weights.chunks_exact(f).map(|weights| dot(weights, &y)).collect();
        let objective = self.objective();
        let terms = rows.iter().zip(values).map(|(row, &r)| objective.entry(r).target * dot(row, &turned));
        let pull = self.feature_strength * objective.regularization_of(stored(values), gram.counted);
        let features = drawn_to.map_or(0.0, |(mean, _)| {
            let said: Vec<f64> = mean.iter().map(|m| m.to_f64()).collect();
            // Whoever has nothing else is what the features say.
            if stored(values) == 0 { dot(&said, &y) } else { pull * dot(&said, &turned) }
        });
        Ok(Explanation { terms: terms.collect(), features, user_weights })
    }

    /// The pseudo-inverse of `w0 YᵀY + Σ (c − w0) y yᵀ + λ I`.
    fn inverse(
        &self,
        rows: &[Vec<f64>],
        values: &[f64],
        gram: &Gram,
        drawn: Option<Seen>,
    ) -> Result<Vec<f64>> {
        let (f, mut objective) = (gram.f, self.objective());
        if let Some(seen) = drawn {
            objective.half_seen = self.half_seen(seen);
        }
        let seen = objective.seen(stored(values));
        let w0 = seen * objective.unobserved_weight;
        let mut system = Mat::from_fn(f, f, |i, j| w0 * gram.values[i * f + j]);
        for (row, &r) in rows.iter().zip(values) {
            let weight = objective.entry_seen(r, seen).weight;
            for i in 0..f {
                for j in 0..f {
                    system[(i, j)] += weight * row[i] * row[j];
                }
            }
        }
        let strength = if drawn.is_some() { self.feature_strength.max(1.0) } else { 1.0 };
        let regularization = strength * objective.regularization_of(stored(values), gram.counted);
        for i in 0..f {
            system[(i, i)] += regularization;
        }
        let eigen = system.self_adjoint_eigen(Side::Lower).map_err(|_| Error::NotFoldedIn)?;
        let (vectors, l) = (eigen.U(), eigen.S().column_vector());
        let largest = l.iter().fold(0.0_f64, |largest, &l| largest.max(l.abs()));
        let smallest = largest * f as f64 * f64::EPSILON;
        let inverse: Vec<f64> = l.iter().map(|&l| if l.abs() > smallest { l.recip() } else { 0.0 }).collect();
        let at = |i: usize, j: usize| (0..f).map(|k| vectors[(i, k)] * inverse[k] * vectors[(j, k)]).sum();
        let weights: Vec<f64> = (0..f * f).map(|ij| at(ij / f, ij % f)).collect();
        if weights.iter().all(|w| w.is_finite()) { Ok(weights) } else { Err(Error::NotFoldedIn) }
    }
}

/// The number of entries that count.
fn stored(values: &[f64]) -> usize {
    values.iter().filter(|&&r| r != 0.0).count()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

//! Factors for new or changed rows, with the other side fixed.

use crate::dense::DenseView;
use crate::error::{Error, Result, check_size};
use crate::gram::Gram;
use crate::kernel::Real;
use crate::models::als::basis::Square;
use crate::models::als::features::{Known, RowFeatures, factors_of_row};
use crate::models::als::half_step::{Memory, half_step, turn_rows};
use crate::models::als::params::{AlternatingLeastSquares, Solver};
use crate::models::als::relaxation::Relaxation;
use crate::models::als::side::{Given, Opposite, Plan};
use crate::observer::Observer;
use crate::pool;
use crate::sparse::{CsrMatrix, CsrView};

impl AlternatingLeastSquares {
    /// The exact factors of `rows` given those of the other side, one row of factors for each row.
    ///
    /// A row holds the whole history of a user (columns are items) or of an item (columns are users). It may
    /// have fewer columns than `fixed` has rows. An empty row gets zeros.
    pub fn fold_in<T: Real>(&self, rows: &CsrView<'_, T>, fixed: DenseView<'_, T>) -> Result<Vec<T>> {
        self.fold_in_with(rows, None, fixed, &Gram::of(fixed, self.threads)?, &())
    }

    /// [`fold_in`](Self::fold_in) with the Gram matrix of `fixed`, which is most of the work for a few rows, and with features
    /// of the rows and their coefficients, if rows are drawn to them: an empty row gets what its features say.
    /// `observer` may interrupt it.
    ///
    /// The Gram matrix is that of the rows of `fixed` that took part in the fit, the others being zeros.
    pub fn fold_in_with<T: Real>(
        &self,
        rows: &CsrView<'_, T>,
        known: Option<RowFeatures<'_, T>>,
        fixed: DenseView<'_, T>,
        gram: &Gram,
        observer: &dyn Observer,
    ) -> Result<Vec<T>> {
        self.check_parameters()?;
        rows.check_finite()?;
        let f = self.factors;
        check_size("the number of columns of the factors", f, fixed.columns())?;
        check_size("the number of rows that the Gram matrix is of", fixed.rows(), gram.rows)?;
        check_size("the size of the Gram matrix", f, gram.f)?;
        if rows.columns() > fixed.rows() {
            let (what, value) = ("the number of columns of the rows to fold in", rows.columns());
            return Err(Error::TooLarge { what, value, max: fixed.rows() });
        }
        if let Some(RowFeatures { features, coefficients, .. }) = known {
            check_size("the number of rows of features (one for each row)", rows.rows(), features.rows())?;
            check_size("the number of features", coefficients.rows(), features.columns())?;
            check_size("the number of columns of the coefficients", f, coefficients.columns())?;
            features.check_finite()?;
        }
        let plan = self.plan_of(Relaxation::None, known.is_some());
        let mut plan = Plan { solver: Solver::Cholesky, compact: false, ..plan };
        if let Some(RowFeatures { seen, .. }) = known {
            plan.objective.half_seen = self.half_seen(seen);
        }
        let interrupted = || observer.interrupted();
        let mut solution = vec![T::ZERO; rows.rows() * f];
        let loss = pool::run(self.threads, || {
            let few = if rows.stored() < fixed.rows() / 2 { Some(gathered(rows, fixed)?) } else { None };
            let (rows, y) = match &few {
                Some((rows, y)) => (rows.view(), &y[..]),
                None => (rows.widened(fixed.rows()), fixed.data()),
            };
            let opposite = Opposite { y, gram: &gram.values, count: gram.counted };
            let known_rows = known.map(|RowFeatures { features, coefficients, .. }| Known {
                features,
                coefficients: coefficients.data(),
                part: self.feature_strength.min(1.0),
            });
            let given = Given { rows: &rows, known: known_rows };
            let from = Square::identity(f);
            let outcome =
                half_step(given, &mut solution, opposite, &from, &plan, &mut Memory::new(), &interrupted)?;
            turn_rows(&mut solution, &outcome.turn.transposed());
            if let Some(RowFeatures { features, coefficients, .. }) = known {
                for (u, out) in solution.chunks_exact_mut(f).enumerate() {
                    if rows.row(u).values.iter().all(|&r| r == T::ZERO) {
                        factors_of_row(&features, u, coefficients.data(), out);
                    }
                }
            }
            Ok(outcome.loss)
        })??;
        if loss.is_finite() { Ok(solution) } else { Err(Error::NotFoldedIn) }
    }
}

/// The same entries over just those rows of `fixed` that have some, and these rows.
fn gathered<T: Real>(rows: &CsrView<'_, T>, fixed: DenseView<'_, T>) -> Result<(CsrMatrix<T>, Vec<T>)> {
    let all = (0..rows.rows()).map(|u| rows.row(u));
    let mut used: Vec<i32> = all.clone().flat_map(|row| row.indices.iter().copied()).collect();
    used.sort_unstable();
    used.dedup();
    let y = used.iter().flat_map(|&id| fixed.row(id as usize).iter().copied()).collect();
    let mut indptr = vec![0_i64];
    let (mut indices, mut values) = (Vec::new(), Vec::new());
    for row in all {
        indices.extend(row.indices.iter().map(|id| used.partition_point(|other| other < id) as i32));
        values.extend_from_slice(row.values);
        indptr.push(indices.len() as i64);
    }
    Ok((CsrMatrix::new(used.len(), indptr, indices, values)?, y))
}

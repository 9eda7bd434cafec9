//! Factors for new or changed rows, with the other side fixed.

use crate::als::gram::Square;
use crate::als::half_step::{Memory, Plan, half_step, turn_rows};
use crate::als::params::{AlternatingLeastSquares, Solver};
use crate::als::relaxation::Relaxation;
use crate::dense::DenseView;
use crate::error::{Error, Result, check_size};
use crate::kernel::Real;
use crate::pool;
use crate::sparse::CsrView;

impl AlternatingLeastSquares {
    /// The exact factors of `rows` given those of the other side, one row of factors for each row.
    ///
    /// A row holds the whole history of a user (columns are items) or of an item (columns are users). It may
    /// have fewer columns than `fixed` has rows. An empty row gets zeros.
    pub fn fold_in<T: Real>(&self, rows: &CsrView<'_, T>, fixed: DenseView<'_, T>) -> Result<Vec<T>> {
        self.check_parameters()?;
        rows.check_finite()?;
        check_size("the number of columns of the factors", self.factors, fixed.columns())?;
        if rows.columns() > fixed.rows() {
            let (what, value) = ("the number of columns of the rows to fold in", rows.columns());
            return Err(Error::TooLarge { what, value, max: fixed.rows() });
        }
        let plan = Plan { solver: Solver::Cholesky, compact: false, ..self.plan(Relaxation::None) };
        let mut solution = vec![T::ZERO; rows.rows() * self.factors];
        let rows = rows.widened(fixed.rows());
        let loss = pool::run(self.threads, || {
            let from = Square::identity(self.factors);
            let outcome =
                half_step(&rows, &mut solution, fixed.data(), &from, &plan, &mut Memory::new(), &|| false)?;
            turn_rows(&mut solution, &outcome.turn.transposed());
            Ok(outcome.loss)
        })??;
        if loss.is_finite() { Ok(solution) } else { Err(Error::Diverged { epoch: 0 }) }
    }
}

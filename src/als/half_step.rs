//! Solving all rows of one side with the other side fixed.

use rayon::prelude::*;

use crate::als::cholesky::Cholesky;
use crate::als::conjugate_gradient::ConjugateGradient;
use crate::als::gram::{Basis, gram};
use crate::als::objective::Objective;
use crate::als::params::Solver;
use crate::als::system::System;
use crate::error::{Error, Result};
use crate::kernel::{self, Real};
use crate::sparse::CsrView;

/// Rows that a thread takes at a time: turned together, solved one by one.
const ROWS_PER_BLOCK: usize = 64;

/// How the rows of a side are to be solved.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) factors: usize,
    pub(crate) objective: Objective,
    pub(crate) solver: Solver,
    pub(crate) cg_steps: usize,
}

/// Replaces `x` by the solution for `rows` with `y` fixed, starting from `x`.
///
/// Returns the objective without the regularization of `y`: the rows' residuals give it for free, since
/// with `r = b − A x` a row contributes `Σ c p² − b·x − r·x`.
pub(crate) fn half_step<T: Real>(
    rows: &CsrView<'_, T>,
    x: &mut [T],
    y: &[T],
    plan: &Plan,
    interrupted: &(dyn Fn() -> bool + Sync),
) -> Result<f64> {
    let f = plan.factors;
    let objective = &plan.objective;
    let row_lambda = |u: usize| objective.row_regularization(rows.row(u), rows.columns());
    let lambda = (0..rows.rows()).map(row_lambda).fold(f64::INFINITY, f64::min);
    let Some(basis) = Basis::<T>::new(&gram(y, f), f, objective.unobserved_weight, lambda) else {
        return Ok(f64::NAN);
    };
    let mut fixed = vec![T::ZERO; y.len()];
    fixed
        .par_chunks_mut(ROWS_PER_BLOCK * f)
        .zip(y.par_chunks(ROWS_PER_BLOCK * f))
        .for_each(|(out, y)| kernel::rotate(y, &basis.into, f, out));

    let partial_losses: Vec<f64> = x
        .par_chunks_mut(ROWS_PER_BLOCK * f)
        .enumerate()
        .map_init(
            || Worker::new(&fixed, plan),
            |worker, (block, x)| {
                if interrupted() {
                    return Err(Error::Interrupted);
                }
                Ok(worker.solve_block(block * ROWS_PER_BLOCK, x, rows, &basis, plan))
            },
        )
        .collect::<Result<_>>()?;
    Ok(partial_losses.iter().sum())
}

/// What a thread needs to solve rows: allocated once, used for many.
struct Worker<'a, T> {
    system: System<'a, T>,
    conjugate_gradient: ConjugateGradient<T>,
    cholesky: Cholesky<T>,
    turned: Vec<T>,
}

impl<'a, T: Real> Worker<'a, T> {
    fn new(fixed: &'a [T], plan: &Plan) -> Self {
        let f = plan.factors;
        Self {
            system: System::new(fixed, f),
            conjugate_gradient: ConjugateGradient::new(f, plan.cg_steps),
            cholesky: Cholesky::new(f),
            turned: vec![T::ZERO; ROWS_PER_BLOCK * f],
        }
    }

    fn solve_block(
        &mut self,
        first: usize,
        x: &mut [T],
        rows: &CsrView<'a, T>,
        basis: &Basis<T>,
        plan: &Plan,
    ) -> f64 {
        let f = plan.factors;
        let turned = &mut self.turned[..x.len()];
        kernel::rotate(x, &basis.warm, f, turned);
        let mut loss = 0.0;
        for (u, x) in (first..).zip(turned.chunks_exact_mut(f)) {
            let row = rows.row(u);
            if row.indices.is_empty() {
                x.fill(T::ZERO);
                continue;
            }
            self.system.set(row, &plan.objective);
            let lambda = plan.objective.row_regularization(row, rows.columns());
            basis.diagonal(lambda, &mut self.system.diagonal);
            let gain = match plan.solver {
                Solver::Auto | Solver::ConjugateGradient => self.conjugate_gradient.solve(&self.system, x),
                Solver::Cholesky => self.cholesky.solve(&self.system, x),
            };
            loss += self.system.constant - gain;
        }
        kernel::rotate(turned, &basis.back, f, x);
        loss
    }
}

//! Which way of solving a row is the cheapest.

use crate::kernel::Real;
use crate::models::als::dual;
use crate::models::als::params::Solver;
use crate::models::als::relaxation::Relaxation;
use crate::models::als::side::{Plan, Side};

/// Rows with more entries than this are shared.
const LONG: usize = 1 << 15;

/// A way of solving a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Nothing liked, or of a row with features nothing at all: zeros.
    Nothing,
    /// Conjugate gradients from the last solution.
    ConjugateGradient,
    /// The small system of a short row whose weights are all above 0.
    Dual,
    /// The system of all factors.
    Cholesky,
    /// So many entries that all threads share them.
    Long,
}

/// The costs of the parts in nanoseconds, measured once on one machine; only their ratios matter.
/// The README beside the kernels says how.
mod ns {
    /// One number of one row in conjugate gradients: in the pass that gathers it, in those after that, and in
    /// the last one, which needs the scores alone.
    pub(super) const FIRST: f64 = 0.15;
    pub(super) const PASS: f64 = 0.055;
    pub(super) const LAST: f64 = 0.03;
    /// What a pass costs besides, and for each factor.
    pub(super) const STEP: f64 = 25.0;
    pub(super) const STEP_FACTOR: f64 = 0.3;
    /// One number of the product that turns an old solution.
    pub(super) const TURN: f64 = 0.02;
    /// One number of one row in the dual: gathered, and added to the solution; and one of one of the n²/2 dot products,
    /// which are those of the last pass, and such a product besides.
    pub(super) const DUAL_ROW: f64 = 0.15;
    pub(super) const DUAL: f64 = 0.035;
    pub(super) const DUAL_DOT: f64 = 2.0;
    /// One of the n³/6 operations of its factorization, and the whole besides.
    pub(super) const DUAL_FACTOR: f64 = 0.3;
    pub(super) const DUAL_CALL: f64 = 250.0;
    /// One number of the n f²/2 of a weighted Gram matrix.
    pub(super) const GRAM: f64 = 0.025;
    /// One of the f³/6 operations of a factorization, and its call.
    pub(super) const FACTOR: f64 = 0.1;
    pub(super) const FACTOR_CALL: f64 = 2000.0;
}

/// The way for a row of `n` entries and `f` factors. With few factors exact solutions of short rows are relaxed, and pay for
/// turning the old ones as others do, so that they are hardly ever chosen.
pub(crate) fn choose(solver: Solver, n: usize, f: usize, cg_steps: usize) -> Method {
    if n == 0 {
        return Method::Nothing;
    }
    match solver {
        Solver::ConjugateGradient => return Method::ConjugateGradient,
        Solver::Cholesky => return Method::Cholesky,
        Solver::Dual => return if n <= dual::LONGEST { Method::Dual } else { Method::Cholesky },
        Solver::Auto => {}
    }
    let (rows, factors, steps) = (n as f64, f as f64, cg_steps as f64);
    let turning = factors * factors * ns::TURN;
    let iterating = turning
        + rows * factors * (ns::FIRST + (steps - 1.0) * ns::PASS + ns::LAST)
        + (steps + 1.0) * (factors * ns::STEP_FACTOR + ns::STEP);
    let dual = if f < MANY_FACTORS { turning } else { 0.0 }
        + rows * factors * ns::DUAL_ROW
        + rows * (rows + 1.0) / 2.0 * (factors * ns::DUAL + ns::DUAL_DOT)
        + rows.powi(3) / 6.0 * ns::DUAL_FACTOR
        + ns::DUAL_CALL;
    let cholesky =
        rows * factors * factors / 2.0 * ns::GRAM + factors.powi(3) / 6.0 * ns::FACTOR + ns::FACTOR_CALL;
    if n <= dual::LONGEST && dual <= iterating && dual <= cholesky {
        Method::Dual
    } else if cholesky < iterating {
        Method::Cholesky
    } else {
        Method::ConjugateGradient
    }
}

/// The way for one row. What the caller asks for decides, but the dual is for positive weights alone.
pub(crate) fn choose_for<T: Real>(side: &Side<'_, T>, u: usize) -> Method {
    let row = side.rows.row(u);
    let n = row.indices.len();
    // Nothing liked: all zeros is the exact solution, unless the row is drawn elsewhere and what is disliked holds against it.
    let says_nothing = |r: &T| if side.prior.is_some() { *r == T::ZERO } else { *r <= T::ZERO };
    if row.values.iter().all(says_nothing) {
        return Method::Nothing;
    }
    if is_long(n) {
        return Method::Long;
    }
    let method = choose(side.plan.solver, n, side.plan.factors, side.plan.cg_steps);
    let positive = || row.values.iter().all(|r| side.plan.objective.entry(r.to_f64()).weight > 0.0);
    match (method, side.plan.solver) {
        (Method::Dual, Solver::Dual) if !positive() => Method::Cholesky,
        (Method::Dual, _) if !positive() => Method::ConjugateGradient,
        _ => method,
    }
}

/// From so many factors on, turning an old solution can cost more than solving a short row.
const MANY_FACTORS: usize = 128;

/// Whether a row that is solved in this way has to know its old solution.
///
/// With many factors, a short row stays at its exact solution where that may be chosen: it gains little from going past.
pub(crate) fn needs_start(method: Method, plan: &Plan) -> bool {
    match method {
        Method::Nothing | Method::Long => false,
        Method::ConjugateGradient => true,
        Method::Dual if plan.solver == Solver::Auto && plan.factors >= MANY_FACTORS => false,
        Method::Dual | Method::Cholesky => plan.relaxation != Relaxation::None,
    }
}

/// Whether a row of `n` entries is solved by all threads together.
pub(crate) fn is_long(n: usize) -> bool {
    n > LONG
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::als::AlternatingLeastSquares;

    #[test]
    fn short_rows_are_not_turned_where_that_costs_more_than_solving_them() {
        for (f, short, turned, method) in [
            (64, 2, true, Method::ConjugateGradient),
            (128, 8, false, Method::Dual),
            (256, 16, false, Method::Dual),
        ] {
            let auto = AlternatingLeastSquares::new(f);
            let relaxed = Relaxation::AtOnce(1.5);
            assert_eq!(choose(Solver::Auto, 3 * short, f, 3), Method::ConjugateGradient, "{f}");
            assert_eq!(needs_start(Method::Dual, &auto.plan(relaxed)), turned);
            assert!(needs_start(Method::Dual, &auto.clone().solver(Solver::Dual).plan(relaxed)));
            assert!(needs_start(Method::ConjugateGradient, &auto.plan(Relaxation::None)));
            assert_eq!(choose(Solver::Auto, short, f, 3), method, "{f}");
        }
    }
}

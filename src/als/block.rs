//! Solving a block of rows on one thread, each in the way that suits it.

use crate::als::cholesky::Cholesky;
use crate::als::conjugate_gradient::{ConjugateGradient, Product};
use crate::als::cost::{Method, choose};
use crate::als::dual::Dual;
use crate::als::half_step::{Plan, ROWS_PER_BLOCK, Side, Solved};
use crate::als::long_row::is_long;
use crate::als::params::Solver;
use crate::als::relaxation::{Relaxation, relax};
use crate::als::system::{Fixed, System};
use crate::kernel::{Buffer, GROUP, Pass, Real, Simd, Stored, WithSimd, pass_scratch, rotate};

/// What a thread needs to solve rows: allocated once, used for many.
pub(crate) struct Worker<'a, T, G> {
    system: System<'a, T, G>,
    conjugate_gradient: ConjugateGradient<T>,
    dual: Dual<T>,
    cholesky: Option<Cholesky<T>>,
    /// The old solutions of the rows that start from them, close together; then the same, turned.
    warm: Vec<T>,
    turned: Vec<T>,
    /// The gathered rows of the system at hand.
    scratch: Buffer<T>,
    solution: Vec<T>,
}

impl<'a, T: Real, G: Stored<T>> Worker<'a, T, G> {
    pub(crate) fn new(fixed: Fixed<'a, G>, plan: &Plan) -> Self {
        Self {
            system: System::new(fixed),
            conjugate_gradient: ConjugateGradient::new(fixed.width, plan.cg_steps, plan.heavy()),
            dual: Dual::new(fixed.width),
            cholesky: None,
            warm: vec![T::ZERO; ROWS_PER_BLOCK * plan.factors],
            turned: vec![T::ZERO; ROWS_PER_BLOCK * fixed.width],
            scratch: Buffer::new::<T>(pass_scratch::<T>(fixed.width)[1]),
            solution: vec![T::ZERO; fixed.width],
        }
    }
}

/// Consecutive rows, from number `first` on.
pub(crate) struct Block<'a, 'b, T, G> {
    pub(crate) side: &'b Side<'a, T>,
    pub(crate) worker: &'b mut Worker<'a, T, G>,
    pub(crate) first: usize,
    pub(crate) x: &'b mut [T],
    /// For writing down where the solutions came from.
    pub(crate) starts: Option<&'b mut [T]>,
    pub(crate) long: &'b Solved<T>,
}

impl<T: Real, G: Stored<T>> WithSimd for Block<'_, '_, T, G> {
    /// The rows' part of the objective.
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Self { side, worker, first, x, mut starts, long } = self;
        let Worker { system, conjugate_gradient, dual, cholesky, warm, turned, scratch, solution } = worker;
        let (f, width) = (side.plan.factors, system.fixed.width);
        let mut methods = [Method::Nothing; ROWS_PER_BLOCK];
        let relaxation = side.plan.relaxation;
        let mut count = 0;
        for ((u, x), method) in (first..).zip(x.chunks_exact(f)).zip(&mut methods) {
            *method = choose_for(side, u);
            if needs_start(*method, relaxation) {
                warm[count * f..(count + 1) * f].copy_from_slice(x);
                count += 1;
            }
        }
        rotate(simd, &warm[..count * f], side.warm, f, &mut turned[..count * width]);
        let mut turned = turned.chunks_exact_mut(width);

        let mut loss = 0.0;
        for (at, (x, method)) in x.chunks_exact_mut(f).zip(methods).enumerate() {
            let u = first + at;
            let row = side.rows.row(u);
            let kept = starts.as_deref_mut().map(|starts| &mut starts[at * f..(at + 1) * f]);
            if method == Method::Nothing {
                x.fill(T::ZERO);
                if let Some(kept) = kept {
                    kept.fill(T::ZERO);
                }
                continue;
            }
            if method == Method::Long {
                let solved = &long[&u];
                loss += solved.loss;
                x.copy_from_slice(&solved.x);
                if let Some(kept) = kept {
                    kept.copy_from_slice(&solved.start);
                }
                continue;
            }
            system.set(row, side.columns, &side.plan.objective, side.basis);
            let entries = system.entries(0..system.len());
            let following = side.rows.pattern().following(u, prefetch_distance::<G>(width));
            // Spread over the passes, as the memory can only bring so many at a time.
            let mut ahead = entries.ahead(following, GROUP.div_ceil(side.plan.cg_steps + 1));
            let start =
                if needs_start(method, relaxation) { turned.next().map(|start| &*start) } else { None };
            let (gain, load) = match (method, start) {
                (Method::Dual, _) => {
                    (dual.solve(simd, entries, &system.inverse_diagonal, solution), dual.load)
                }
                (Method::ConjugateGradient, Some(start)) => {
                    solution.copy_from_slice(start);
                    let pass = Pass::new(entries, &mut ahead, scratch.as_mut_slice());
                    let coefficients = system.coefficients();
                    let gain = conjugate_gradient.solve(simd, coefficients, system.constant, solution, pass);
                    (gain, conjugate_gradient.load)
                }
                _ => {
                    let cholesky = cholesky.get_or_insert_with(|| Cholesky::new(f, width));
                    let gain = cholesky.solve(simd, entries, &system.diagonal, solution);
                    (gain, cholesky.normal.load())
                }
            };
            ahead.ask_all();
            loss += system.constant - gain;
            let omega = relaxation.omega(side.plan.heavy(), load);
            if let (Relaxation::AtOnce(_), Some(start)) = (relaxation, start) {
                relax(solution, start, T::from_f64(omega));
            }
            scaled(solution, side.scale, x);
            if let (Some(start), Some(kept)) = (start, kept) {
                scaled(start, side.scale, kept);
                relaxation.note(omega, x, kept);
            }
        }
        loss
    }
}

/// Whether a row that is solved in this way has to know its old solution.
fn needs_start(method: Method, relaxation: Relaxation) -> bool {
    match method {
        Method::Nothing | Method::Long => false,
        Method::ConjugateGradient => true,
        Method::Dual | Method::Cholesky => relaxation != Relaxation::None,
    }
}

/// From the whitened basis to the one that is kept.
#[inline(always)]
fn scaled<T: Real>(whitened: &[T], scale: &[T], out: &mut [T]) {
    for ((out, &value), &w) in out.iter_mut().zip(whitened).zip(scale) {
        *out = value * w;
    }
}

/// The way for one row. What the caller asks for decides, but the dual is for positive weights alone.
fn choose_for<T: Real>(side: &Side<'_, T>, u: usize) -> Method {
    let row = side.rows.row(u);
    let n = row.indices.len();
    if row.values.iter().all(|&r| r <= T::ZERO) {
        // Nothing liked: all zeros is the exact solution.
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

/// How many entries ahead of their use rows are asked for: 16 KiB of them, a small part of the second-level cache.
fn prefetch_distance<G>(width: usize) -> usize {
    ((1 << 14) / (width * size_of::<G>())).max(4)
}

impl<T: Real, G: Stored<T>> Product<T> for Pass<'_, '_, T, G> {
    #[inline(always)]
    fn residual<S: Simd>(&mut self, simd: S, a: T, v: &[T], scores: &mut [T], out: &mut [T]) {
        Pass::residual(self, simd, a, v, scores, out);
    }

    #[inline(always)]
    fn scores<S: Simd>(&mut self, simd: S, v: &[T], scores: &mut [T]) {
        Pass::scores(self, simd, v, scores);
    }
}

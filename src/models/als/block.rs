//! Solving a block of rows on one thread, each in the way that suits it.

use crate::kernel::{Buffer, GROUP, Pass, Real, Simd, Stored, WithSimd, pass_scratch, rotate};
use crate::models::als::cholesky::Cholesky;
use crate::models::als::conjugate_gradient::{ConjugateGradient, Product};
use crate::models::als::dual::Dual;
use crate::models::als::method::{Method, choose_for, needs_start};
use crate::models::als::relaxation::{Relaxation, relax};
use crate::models::als::side::{Plan, ROWS_PER_BLOCK, Side, Solved, prefetch_distance};
use crate::models::als::system::{Fixed, System};

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
pub(crate) struct Block<'a, 'b, T: Real, G> {
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
            if needs_start(*method, side.plan) {
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
            if let Some(prior) = side.prior {
                system.draw(simd, u, prior);
            }
            let entries = system.entries(0..system.len());
            let following = side.rows.pattern().following(u, prefetch_distance::<G>(width));
            // Spread over the passes, as the memory can only bring so many at a time.
            let mut ahead = entries.ahead(following, GROUP.div_ceil(side.plan.cg_steps.saturating_add(1)));
            let start =
                if needs_start(method, side.plan) { turned.next().map(|start| &*start) } else { None };
            let (gain, load) = match (method, start) {
                (Method::Dual, _) => {
                    let (inverse, pull) = (&system.inverse_diagonal, system.pull());
                    let gain = dual.solve(simd, entries, &mut ahead, inverse, pull, solution);
                    (gain, dual.load)
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
                    let gain = cholesky.solve(simd, entries, &system.diagonal, system.pull(), solution);
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
            match (start, kept) {
                (Some(start), Some(kept)) => {
                    scaled(start, side.scale, kept);
                    relaxation.note(omega, x, kept);
                }
                (None, Some(kept)) => kept.copy_from_slice(x),
                _ => {}
            }
        }
        loss
    }
}

/// From the whitened basis to the one that is kept.
#[inline(always)]
fn scaled<T: Real>(whitened: &[T], scale: &[T], out: &mut [T]) {
    for ((out, &value), &w) in out.iter_mut().zip(whitened).zip(scale) {
        *out = value * w;
    }
}

impl<T: Real, G: Stored<T>> Product<T> for Pass<'_, '_, T, G> {
    #[inline(always)]
    fn pass<S: Simd>(&mut self, simd: S, v: &[T], scores: &mut [T], sum: Option<(T, &mut [T])>) {
        self.make(simd, v, scores, sum);
    }
}

//! Rows so long that all threads share each of them, so that no thread is left alone with the last one.
//!
//! The entries are cut into fixed chunks whose sums are folded in order: the bits do not depend on the threads.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::kernel::vector::axpy;
use crate::kernel::{self, Buffer, Pass, Real, Simd, Stored, WithSimd, padded, pass_scratch, rotate};
use crate::models::als::cholesky::{Normal, Packs, solve_normal};
use crate::models::als::conjugate_gradient::{ConjugateGradient, Product};
use crate::models::als::method::{Method, choose, is_long};
use crate::models::als::relaxation::{Relaxation, relax};
use crate::models::als::side::{Side, Solution, Solved};
use crate::models::als::system::{Fixed, System};
use faer::Par;
use faer::dyn_stack::MemBuffer;
use faer::linalg::cholesky::llt;

/// Entries that a thread takes at a time.
const ENTRIES_PER_CHUNK: usize = 1 << 11;

/// Solves the long rows, one after the other, from their old solutions in `x`.
pub(crate) fn solve_all<T: Real, G: Stored<T>>(
    side: &Side<'_, T>,
    x: &[T],
    fixed: Fixed<'_, G>,
) -> Result<Solved<T>> {
    let f = side.plan.factors;
    let mut solved = Solved::new();
    for u in (0..side.rows.rows()).filter(|&u| is_long(side.rows.row(u).indices.len())) {
        if (side.interrupted)() {
            return Err(Error::Interrupted);
        }
        solved.insert(u, kernel::dispatch(LongRow { side, u, x: &x[u * f..(u + 1) * f], fixed }));
    }
    Ok(solved)
}

struct LongRow<'a, 'b, T: Real, G> {
    side: &'b Side<'a, T>,
    u: usize,
    x: &'b [T],
    fixed: Fixed<'b, G>,
}

impl<T: Real, G: Stored<T>> WithSimd for LongRow<'_, '_, T, G> {
    type Output = Solution<T>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Solution<T> {
        let Self { side, u, x, fixed } = self;
        let (f, plan) = (side.plan.factors, side.plan);
        let mut system = System::new(fixed);
        system.set(side.rows.row(u), side.columns, &plan.objective, side.basis);
        if let Some(prior) = side.prior {
            system.draw(simd, u, prior);
        }
        let mut start = vec![T::ZERO; padded(f)];
        rotate(simd, x, side.warm, f, &mut start);
        let mut solution = start.clone();
        let (gain, load) = if choose(plan.solver, system.len(), f, plan.cg_steps) == Method::ConjugateGradient
        {
            let mut conjugate_gradient = ConjugateGradient::new(padded(f), plan.cg_steps, plan.heavy());
            let (coefficients, constant) = (system.coefficients(), system.constant);
            let gain = conjugate_gradient.solve(simd, coefficients, constant, &mut solution, Shared(&system));
            (gain, conjugate_gradient.load)
        } else {
            let mut normal = shared_normal(&system, f);
            if let Some(pull) = system.pull() {
                axpy(simd, T::ONE, pull, &mut normal.b);
            }
            let request = llt::factor::cholesky_in_place_scratch::<T>(f, Par::Seq, faer::Spec::default());
            let mut matrix = vec![T::ZERO; f * f];
            solve_normal(
                f,
                &normal,
                &system.diagonal,
                &mut matrix,
                &mut MemBuffer::new(request),
                &mut solution,
            );
            (kernel::dot(&normal.b, &solution).to_f64(), normal.load())
        };
        let omega = plan.relaxation.omega(plan.heavy(), load);
        if let Relaxation::AtOnce(_) = plan.relaxation {
            relax(&mut solution, &start, T::from_f64(omega));
        }
        let scaled = |whitened: &[T]| -> Vec<T> {
            whitened.iter().zip(side.scale).take(f).map(|(&x, &w)| x * w).collect()
        };
        let (x, mut start) = (scaled(&solution), scaled(&start));
        plan.relaxation.note(omega, &x, &mut start);
        Solution { x, start, loss: system.constant - gain }
    }
}

/// Products with the matrix of a row, all threads taking part.
struct Shared<'a, 'b, T, G>(&'b System<'a, T, G>);

impl<T: Real, G: Stored<T>> Product<T> for Shared<'_, '_, T, G> {
    fn pass<S: Simd>(&mut self, _: S, v: &[T], scores: &mut [T], sum: Option<(T, &mut [T])>) {
        let chunks = chunks(self.0.len()).zip(scores.par_chunks_mut(ENTRIES_PER_CHUNK));
        let pass = |range: Range<usize>, scores: &mut [T], sum: Option<(T, &mut [T])>| {
            kernel::dispatch(Chunk { entries: self.0.entries(range), v, scores, sum });
        };
        let Some((a, out)) = sum else {
            return chunks.for_each(|(range, scores)| pass(range, scores, None));
        };
        let parts: Vec<Vec<T>> = chunks
            .map(|(range, scores)| {
                let mut out = vec![T::ZERO; v.len()];
                pass(range, scores, Some((a, &mut out)));
                out
            })
            .collect();
        for part in parts {
            out.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
        }
    }
}

fn chunks(n: usize) -> impl IndexedParallelIterator<Item = Range<usize>> {
    let count = n.div_ceil(ENTRIES_PER_CHUNK);
    (0..count).into_par_iter().map(move |c| c * ENTRIES_PER_CHUNK..n.min((c + 1) * ENTRIES_PER_CHUNK))
}

fn shared_normal<T: Real, G: Stored<T>>(system: &System<'_, T, G>, f: usize) -> Normal<T> {
    let width = padded(f);
    let mut sum = Normal::new(width);
    let ranges: Vec<_> = chunks(system.len()).collect();
    // Not all at once: each part is a matrix.
    for group in ranges.chunks(2 * rayon::current_num_threads().max(1)) {
        let parts: Vec<Normal<T>> = group
            .par_iter()
            .map(|range| {
                let mut part = Normal::new(width);
                kernel::dispatch(Sum { entries: system.entries(range.clone()), normal: &mut part });
                part
            })
            .collect();
        for part in &parts {
            sum.add(part);
        }
    }
    sum
}

/// One pass over some entries, for the scores and perhaps the sum `Σ (a t − d s) z`.
struct Chunk<'a, T, G> {
    entries: kernel::Gathered<'a, T, G>,
    v: &'a [T],
    scores: &'a mut [T],
    sum: Option<(T, &'a mut [T])>,
}

impl<T: Real, G: Stored<T>> WithSimd for Chunk<'_, T, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut scratch = Buffer::new::<T>(pass_scratch::<T>(self.v.len())[0]);
        let mut ahead = self.entries.ahead(&[], 1);
        let mut pass = Pass::new(self.entries, &mut ahead, scratch.as_mut_slice());
        pass.make(simd, self.v, self.scores, self.sum);
    }
}

struct Sum<'a, T, G> {
    entries: kernel::Gathered<'a, T, G>,
    normal: &'a mut Normal<T>,
}

impl<T: Real, G: Stored<T>> WithSimd for Sum<'_, T, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        Packs::new(self.normal.b.len()).sum(simd, self.entries, self.normal);
    }
}

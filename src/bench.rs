//! Doors for the benchmarks of this crate into rooms that are closed otherwise. Not part of the API.

use crate::error::Result;
use crate::gram::gram as gram_of;
use crate::kernel::{self, Buffer, Gathered, Pass, Real, Simd, Stored, WithSimd, pack, padded};
use crate::models::als::AlternatingLeastSquares;
use crate::models::als::basis::Square;
use crate::models::als::half_step;
use crate::models::als::relaxation::Relaxation;
use crate::models::als::side::{Given, Opposite};
use crate::pool;
use crate::sparse::CsrView;

/// Rows to gather from, in the form that this CPU would store them, and one system over them.
pub struct Gather<T: Real> {
    full: Vec<T>,
    compact: Buffer<T::Compact>,
    indices: Vec<i32>,
    weights: Vec<T>,
    v: Vec<T>,
    work: Work<T>,
}

/// What a pass writes to.
struct Work<T> {
    scratch: Buffer<T>,
    scores: Vec<T>,
    out: Vec<T>,
}

impl<T: Real> Gather<T> {
    /// A pass over `indices` of `rows` rows.
    #[must_use]
    pub fn new(rows: usize, f: usize, indices: Vec<i32>) -> Self {
        let width = padded(f);
        let mut compact = Buffer::<T::Compact>::new::<T>(rows * width);
        let full = (0..rows * width).map(|at| T::from_f64((at % 97) as f64 / 97.0 - 0.4)).collect::<Vec<_>>();
        kernel::compact(&full, compact.as_mut_slice());
        let mut weights = vec![T::from_f64(0.001); indices.len()];
        weights.resize(padded(indices.len()), T::ZERO);
        let work = Work {
            scratch: Buffer::new::<T>(kernel::pass_scratch::<T>(width)[1]),
            scores: vec![T::ZERO; padded(indices.len())],
            out: vec![T::ZERO; width],
        };
        Self { full, compact, indices, weights, v: vec![T::ONE; width], work }
    }

    /// `passes` passes over the rows in full precision.
    pub fn full(&mut self, passes: usize) {
        let Self { full, indices, weights, v, work, .. } = self;
        kernel::dispatch(Passes { fixed: &full[..], indices, weights, v, work, count: passes });
    }

    /// `passes` passes over the rows in their compact form.
    pub fn compact(&mut self, passes: usize) {
        let Self { compact, indices, weights, v, work, .. } = self;
        kernel::dispatch(Passes { fixed: compact.as_slice(), indices, weights, v, work, count: passes });
    }
}

struct Passes<'a, T, G> {
    fixed: &'a [G],
    indices: &'a [i32],
    weights: &'a [T],
    v: &'a [T],
    work: &'a mut Work<T>,
    count: usize,
}

impl<T: Real, G: Stored<T>> WithSimd for Passes<'_, T, G> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fixed, indices, weights, v, work: Work { scratch, scores, out }, count } = self;
        let entries = Gathered::new(fixed, v.len(), indices, weights, weights);
        let mut ahead = entries.ahead(&[], 1);
        let mut pass = Pass::new(entries, &mut ahead, scratch.as_mut_slice());
        for _ in 0..count {
            pass.make(simd, v, scores, Some((T::ZERO, &mut *out)));
        }
    }
}

/// `rows · matrix` for rows of length `f`; returns the padded result.
pub fn rotate<T: Real>(rows: &[T], panels: &[T], f: usize, out: &mut [T]) {
    struct Rotate<'a, T>(&'a [T], &'a [T], usize, &'a mut [T]);
    impl<T: Real> WithSimd for Rotate<'_, T> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            kernel::rotate(simd, self.0, self.1, self.2, self.3);
        }
    }
    kernel::dispatch(Rotate(rows, panels, f, out));
}

/// Packs the rows and adds their Gram matrix.
pub fn gram<T: Real>(rows: &[T], f: usize, panels: &mut [T], sum: &mut [f64]) {
    struct Gram<'a, T>(&'a [T], usize, &'a mut [f64]);
    impl<T: Real> WithSimd for Gram<'_, T> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            kernel::gram(simd, self.0, self.0, self.1, self.2);
        }
    }
    pack(rows, f, panels);
    kernel::dispatch(Gram(panels, rows.len() / f, sum));
}

/// One half-step: solves every row of `rows` with `fixed` fixed; returns its part of the objective.
pub fn half_step<T: Real>(
    als: &AlternatingLeastSquares,
    rows: &CsrView<'_, T>,
    solutions: &mut [T],
    fixed: &[T],
) -> Result<f64> {
    let plan = als.plan(Relaxation::AtOnce(1.5));
    let from = Square::identity(plan.factors);
    let mut memory = half_step::Memory::new();
    let outcome = pool::run(als.threads, || {
        let gram = gram_of(fixed, plan.factors);
        let opposite = Opposite { y: fixed, gram: &gram, count: rows.columns() };
        half_step::half_step(
            Given { rows, known: None },
            solutions,
            opposite,
            &from,
            &plan,
            &mut memory,
            &|| false,
        )
    })??;
    Ok(outcome.loss)
}

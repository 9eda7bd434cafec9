//! A few conjugate-gradient steps on one row's system (Takács, Pilászy and Tikk 2011, section 4).
//!
//! The preconditioner is the system's own diagonal `E`, which in the turned basis is the exact inverse of
//! everything that the row shares with all others. Each step reads the row's vectors once.

use crate::kernel::vector::{advance, axpy, direct, dot, multiply, weighted_square};
use crate::kernel::{Real, Simd};
use crate::models::als::heavy::{ENOUGH, Heavy};

/// A residual of this energy is none, in either precision: its square root is still far from what an f32 loses.
pub(crate) const NOTHING: f64 = 1e-30;

/// A row's entries, as the iteration needs them. A trait rather than a closure, so that it can be made part of
/// the function that is compiled for the CPU.
pub(crate) trait Product<T> {
    /// Sets the scores `s = Z v`, and with `sum = (a, out)` adds `Σ (a t − d s) z` to `out`: with `a = 1` what is needed
    /// for the residual, with `a = 0` minus the product with `Zᵀ D Z`.
    fn pass<S: Simd>(&mut self, simd: S, v: &[T], scores: &mut [T], sum: Option<(T, &mut [T])>);
}

/// The coefficients of a row's system; those of the entries padded with zeros.
#[derive(Clone, Copy)]
pub(crate) struct Coefficients<'a, T> {
    pub(crate) e: &'a [T],
    pub(crate) inverse_e: &'a [T],
    pub(crate) weights: &'a [T],
    pub(crate) targets: &'a [T],
    /// `q`, which is added to the right side.
    pub(crate) pull: Option<&'a [T]>,
}

impl<T: Real> Coefficients<'_, T> {
    /// `vᵀ (E + Zᵀ D Z) v`, with the scores of `v`.
    #[inline(always)]
    fn energy<S: Simd>(&self, simd: S, v: &[T], scores: &[T]) -> T {
        weighted_square(simd, self.e, v) + weighted_square(simd, self.weights, scores)
    }

    /// `b·x` with the scores of `x`, `b` being the right side.
    #[inline(always)]
    fn right_side<S: Simd>(&self, simd: S, x: &[T], scores: &[T]) -> T {
        let sum = dot(simd, self.targets, scores);
        self.pull.map_or(sum, |pull| sum + dot(simd, pull, x))
    }
}

/// The vectors of the iteration, reused from row to row.
pub(crate) struct ConjugateGradient<T> {
    r: Vec<T>,
    z: Vec<T>,
    p: Vec<T>,
    minus_ap: Vec<T>,
    /// The scores of the solution and of the direction.
    x_scores: Vec<T>,
    p_scores: Vec<T>,
    steps: usize,
    heavy: Heavy,
    /// How far the entries of the last row outweigh what it shares with all others, along the first direction.
    pub(crate) load: f64,
}

impl<T: Real> ConjugateGradient<T> {
    pub(crate) fn new(width: usize, steps: usize, heavy: Heavy) -> Self {
        let vector = || vec![T::ZERO; width];
        let (x_scores, p_scores) = (Vec::new(), Vec::new());
        let [r, z, p, minus_ap] = [(); 4].map(|()| vector());
        Self { r, z, p, minus_ap, x_scores, p_scores, steps, heavy, load: 0.0 }
    }

    /// Improves `x` by at most the number of steps and returns `2 b·x − x·A x`, by which the row's loss is
    /// below its `constant`. Heavy rows get as many steps as they need, up to a limit of their own: the residual `r·z`
    /// bounds what is left to gain, as the matrix is at least `E`.
    ///
    /// The last step needs no residual after it, and the length of the step only the scores of the direction. Before the
    /// first one there is a pass over the start. All passes are made in one place, because each place becomes a copy of
    /// the kernels, which are long to compile.
    #[inline(always)]
    pub(crate) fn solve<S: Simd>(
        &mut self,
        simd: S,
        system: Coefficients<'_, T>,
        constant: f64,
        x: &mut [T],
        mut product: impl Product<T>,
    ) -> f64 {
        let Self { r, z, p, minus_ap, x_scores, p_scores, steps, heavy, load } = self;
        *load = 0.0;
        let Coefficients { e, inverse_e, weights, pull, .. } = system;
        for scores in [&mut *x_scores, &mut *p_scores] {
            scores.clear();
            scores.resize(weights.len(), T::ZERO);
        }
        p.fill(T::ZERO);
        let (mut r_z, mut beta) = (T::ZERO, T::ZERO);
        let (mut limit, most) = (*steps, heavy.steps(*steps));
        for step in 0..=most {
            let start = step == 0;
            if !start {
                // Rounding sets this floor: below it a step would only move noise.
                let b_x = system.right_side(simd, x, x_scores);
                if r_z <= T::EPSILON * T::EPSILON * b_x + T::from_f64(NOTHING) {
                    break;
                }
                if step == *steps && heavy.is(*load) {
                    limit = most;
                }
                // Near the solution `b·x` is all that the constant loses.
                if step > *steps && r_z.to_f64() <= ENOUGH * (constant - b_x.to_f64()) {
                    break;
                }
            }
            let last = !start && step == limit;
            let (from, scores, out, a): (&[T], _, _, _) = if start {
                (x, &mut *x_scores, &mut *r, T::ONE)
            } else {
                (z, &mut *p_scores, &mut *minus_ap, T::ZERO)
            };
            direct(simd, beta, from, e, p, out);
            product.pass(simd, p, scores, if last { None } else { Some((a, out)) });
            if start {
                if let Some(pull) = pull {
                    axpy(simd, T::ONE, pull, r);
                }
                r_z = multiply(simd, inverse_e, r, z);
                continue;
            }
            let shared = weighted_square(simd, e, p);
            let curvature = shared + weighted_square(simd, weights, p_scores);
            if step == 1 {
                *load = (curvature / shared).to_f64();
            }
            if curvature <= T::ZERO {
                break;
            }
            let alpha = r_z / curvature;
            axpy(simd, alpha, p_scores, x_scores);
            if last {
                axpy(simd, alpha, p, x);
                break;
            }
            let next = advance(simd, alpha, [p, minus_ap, inverse_e], [x, r, z]);
            beta = next / r_z;
            r_z = next;
        }
        let two_b_x = 2.0 * system.right_side(simd, x, x_scores).to_f64();
        two_b_x - system.energy(simd, x, x_scores).to_f64()
    }
}

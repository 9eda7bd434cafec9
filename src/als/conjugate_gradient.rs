//! A few conjugate-gradient steps on one row's system (Takács, Pilászy and Tikk 2011, section 4).
//!
//! The preconditioner is the system's own diagonal `E`, which in the turned basis is the exact inverse of
//! everything that the row shares with all others. Each step reads the row's vectors once.

use crate::kernel::vector::{advance, direct, dot, multiply};
use crate::kernel::{Real, Simd};

/// A residual of this energy is none, in either precision: its square root is still far from what an f32 loses.
const NOTHING: f64 = 1e-30;

/// A row's matrix and right side, as the iteration needs them. A trait rather than a closure, so that it can be
/// made part of the function that is compiled for the CPU.
pub(crate) trait Product<T> {
    /// Adds `Σ (a t − d (z·v)) z` to `out` and returns `Σ t (z·v)`, which is `b·v`: with `a = 1` what is needed
    /// for the residual, with `a = 0` minus the product with `Zᵀ D Z`.
    fn add_to<S: Simd>(&mut self, simd: S, a: T, v: &[T], out: &mut [T]) -> T;
}

/// The vectors of the iteration, reused from row to row.
pub(crate) struct ConjugateGradient<T> {
    r: Vec<T>,
    z: Vec<T>,
    p: Vec<T>,
    minus_ap: Vec<T>,
    steps: usize,
}

impl<T: Real> ConjugateGradient<T> {
    pub(crate) fn new(width: usize, steps: usize) -> Self {
        let vector = || vec![T::ZERO; width];
        Self { r: vector(), z: vector(), p: vector(), minus_ap: vector(), steps }
    }

    /// Improves `x` by at most the number of steps and returns `b·x + r·x`, by which the row's loss is
    /// below its constant.
    #[inline(always)]
    pub(crate) fn solve<S: Simd>(
        &mut self,
        simd: S,
        [e, inverse_e]: [&[T]; 2],
        x: &mut [T],
        mut product: impl Product<T>,
    ) -> f64 {
        let Self { r, z, p, minus_ap, steps } = self;
        p.fill(T::ZERO);
        direct(simd, T::ZERO, x, e, p, r);
        let mut b_x = product.add_to(simd, T::ONE, x, r);
        let mut r_z = multiply(simd, inverse_e, r, z);
        let mut beta = T::ZERO;
        for _ in 0..*steps {
            // Rounding sets this floor: below it a step would only move noise.
            if r_z <= T::EPSILON * T::EPSILON * b_x + T::from_f64(NOTHING) {
                break;
            }
            direct(simd, beta, z, e, p, minus_ap);
            let b_p = product.add_to(simd, T::ZERO, p, minus_ap);
            let curvature = -dot(simd, p, minus_ap);
            if curvature <= T::ZERO {
                break;
            }
            let alpha = r_z / curvature;
            b_x += alpha * b_p;
            let next = advance(simd, alpha, [p, minus_ap, inverse_e], [x, r, z]);
            beta = next / r_z;
            r_z = next;
        }
        b_x.to_f64() + dot(simd, r, x).to_f64()
    }
}

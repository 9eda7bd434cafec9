//! A few conjugate-gradient steps on one row's system (Takács, Pilászy and Tikk 2011, section 4).
//!
//! The preconditioner is the system's own diagonal `E`, which in the turned basis is the exact inverse of
//! everything that the row shares with all others. Each step reads the row's vectors once.

use crate::als::system::System;
use crate::kernel::{self, Real};

/// The vectors of the iteration, reused from row to row.
pub(crate) struct ConjugateGradient<T> {
    r: Vec<T>,
    z: Vec<T>,
    p: Vec<T>,
    minus_ap: Vec<T>,
    steps: usize,
}

impl<T: Real> ConjugateGradient<T> {
    pub(crate) fn new(f: usize, steps: usize) -> Self {
        Self {
            r: vec![T::ZERO; f],
            z: vec![T::ZERO; f],
            p: vec![T::ZERO; f],
            minus_ap: vec![T::ZERO; f],
            steps,
        }
    }

    /// Improves `x` by at most the number of steps and returns `b·x + r·x`, by which the row's loss is
    /// below its constant.
    pub(crate) fn solve(&mut self, system: &System<'_, T>, x: &mut [T]) -> f64 {
        let mut b_x = system.residual(T::ONE, x, &mut self.r);
        let mut r_z = self.precondition(system);
        self.p.copy_from_slice(&self.z);
        for _ in 0..self.steps {
            // Rounding sets this floor: below it a step would only move noise.
            if r_z <= T::EPSILON * T::EPSILON * b_x {
                break;
            }
            let b_p = system.residual(T::ZERO, &self.p, &mut self.minus_ap);
            let alpha = -(r_z / kernel::dot(&self.p, &self.minus_ap));
            kernel::axpy(alpha, &self.p, x);
            kernel::axpy(alpha, &self.minus_ap, &mut self.r);
            b_x += alpha * b_p;
            let previous = r_z;
            r_z = self.precondition(system);
            let beta = r_z / previous;
            for (p, &z) in self.p.iter_mut().zip(&self.z) {
                *p = z + beta * *p;
            }
        }
        b_x.to_f64() + kernel::dot(&self.r, x).to_f64()
    }

    /// `z = E⁻¹ r`; returns `r·z`.
    fn precondition(&mut self, system: &System<'_, T>) -> T {
        for ((z, &r), &e) in self.z.iter_mut().zip(&self.r).zip(&system.diagonal) {
            *z = r / e;
        }
        kernel::dot(&self.r, &self.z)
    }
}

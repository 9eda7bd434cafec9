//! The exact solution of a short row through a system as small as the row (the Woodbury identity).
//!
//! With `z̄ = z E^(−1/2)`, `K = Z̄ Z̄ᵀ` and `S = √D`, the solution is
//!
//! ```text
//! x = E^(−1/2) Z̄ᵀ a,   a = S u,   (I + S K S) u = S⁻¹ t
//! ```
//!
//! which costs about `n² f + n³/3` operations for `n` entries, and needs neither the old solution nor the
//! rotation of it. Every weight must be above 0: with a negative one the small matrix need not be positive.

use crate::kernel::vector::{axpy, dot, multiply};
use crate::kernel::{Gathered, Real, Simd, Stored};

/// The longest row that may come here; bounds the scratch.
pub(crate) const LONGEST: usize = 64;

/// Scratch, reused from row to row.
pub(crate) struct Dual<T> {
    rows: Vec<T>,
    root_inverse: Vec<T>,
    /// `K`, lower triangle, then the Cholesky factor of `I + S K S`; row-major.
    k: Vec<T>,
    factor: Vec<T>,
    s: Vec<T>,
    a: Vec<T>,
    /// The trace of `S K S` of the last row: how far its entries outweigh what it shares with all others.
    pub(crate) load: f64,
}

impl<T: Real> Dual<T> {
    pub(crate) fn new(width: usize) -> Self {
        Self {
            rows: vec![T::ZERO; LONGEST * width],
            root_inverse: vec![T::ZERO; width],
            k: vec![T::ZERO; LONGEST * LONGEST],
            factor: vec![T::ZERO; LONGEST * LONGEST],
            s: vec![T::ZERO; LONGEST],
            a: vec![T::ZERO; LONGEST],
            load: 0.0,
        }
    }

    /// Sets `x` to the solution and returns `b·x`, by which the row's loss is below its constant.
    #[inline(always)]
    pub(crate) fn solve<S: Simd, G: Stored<T>>(
        &mut self,
        simd: S,
        entries: Gathered<'_, T, G>,
        inverse_e: &[T],
        x: &mut [T],
    ) -> f64 {
        let n = entries.len();
        let width = x.len();
        let rows = &mut self.rows[..n * width];
        entries.copy_rows(simd, 0..n, rows);
        for (root, &inverse) in self.root_inverse.iter_mut().zip(inverse_e) {
            *root = inverse.root();
        }
        for row in rows.chunks_exact_mut(width) {
            for (value, &root) in row.iter_mut().zip(&self.root_inverse) {
                *value *= root;
            }
        }
        for (s, &d) in self.s.iter_mut().zip(entries.weights) {
            *s = d.root();
        }
        let (k, factor, s, a) = (&mut self.k, &mut self.factor, &self.s[..n], &mut self.a[..n]);
        let mut load = T::ZERO;
        for i in 0..n {
            for j in 0..=i {
                let product = dot(simd, &rows[i * width..(i + 1) * width], &rows[j * width..(j + 1) * width]);
                k[i * n + j] = product;
                factor[i * n + j] = s[i] * product * s[j];
            }
            load += factor[i * n + i];
            factor[i * n + i] += T::ONE;
            a[i] = entries.targets[i] / s[i];
        }
        self.load = load.to_f64();
        solve_small(&mut factor[..n * n], a);
        let mut b_x = T::ZERO;
        for (a, &s) in a.iter_mut().zip(s) {
            *a *= s;
        }
        for i in 0..n {
            let mut score = T::ZERO;
            for j in 0..n {
                score += k[i.max(j) * n + i.min(j)] * a[j];
            }
            b_x += entries.targets[i] * score;
        }
        x.fill(T::ZERO);
        for (row, &a) in rows.chunks_exact(width).zip(&*a) {
            axpy(simd, a, row, x);
        }
        rows[..width].copy_from_slice(x);
        multiply(simd, &self.root_inverse, &rows[..width], x);
        b_x.to_f64()
    }
}

/// Solves `M u = rhs` in place by a Cholesky factorization, `M` being at least the identity.
///
/// For a handful of rows this is a few hundred operations; a call into a library for large matrices costs
/// several times that.
#[inline(always)]
fn solve_small<T: Real>(m: &mut [T], rhs: &mut [T]) {
    let n = rhs.len();
    for i in 0..n {
        for j in 0..=i {
            let mut sum = m[i * n + j];
            for k in 0..j {
                sum -= m[i * n + k] * m[j * n + k];
            }
            // The diagonal holds the inverse of the factor's.
            m[i * n + j] = if i == j { T::ONE / sum.root() } else { sum * m[j * n + j] };
        }
        let mut sum = rhs[i];
        for k in 0..i {
            sum -= m[i * n + k] * rhs[k];
        }
        rhs[i] = sum * m[i * n + i];
    }
    for i in (0..n).rev() {
        let mut sum = rhs[i];
        for k in i + 1..n {
            sum -= m[k * n + i] * rhs[k];
        }
        rhs[i] = sum * m[i * n + i];
    }
}

//! The exact solution of a short row through a system as small as the row (the Woodbury identity).
//!
//! With `K = Z E⁻¹ Zᵀ` and `S = √D`, the solution is
//!
//! ```text
//! x = E⁻¹ Zᵀ a,   a = S u,   (I + S K S) u = S⁻¹ t
//! ```
//!
//! which costs about `n² f + n³/3` operations for `n` entries, and needs neither the old solution nor the
//! rotation of it. Every weight must be above 0: with a negative one the small matrix need not be positive.
//!
//! With `q` added to the right side, `x = x₀ + δ` where `x₀ = E⁻¹ q`, and `δ` is the solution for the targets `t − D Z x₀`.

use crate::kernel::vector::{axpy, dot, multiply};
use crate::kernel::{Ahead, GROUP, Gathered, Real, Simd, Stored, add_rows, score};

/// The longest row that may come here; bounds the scratch.
pub(crate) const LONGEST: usize = 64;

const _: () = assert!(LONGEST.is_multiple_of(GROUP));

/// Scratch, reused from row to row.
pub(crate) struct Dual<T> {
    /// `Z`, padded with rows of zeros.
    rows: Vec<T>,
    /// `E⁻¹ z` for one `z`, and `Zᵀ a`.
    vector: Vec<T>,
    /// `K`, lower triangle, then the Cholesky factor of `I + S K S`; row-major.
    k: Vec<T>,
    factor: Vec<T>,
    s: Vec<T>,
    a: Vec<T>,
    /// `Z x₀`, padded with zeros.
    drawn: Vec<T>,
    /// The trace of `S K S` of the last row: how far its entries outweigh what it shares with all others.
    pub(crate) load: f64,
}

impl<T: Real> Dual<T> {
    pub(crate) fn new(width: usize) -> Self {
        Self {
            rows: vec![T::ZERO; LONGEST * width],
            vector: vec![T::ZERO; width],
            k: vec![T::ZERO; LONGEST * LONGEST],
            factor: vec![T::ZERO; LONGEST * LONGEST],
            s: vec![T::ZERO; LONGEST],
            a: vec![T::ZERO; LONGEST],
            drawn: vec![T::ZERO; LONGEST],
            load: 0.0,
        }
    }

    /// Sets `x` to the solution and returns `b·x`, by which the row's loss is below its constant.
    #[inline(always)]
    pub(crate) fn solve<S: Simd, G: Stored<T>>(
        &mut self,
        simd: S,
        entries: Gathered<'_, T, G>,
        ahead: &mut Ahead<'_, G>,
        inverse_e: &[T],
        pull: Option<&[T]>,
        x: &mut [T],
    ) -> f64 {
        let Self { rows, vector, k, factor, s, a, drawn, load } = self;
        let (n, width) = (entries.len(), x.len());
        let padded = n.next_multiple_of(GROUP);
        let rows = &mut rows[..padded * width];
        entries.copy_rows(simd, 0..n, rows);
        rows[n * width..].fill(T::ZERO);
        for (s, &d) in s.iter_mut().zip(&entries.weights[..n]) {
            *s = d.root();
        }
        *load = 0.0;
        drawn.fill(T::ZERO);
        if let Some(pull) = pull {
            multiply(simd, inverse_e, pull, vector);
            score(simd, rows, vector, ahead, &mut drawn[..padded]);
        }
        for i in 0..n {
            let group = (i + 1).next_multiple_of(GROUP);
            multiply(simd, inverse_e, &rows[i * width..(i + 1) * width], vector);
            let k = &mut k[i * padded..][..group];
            score(simd, &rows[..group * width], vector, ahead, k);
            for ((factor, &k), &s_j) in factor[i * n..][..=i].iter_mut().zip(&*k).zip(&*s) {
                *factor = s[i] * k * s_j;
            }
            *load += factor[i * n + i].to_f64();
            factor[i * n + i] += T::ONE;
            a[i] = (entries.targets[i] - entries.weights[i] * drawn[i]) / s[i];
        }
        solve_small(&mut factor[..n * n], &mut a[..n]);
        for (a, &s) in a[..n].iter_mut().zip(&*s) {
            *a *= s;
        }
        a[n..padded].fill(T::ZERO);
        let mut b_x = T::ZERO;
        for i in 0..n {
            let mut score = drawn[i];
            for j in 0..n {
                score += k[i.max(j) * padded + i.min(j)] * a[j];
            }
            b_x += entries.targets[i] * score;
        }
        vector.fill(T::ZERO);
        add_rows(simd, rows, &a[..padded], vector);
        if let Some(pull) = pull {
            axpy(simd, T::ONE, pull, vector);
        }
        multiply(simd, inverse_e, vector, x);
        pull.map_or(b_x, |pull| b_x + dot(simd, pull, x)).to_f64()
    }
}

/// Solves `M u = rhs` in place by a Cholesky factorization, `M` being at least the identity; its lower triangle is given.
///
/// For a handful of rows this is a few hundred operations; a call into a library for large matrices costs
/// several times that. Whole rows of what is left are changed at a time, which takes registers of any width.
#[inline(always)]
fn solve_small<T: Real>(m: &mut [T], rhs: &mut [T]) {
    let n = rhs.len();
    let mut column = [T::ZERO; LONGEST];
    for j in 0..n {
        // The diagonal holds the inverse of the factor's.
        let inverse = T::ONE / m[j * n + j].root();
        m[j * n + j] = inverse;
        rhs[j] *= inverse;
        for i in j + 1..n {
            let l = m[i * n + j] * inverse;
            m[i * n + j] = l;
            column[i] = l;
            rhs[i] -= l * rhs[j];
            for (value, &other) in m[i * n + j + 1..=i * n + i].iter_mut().zip(&column[j + 1..=i]) {
                *value -= l * other;
            }
        }
    }
    for i in (0..n).rev() {
        rhs[i] *= m[i * n + i];
        let (before, rest) = rhs.split_at_mut(i);
        for (value, &l) in before.iter_mut().zip(&m[i * n..i * n + i]) {
            *value -= l * rest[0];
        }
    }
}

//! The regression on many features: conjugate gradients, one for each column, side by side.
//!
//! The product of the matrix with coefficients goes over the features' entries twice: once by rows, which gives what they say of
//! each row, and once by features, which sums that up. Where few features meet in a row, the matrix itself is sparse enough
//! to be made once, and its product reads nothing but coefficients.

use rayon::prelude::*;

use crate::kernel::{self, Real, Simd, WithSimd};
use crate::sparse::CsrView;

/// Conjugate gradients end when the residual's energy is this part of that of the right side, or after so many steps: few
/// from the coefficients of the epoch before, more from nothing.
const ENOUGH: f64 = 1e-8;
pub(super) const STEPS: usize = 3;
pub(super) const MOST_STEPS: usize = 60;

/// Entries that are summed in `T`.
const ENTRIES_PER_SUM: usize = 256;

/// Rows that a thread takes at a time where each gives a result of its own.
const ROWS_PER_TASK: usize = 64;

/// The value of the regression, without the constant `Σ λ_u |x_u|²`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values {
    /// At the coefficients that there were.
    pub(super) before: f64,
    pub(super) after: f64,
}

/// The vectors of conjugate gradients, kept from one regression to the next.
pub(super) struct Scratch<T> {
    /// `C`, `R`, `P` and `H P`, features x f.
    right: Vec<T>,
    r: Vec<T>,
    p: Vec<T>,
    h_p: Vec<T>,
    /// `Λ F P`, rows x f.
    spread: Vec<T>,
}

impl<T: Real> Scratch<T> {
    /// For so many coefficients, and so many numbers of rows.
    pub(super) fn new(coefficients: usize, rows: usize) -> Self {
        let [right, r, p, h_p] = [(); 4].map(|()| vec![T::ZERO; coefficients]);
        Self { right, r, p, h_p, spread: vec![T::ZERO; rows] }
    }
}

/// What the steps of conjugate gradients go over.
pub(super) struct Entries<'a, T> {
    pub(super) features: &'a CsrView<'a, T>,
    pub(super) transposed: &'a CsrView<'a, T>,
    /// `Fᵀ Λ F`, if it is known.
    pub(super) matrix: Option<CsrView<'a, T>>,
    pub(super) inverse_diagonal: &'a [f64],
    pub(super) weights: &'a [f64],
    pub(super) penalty: f64,
    pub(super) f: usize,
}

impl<T: Real> Entries<'_, T> {
    /// Conjugate gradients from `a`, preconditioned by the diagonal.
    pub(super) fn iterate(&self, x: &[T], a: &mut [T], steps: usize, scratch: &mut Scratch<T>) -> Values {
        let (f, inverse) = (self.f, self.inverse_diagonal);
        let steps = if a.iter().all(|&a| a == T::ZERO) { MOST_STEPS } else { steps };
        let Scratch { right, r, p, h_p, spread } = scratch;
        gather(self.transposed, x, Some(self.weights), None, (f, &mut *right));
        self.product(a, h_p, spread);
        for ((r, &c), &h_a) in r.iter_mut().zip(&*right).zip(&*h_p) {
            *r = c - h_a;
        }
        let before = value(a, right, r);
        let enough: Vec<f64> = energies(inverse, right, f).into_iter().map(|e| e * ENOUGH).collect();
        let mut r_z = energies(inverse, r, f);
        let mut beta = vec![0.0; f];
        for _ in 0..steps {
            if r_z.iter().zip(&enough).all(|(r_z, enough)| r_z <= enough) {
                break;
            }
            direct(inverse, &beta, r, p);
            self.product(p, h_p, spread);
            let curvature = column_dots(p, h_p, f);
            let step: Vec<f64> = r_z.iter().zip(&curvature).map(|(r_z, c)| ratio(*r_z, *c)).collect();
            let next = advance(inverse, &step, (a, r), (p, h_p));
            beta = next.iter().zip(&r_z).map(|(next, r_z)| ratio(*next, *r_z)).collect();
            r_z = next;
        }
        Values { before, after: value(a, right, r) }
    }

    /// `(Fᵀ Λ F + λ_A I) V`
    fn product(&self, v: &[T], out: &mut [T], spread: &mut [T]) {
        let (features, weights, f) = (self.features, self.weights, self.f);
        if let Some(matrix) = &self.matrix {
            gather(matrix, v, None, Some((self.penalty, v)), (f, out));
            return;
        }
        spread.par_chunks_mut(ROWS_PER_TASK * f).enumerate().for_each(|(task, out)| {
            kernel::dispatch(Spread { features, v, f, weights, first: task * ROWS_PER_TASK, out });
        });
        gather(self.transposed, spread, None, Some((self.penalty, v)), (f, out));
    }
}

/// `1 / diag(Fᵀ Λ F + λ_A I)`
pub(super) fn inverse_diagonal<T: Real>(
    transposed: &CsrView<'_, T>,
    weights: &[f64],
    penalty: f64,
) -> Vec<f64> {
    let of = |k: usize| -> f64 {
        let row = transposed.row(k);
        let terms =
            row.indices.iter().zip(row.values).map(|(&u, v)| weights[u as usize] * v.to_f64().powi(2));
        (terms.sum::<f64>() + penalty).recip()
    };
    (0..transposed.rows()).into_par_iter().map(of).collect()
}

/// `Fᵀ Λ R` or `Fᵀ R`, each feature from its own entries, and in addition so many times other rows; f numbers each.
fn gather<T: Real>(
    transposed: &CsrView<'_, T>,
    rows: &[T],
    weights: Option<&[f64]>,
    besides: Option<(f64, &[T])>,
    (f, out): (usize, &mut [T]),
) {
    // One by one, as some features have many entries.
    out.par_chunks_mut(f).enumerate().for_each(|(k, out)| {
        kernel::dispatch(Gather { transposed, rows, weights, besides, k, out });
    });
}

/// 0 where there is nothing to divide by: a column that is solved.
fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}

/// `⟨A, H A⟩ − 2 ⟨A, C⟩ = −⟨A, C + R⟩` with the right side `C` and the residual `R = C − H A`.
fn value<T: Real>(a: &[T], right: &[T], r: &[T]) -> f64 {
    let terms = a.iter().zip(right).zip(r).map(|((a, c), r)| a.to_f64() * (c.to_f64() + r.to_f64()));
    -terms.sum::<f64>()
}

/// `P = M⁻¹ R + β P`, with a β for each column.
fn direct<T: Real>(inverse: &[f64], beta: &[f64], r: &[T], p: &mut [T]) {
    let size = ROWS_PER_TASK * beta.len();
    let tasks = p.par_chunks_mut(size).zip(r.par_chunks(size)).zip(inverse.par_chunks(ROWS_PER_TASK));
    tasks.for_each(|((p, r), inverse)| kernel::dispatch(Direct { inverse, beta, r, p }));
}

/// `A += α P` and `R −= α H P` with an α for each column; `r · M⁻¹ r` for each column.
fn advance<T: Real>(
    inverse: &[f64],
    step: &[f64],
    (a, r): (&mut [T], &mut [T]),
    (p, h_p): (&[T], &[T]),
) -> Vec<f64> {
    let size = ROWS_PER_TASK * step.len();
    let changed = a.par_chunks_mut(size).zip(r.par_chunks_mut(size));
    let by = p.par_chunks(size).zip(h_p.par_chunks(size));
    let tasks = changed.zip(by).zip(inverse.par_chunks(ROWS_PER_TASK));
    let parts: Vec<Vec<f64>> = tasks
        .map(|(((a, r), (p, h_p)), inverse)| kernel::dispatch(Advance { inverse, step, a, r, p, h_p }))
        .collect();
    total(&parts, step.len())
}

/// `r · M⁻¹ r` for each of the f columns.
fn energies<T: Real>(inverse: &[f64], r: &[T], f: usize) -> Vec<f64> {
    let tasks = r.par_chunks(ROWS_PER_TASK * f).zip(inverse.par_chunks(ROWS_PER_TASK));
    let parts: Vec<Vec<f64>> = tasks
        .map(|(r, inverse)| {
            let mut sums = vec![0.0; f];
            add_energies(inverse, r, &mut sums);
            sums
        })
        .collect();
    total(&parts, f)
}

#[inline(always)]
fn add_energies<T: Real>(inverse: &[f64], r: &[T], sums: &mut [f64]) {
    for (r, &inverse) in r.chunks_exact(sums.len()).zip(inverse) {
        sums.iter_mut().zip(r).for_each(|(sum, r)| *sum += inverse * r.to_f64() * r.to_f64());
    }
}

/// The sums of parts, one for each column.
fn total(parts: &[Vec<f64>], f: usize) -> Vec<f64> {
    let mut sums = vec![0.0; f];
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    sums
}

/// `a_j · b_j` for each of the f columns.
fn column_dots<T: Real>(a: &[T], b: &[T], f: usize) -> Vec<f64> {
    let tasks = a.par_chunks(ROWS_PER_TASK * f).zip(b.par_chunks(ROWS_PER_TASK * f));
    let parts: Vec<Vec<f64>> = tasks.map(|(a, b)| kernel::dispatch(Dots { a, b, f })).collect();
    total(&parts, f)
}

/// Some rows of [`direct`].
struct Direct<'a, T> {
    inverse: &'a [f64],
    beta: &'a [f64],
    r: &'a [T],
    p: &'a mut [T],
}

impl<T: Real> WithSimd for Direct<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let f = self.beta.len();
        for ((p, r), &inverse) in self.p.chunks_exact_mut(f).zip(self.r.chunks_exact(f)).zip(self.inverse) {
            for ((p, r), &beta) in p.iter_mut().zip(r).zip(self.beta) {
                *p = T::from_f64(inverse * r.to_f64() + beta * p.to_f64());
            }
        }
    }
}

/// Some rows of [`advance`].
struct Advance<'a, T> {
    inverse: &'a [f64],
    step: &'a [f64],
    a: &'a mut [T],
    r: &'a mut [T],
    p: &'a [T],
    h_p: &'a [T],
}

impl<T: Real> WithSimd for Advance<'_, T> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<f64> {
        let f = self.step.len();
        let rows = self.a.chunks_exact_mut(f).zip(self.r.chunks_exact_mut(f));
        for ((a, r), (p, h_p)) in rows.zip(self.p.chunks_exact(f).zip(self.h_p.chunks_exact(f))) {
            for j in 0..f {
                a[j] = T::from_f64(a[j].to_f64() + self.step[j] * p[j].to_f64());
                r[j] = T::from_f64(r[j].to_f64() - self.step[j] * h_p[j].to_f64());
            }
        }
        let mut sums = vec![0.0; f];
        add_energies(self.inverse, self.r, &mut sums);
        sums
    }
}

/// A part of [`column_dots`].
struct Dots<'a, T> {
    a: &'a [T],
    b: &'a [T],
    f: usize,
}

impl<T: Real> WithSimd for Dots<'_, T> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<f64> {
        let mut sums = vec![0.0; self.f];
        for (a, b) in self.a.chunks_exact(self.f).zip(self.b.chunks_exact(self.f)) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a.to_f64() * b.to_f64();
            }
        }
        sums
    }
}

/// Some rows of `Λ F V`.
struct Spread<'a, T> {
    features: &'a CsrView<'a, T>,
    v: &'a [T],
    f: usize,
    weights: &'a [f64],
    first: usize,
    out: &'a mut [T],
}

impl<T: Real> WithSimd for Spread<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let f = self.f;
        for (u, out) in (self.first..).zip(self.out.chunks_exact_mut(f)) {
            out.fill(T::ZERO);
            let (row, weight) = (self.features.row(u), T::from_f64(self.weights[u]));
            for (&k, &value) in row.indices.iter().zip(row.values) {
                let (by, v) = (weight * value, &self.v[k as usize * f..][..f]);
                out.iter_mut().zip(v).for_each(|(out, &v)| *out += by * v);
            }
        }
    }
}

/// A row of `Fᵀ Λ R`. A feature may have as many entries as there are rows, so that sums of some are added up in f64.
struct Gather<'a, T> {
    transposed: &'a CsrView<'a, T>,
    rows: &'a [T],
    weights: Option<&'a [f64]>,
    besides: Option<(f64, &'a [T])>,
    k: usize,
    out: &'a mut [T],
}

impl<T: Real> WithSimd for Gather<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { transposed, rows, weights, besides, k, out } = self;
        let f = out.len();
        let row = transposed.row(k);
        let mut sum = vec![0.0; f];
        if let Some((by, rows)) = besides {
            sum.iter_mut().zip(&rows[k * f..][..f]).for_each(|(sum, x)| *sum = by * x.to_f64());
        }
        for (indices, values) in row.indices.chunks(ENTRIES_PER_SUM).zip(row.values.chunks(ENTRIES_PER_SUM)) {
            out.fill(T::ZERO);
            for (&u, &value) in indices.iter().zip(values) {
                let u = u as usize;
                let by = weights.map_or(value, |weights| T::from_f64(weights[u]) * value);
                out.iter_mut().zip(&rows[u * f..][..f]).for_each(|(out, &x)| *out += by * x);
            }
            sum.iter_mut().zip(&*out).for_each(|(sum, out)| *sum += out.to_f64());
        }
        out.iter_mut().zip(&sum).for_each(|(out, &sum)| *out = T::from_f64(sum));
    }
}

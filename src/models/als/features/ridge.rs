//! The regression of rows of factors on their features.
//!
//! ```text
//! A = argmin Σ_u λ_u |x_u − A f_u|² + λ_A |A|²        (Fᵀ Λ F + λ_A I) A = Fᵀ Λ X
//! ```
//!
//! The matrix is the same in all epochs. With few features its Cholesky factor is made once. With many it is never made:
//! conjugate gradients, one for each of the f columns, side by side, go over the features' entries, from the coefficients of
//! the epoch before.

use faer::linalg::solvers::{Llt, Solve};
use faer::{Mat, Side};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::gram::gram;
use crate::kernel::{self, Real, Simd, WithSimd};
use crate::sparse::{CsrMatrix, CsrView};

/// With at most so many features their matrix is factorized.
const FEW: usize = 512;

/// Conjugate gradients end when the residual's energy is this part of that of the right side, or after so many steps.
const ENOUGH: f64 = 1e-8;
const MOST_STEPS: usize = 30;

/// Rows that are summed together. Fixed, so that no sum depends on the threads.
const ROWS_PER_PART: usize = 4096;

/// Parts held at a time, which bounds the memory.
const PARTS_AT_A_TIME: usize = 16;

/// Rows that a thread takes at a time where each gives a result of its own.
const ROWS_PER_TASK: usize = 64;

/// Rows with so large a part of all features are made dense to be summed.
const DENSE: f64 = 0.25;

/// The value of the regression, without the constant `Σ λ_u |x_u|²`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values {
    /// At the coefficients that there were.
    pub(super) before: f64,
    pub(super) after: f64,
}

/// The regression of one side.
pub(super) struct Ridge<T> {
    f: usize,
    /// `Λ`; 0 for rows that take no part.
    weights: Vec<f64>,
    /// `λ_A`
    pub(super) penalty: f64,
    how: How<T>,
}

enum How<T> {
    Cholesky { matrix: Mat<f64>, factor: Llt<f64> },
    ConjugateGradient { transposed: CsrMatrix<T>, inverse_diagonal: Vec<f64> },
}

impl<T: Real> Ridge<T> {
    /// For factors of f numbers each. `penalty` is above 0.
    pub(super) fn new(features: &CsrView<'_, T>, weights: Vec<f64>, penalty: f64, f: usize) -> Result<Self> {
        let k = features.columns();
        let how = if k <= FEW {
            let mut matrix = products(features, &weights);
            for i in 0..k {
                matrix[(i, i)] += penalty;
            }
            let factor = matrix.llt(Side::Lower).map_err(|_| Error::FeaturesTooLarge)?;
            How::Cholesky { matrix, factor }
        } else {
            let transposed = features.transpose();
            let inverse_diagonal = diagonal(&transposed.view(), &weights, penalty);
            if inverse_diagonal.iter().any(|value| !value.is_finite()) {
                return Err(Error::FeaturesTooLarge);
            }
            How::ConjugateGradient { transposed, inverse_diagonal }
        };
        Ok(Self { f, weights, penalty, how })
    }

    /// Replaces coefficients, features x f, by those of the rows `x`.
    pub(super) fn solve(&self, features: &CsrView<'_, T>, x: &[T], coefficients: &mut [T]) -> Values {
        let start: Vec<f64> = coefficients.iter().map(|a| a.to_f64()).collect();
        let (solution, values) = match &self.how {
            How::Cholesky { matrix, factor } => self.factorized(features, x, start, matrix, factor),
            How::ConjugateGradient { transposed, inverse_diagonal } => {
                self.iterated(features, x, start, &transposed.view(), inverse_diagonal)
            }
        };
        coefficients.iter_mut().zip(solution).for_each(|(a, value)| *a = T::from_f64(value));
        values
    }

    fn factorized(
        &self,
        features: &CsrView<'_, T>,
        x: &[T],
        start: Vec<f64>,
        matrix: &Mat<f64>,
        factor: &Llt<f64>,
    ) -> (Vec<f64>, Values) {
        let (k, f) = (features.columns(), self.f);
        let right = self.summed(features, x);
        // Some columns at a time, so that threads share them; each is the same wherever it is solved.
        let columns: Vec<usize> = (0..f).step_by(8).collect();
        let parts: Vec<(Mat<f64>, f64)> = columns
            .into_par_iter()
            .map(|first| {
                let count = 8.min(f - first);
                let right = Mat::from_fn(k, count, |i, j| right[i * f + first + j]);
                let start = Mat::from_fn(k, count, |i, j| start[i * f + first + j]);
                let product = matrix * &start;
                let sum = |i: usize, j: usize| start[(i, j)] * (product[(i, j)] - 2.0 * right[(i, j)]);
                let before = (0..k * count).map(|at| sum(at / count, at % count)).sum();
                (factor.solve(&right), before)
            })
            .collect();
        let solution: Vec<f64> = (0..k * f).map(|at| parts[at % f / 8].0[(at / f, at % f % 8)]).collect();
        let before = parts.iter().map(|(_, before)| before).sum();
        let after = -solution.iter().zip(&right).map(|(a, b)| a * b).sum::<f64>();
        (solution, Values { before, after })
    }

    fn iterated(
        &self,
        features: &CsrView<'_, T>,
        x: &[T],
        mut a: Vec<f64>,
        transposed: &CsrView<'_, T>,
        inverse_diagonal: &[f64],
    ) -> (Vec<f64>, Values) {
        let f = self.f;
        let right = gathered(transposed, x, Some(&self.weights), f);
        let product = |v: &[f64]| -> Vec<f64> {
            let mut out = gathered(transposed, &self.spread(features, v), None, f);
            out.iter_mut().zip(v).for_each(|(out, v)| *out += self.penalty * v);
            out
        };
        let preconditioned = |r: &[f64]| -> Vec<f64> {
            r.iter().enumerate().map(|(at, r)| r * inverse_diagonal[at / f]).collect()
        };
        // ⟨A, H A⟩ − 2 ⟨A, C⟩ = −⟨A, C + R⟩ with the residual R = C − H A.
        let value = |a: &[f64], r: &[f64]| -> f64 {
            let terms = a.iter().zip(&right).zip(r).map(|((a, c), r)| a * (c + r));
            -terms.sum::<f64>()
        };
        let mut r: Vec<f64> = right.iter().zip(product(&a)).map(|(c, product)| c - product).collect();
        let before = value(&a, &r);
        let enough: Vec<f64> =
            column_dots(&right, &preconditioned(&right), f).into_iter().map(|e| e * ENOUGH).collect();
        let mut z = preconditioned(&r);
        let mut r_z = column_dots(&r, &z, f);
        let mut p = z;
        for _ in 0..MOST_STEPS {
            if r_z.iter().zip(&enough).all(|(r_z, enough)| r_z <= enough) {
                break;
            }
            let h_p = product(&p);
            let curvature = column_dots(&p, &h_p, f);
            let step: Vec<f64> =
                r_z.iter().zip(&curvature).map(|(r_z, c)| if *c > 0.0 { r_z / c } else { 0.0 }).collect();
            for (at, ((a, r), (p, h_p))) in a.iter_mut().zip(&mut r).zip(p.iter().zip(&h_p)).enumerate() {
                *a += step[at % f] * p;
                *r -= step[at % f] * h_p;
            }
            z = preconditioned(&r);
            let next = column_dots(&r, &z, f);
            let beta: Vec<f64> =
                next.iter().zip(&r_z).map(|(next, r_z)| if *r_z > 0.0 { next / r_z } else { 0.0 }).collect();
            for (at, (p, z)) in p.iter_mut().zip(&z).enumerate() {
                *p = z + beta[at % f] * *p;
            }
            r_z = next;
        }
        let after = value(&a, &r);
        (a, Values { before, after })
    }

    /// `Λ F V`, a row for each row of the features.
    fn spread(&self, features: &CsrView<'_, T>, v: &[f64]) -> Vec<T> {
        let f = self.f;
        let mut out = vec![T::ZERO; features.rows() * f];
        out.par_chunks_mut(ROWS_PER_TASK * f).enumerate().for_each(|(task, out)| {
            kernel::dispatch(Spread {
                features,
                v,
                f,
                weights: &self.weights,
                first: task * ROWS_PER_TASK,
                out,
            });
        });
        out
    }

    /// `Fᵀ Λ X` from parts of the rows.
    fn summed(&self, features: &CsrView<'_, T>, x: &[T]) -> Vec<f64> {
        let (k, f) = (features.columns(), self.f);
        let mut sum = vec![0.0; k * f];
        let firsts: Vec<usize> = (0..features.rows()).step_by(ROWS_PER_PART).collect();
        for group in firsts.chunks(PARTS_AT_A_TIME) {
            let part = |&first: &usize| -> Vec<f64> {
                let mut out = vec![0.0; k * f];
                let (weights, out_) = (&self.weights, &mut out);
                kernel::dispatch(Sum { features, x, f, weights, first, out: out_ });
                out
            };
            let parts: Vec<Vec<f64>> = group.par_iter().map(part).collect();
            for part in &parts {
                sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            }
        }
        sum
    }
}

/// `Fᵀ Λ F`
fn products<T: Real>(features: &CsrView<'_, T>, weights: &[f64]) -> Mat<f64> {
    let k = features.columns();
    let mut sum = vec![0.0; k * k];
    let is_dense = features.stored() as f64 > DENSE * (features.rows() * k) as f64;
    let firsts: Vec<usize> = (0..features.rows()).step_by(ROWS_PER_PART).collect();
    for group in firsts.chunks(PARTS_AT_A_TIME) {
        let last = features.rows().min(group[group.len() - 1] + ROWS_PER_PART);
        if is_dense {
            let mut rows = vec![T::ZERO; (last - group[0]) * k];
            rows.par_chunks_mut(k).zip(group[0]..last).for_each(|(out, u)| {
                let (row, root) = (features.row(u), T::from_f64(weights[u].sqrt()));
                row.indices.iter().zip(row.values).for_each(|(&k, &v)| out[k as usize] = v * root);
            });
            sum.iter_mut().zip(gram(&rows, k)).for_each(|(sum, part)| *sum += part);
            continue;
        }
        // The lower triangle; few entries to a row, so that one thread is fast enough.
        for u in group[0]..last {
            let row = features.row(u);
            for (at, (&i, &v)) in row.indices.iter().zip(row.values).enumerate() {
                let weighted = weights[u] * v.to_f64();
                let out = &mut sum[i as usize * k..];
                for (&j, &other) in row.indices[..=at].iter().zip(row.values) {
                    out[j as usize] += weighted * other.to_f64();
                }
            }
        }
    }
    Mat::from_fn(k, k, |i, j| sum[i.max(j) * k + i.min(j)])
}

/// `1 / diag(Fᵀ Λ F + λ_A I)`
fn diagonal<T: Real>(transposed: &CsrView<'_, T>, weights: &[f64], penalty: f64) -> Vec<f64> {
    let of = |k: usize| -> f64 {
        let row = transposed.row(k);
        let terms = row.indices.iter().zip(row.values).map(|(&u, v)| weights[u as usize] * v.to_f64().powi(2));
        (terms.sum::<f64>() + penalty).recip()
    };
    (0..transposed.rows()).into_par_iter().map(of).collect()
}

/// `Fᵀ Λ R` or `Fᵀ R`, each feature from its own entries.
fn gathered<T: Real>(
    transposed: &CsrView<'_, T>,
    rows: &[T],
    weights: Option<&[f64]>,
    f: usize,
) -> Vec<f64> {
    let mut out = vec![0.0; transposed.rows() * f];
    out.par_chunks_mut(f).enumerate().with_min_len(8).for_each(|(k, out)| {
        kernel::dispatch(Gather { transposed, rows, weights, k, out });
    });
    out
}

/// `a_j · b_j` for each of the f columns.
fn column_dots(a: &[f64], b: &[f64], f: usize) -> Vec<f64> {
    let parts: Vec<Vec<f64>> = a
        .par_chunks(ROWS_PER_PART * f)
        .zip(b.par_chunks(ROWS_PER_PART * f))
        .map(|(a, b)| {
            let mut sums = vec![0.0; f];
            for (a, b) in a.chunks_exact(f).zip(b.chunks_exact(f)) {
                sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
            }
            sums
        })
        .collect();
    (0..f).map(|j| parts.iter().map(|sums| sums[j]).sum()).collect()
}

/// Some rows of `Λ F V`.
struct Spread<'a, T> {
    features: &'a CsrView<'a, T>,
    v: &'a [f64],
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
        let mut sum = vec![0.0; f];
        for (u, out) in (self.first..).zip(self.out.chunks_exact_mut(f)) {
            sum.fill(0.0);
            let row = self.features.row(u);
            for (&k, value) in row.indices.iter().zip(row.values) {
                let (by, v) = (self.weights[u] * value.to_f64(), &self.v[k as usize * f..][..f]);
                sum.iter_mut().zip(v).for_each(|(sum, v)| *sum += by * v);
            }
            out.iter_mut().zip(&sum).for_each(|(out, &sum)| *out = T::from_f64(sum));
        }
    }
}

/// The sum `Fᵀ Λ X` over a part of the rows.
struct Sum<'a, T> {
    features: &'a CsrView<'a, T>,
    x: &'a [T],
    f: usize,
    weights: &'a [f64],
    first: usize,
    out: &'a mut [f64],
}

impl<T: Real> WithSimd for Sum<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let f = self.f;
        for u in self.first..self.features.rows().min(self.first + ROWS_PER_PART) {
            let (row, x) = (self.features.row(u), &self.x[u * f..][..f]);
            for (&k, value) in row.indices.iter().zip(row.values) {
                let by = self.weights[u] * value.to_f64();
                let out = &mut self.out[k as usize * f..][..f];
                out.iter_mut().zip(x).for_each(|(out, x)| *out += by * x.to_f64());
            }
        }
    }
}

/// One row of `Fᵀ Λ R`.
struct Gather<'a, T> {
    transposed: &'a CsrView<'a, T>,
    rows: &'a [T],
    weights: Option<&'a [f64]>,
    k: usize,
    out: &'a mut [f64],
}

impl<T: Real> WithSimd for Gather<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let f = self.out.len();
        let row = self.transposed.row(self.k);
        for (&u, value) in row.indices.iter().zip(row.values) {
            let u = u as usize;
            let by = self.weights.map_or(1.0, |weights| weights[u]) * value.to_f64();
            self.out.iter_mut().zip(&self.rows[u * f..][..f]).for_each(|(out, x)| *out += by * x.to_f64());
        }
    }
}

//! The regression of rows of factors on their features.
//!
//! ```text
//! A = argmin Σ_u λ_u |x_u − A f_u|² + λ_A |A|²        (Fᵀ Λ F + λ_A I) A = Fᵀ Λ X
//! ```
//!
//! The matrix is the same in all epochs. With few features its Cholesky factor is made once. With many,
//! conjugate gradients, one for each of the f columns, side by side, go over the features' entries, from the coefficients of
//! the epoch before.

use faer::linalg::solvers::{Llt, Solve};
use faer::{Mat, Side};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::gram::gram;
use crate::kernel::{self, Real, Simd, WithSimd};
use crate::models::als::features::iteration::{
    Entries, MOST_STEPS, STEPS, Scratch, Values, inverse_diagonal,
};
use crate::observer::Observer;
use crate::rank::pairs::best_partners;
use crate::sparse::{CsrMatrix, CsrView};

/// With at most so many features their matrix is factorized.
const FEW: usize = 512;

/// With more pairs of features than this that meet in a row, or more for each entry, their sparse matrix is not tried: it would
/// take too much memory while it is made.
const MOST_PAIRS: usize = 1 << 25;
const PAIRS_PER_ENTRY: usize = 16;

/// Its products read coefficients, which lie close together, and those of the features a row for each entry: so many of its
/// entries cost as much as one of theirs.
const CHEAPER: usize = 4;

/// Columns that a thread solves at a time.
const COLUMNS: usize = 8;

/// Rows that are summed together. Fixed, so that no sum depends on the threads.
const ROWS_PER_PART: usize = 4096;

/// Parts held at a time, which bounds the memory.
const PARTS_AT_A_TIME: usize = 16;

/// Rows with so large a part of all features are made dense to be summed.
const DENSE: f64 = 0.25;

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
    Cholesky {
        matrix: Mat<f64>,
        factor: Llt<f64>,
    },
    ConjugateGradient {
        transposed: CsrMatrix<T>,
        matrix: Option<CsrMatrix<T>>,
        inverse_diagonal: Vec<f64>,
        scratch: Scratch<T>,
    },
}

impl<T: Real> Ridge<T> {
    /// For factors of f numbers each. `penalty` is above 0.
    pub(super) fn new(
        features: &CsrView<'_, T>,
        weights: Vec<f64>,
        penalty: f64,
        f: usize,
        observer: &dyn Observer,
    ) -> Result<Self> {
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
            let inverse_diagonal = inverse_diagonal(&transposed.view(), &weights, penalty);
            if inverse_diagonal.iter().any(|value| !value.is_finite()) {
                return Err(Error::FeaturesTooLarge);
            }
            let scratch = Scratch::new(k * f, features.rows() * f);
            let matrix = sparse_products(features, &weights, observer)?;
            How::ConjugateGradient { transposed, matrix, inverse_diagonal, scratch }
        };
        Ok(Self { f, weights, penalty, how })
    }

    /// Replaces coefficients, features x f, by those of the rows `x`.
    pub(super) fn solve(&mut self, features: &CsrView<'_, T>, x: &[T], coefficients: &mut [T]) -> Values {
        self.solve_in(features, x, coefficients, STEPS)
    }

    /// Likewise with as many steps as it takes.
    pub(super) fn solve_exactly(
        &mut self,
        features: &CsrView<'_, T>,
        x: &[T],
        coefficients: &mut [T],
    ) -> Values {
        self.solve_in(features, x, coefficients, MOST_STEPS)
    }

    fn solve_in(
        &mut self,
        features: &CsrView<'_, T>,
        x: &[T],
        coefficients: &mut [T],
        steps: usize,
    ) -> Values {
        let Self { f, weights, penalty, how } = self;
        match how {
            How::Cholesky { matrix, factor } => {
                let right = summed(features, x, weights, *f);
                factorized(&right, coefficients, matrix, factor)
            }
            How::ConjugateGradient { transposed, matrix, inverse_diagonal, scratch } => {
                let (transposed, inverse_diagonal) = (&transposed.view(), &inverse_diagonal[..]);
                let matrix = matrix.as_ref().map(CsrMatrix::view);
                let (penalty, f) = (*penalty, *f);
                let entries = Entries { features, transposed, matrix, inverse_diagonal, weights, penalty, f };
                entries.iterate(x, coefficients, steps, scratch)
            }
        }
    }
}

/// The exact solution for a right side, features x f.
fn factorized<T: Real>(
    right: &[f64],
    coefficients: &mut [T],
    matrix: &Mat<f64>,
    factor: &Llt<f64>,
) -> Values {
    let k = matrix.nrows();
    let f = right.len() / k;
    // Some columns at a time, so that threads share them; each is the same wherever it is solved.
    let columns: Vec<usize> = (0..f).step_by(COLUMNS).collect();
    let start = &*coefficients;
    let parts: Vec<(Mat<f64>, f64)> = columns
        .into_par_iter()
        .map(|first| {
            let count = COLUMNS.min(f - first);
            let right = Mat::from_fn(k, count, |i, j| right[i * f + first + j]);
            let start = Mat::from_fn(k, count, |i, j| start[i * f + first + j].to_f64());
            let product = matrix * &start;
            let term = |i: usize, j: usize| start[(i, j)] * (product[(i, j)] - 2.0 * right[(i, j)]);
            let before = (0..k * count).map(|at| term(at / count, at % count)).sum();
            (factor.solve(&right), before)
        })
        .collect();
    let (mut before, mut after) = (0.0, 0.0);
    for (part, (solution, value)) in parts.iter().enumerate() {
        before += value;
        for (i, j) in (0..k).flat_map(|i| (0..solution.ncols()).map(move |j| (i, j))) {
            let at = i * f + part * COLUMNS + j;
            after -= solution[(i, j)] * right[at];
            coefficients[at] = T::from_f64(solution[(i, j)]);
        }
    }
    Values { before, after }
}

/// `Fᵀ Λ X` from parts of the rows.
fn summed<T: Real>(features: &CsrView<'_, T>, x: &[T], weights: &[f64], f: usize) -> Vec<f64> {
    let k = features.columns();
    let mut sum = vec![0.0; k * f];
    let firsts: Vec<usize> = (0..features.rows()).step_by(ROWS_PER_PART).collect();
    for group in firsts.chunks(PARTS_AT_A_TIME) {
        let part = |&first: &usize| -> Vec<f64> {
            let mut out = vec![0.0; k * f];
            kernel::dispatch(Sum { features, x, f, weights, first, out: &mut out });
            out
        };
        let parts: Vec<Vec<f64>> = group.par_iter().map(part).collect();
        for part in &parts {
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
    }
    sum
}

/// `Fᵀ Λ F` as a sparse matrix, if its products are cheaper than going over the entries of the features twice.
fn sparse_products<T: Real>(
    features: &CsrView<'_, T>,
    weights: &[f64],
    observer: &dyn Observer,
) -> Result<Option<CsrMatrix<T>>> {
    let k = features.columns();
    let rows = || (0..features.rows()).filter(|&u| weights[u] > 0.0).map(|u| (features.row(u), weights[u]));
    let pairs: usize = rows().map(|(row, _)| row.indices.len().pow(2)).sum();
    let most = pairs.min(k.saturating_mul(k));
    if most > MOST_PAIRS || most > PAIRS_PER_ENTRY * features.stored() {
        return Ok(None);
    }
    let scaled = rows().map(|(row, weight)| {
        let root = T::from_f64(weight.sqrt());
        (row.indices.to_vec(), row.values.iter().map(|&value| value * root).collect())
    });
    let scaled = CsrMatrix::of_rows(k, scaled.collect());
    let found = best_partners(&scaled.view(), k.max(1), true, &vec![(); k], |(), ()| 1.0, observer)?;
    Ok((found.view().stored() <= CHEAPER * features.stored()).then_some(found))
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

//! The basis in which the Gram matrix of a side is the identity.
//!
//! Every row's system has the same dense part `M = w0 YᵀY + λI`. With the eigendecomposition
//! `YᵀY = Q diag(l) Qᵀ`, the change of variables `z = y Q W`, `x̃ = x Q W⁻¹`, where
//! `W = diag(w0 l + λ)^(−1/2)`, makes it the identity and leaves every score `x·y` as it is. A product with
//! the dense part then costs `f` operations instead of `f²`, and conjugate gradients start preconditioned.
//!
//! A direction in which all of `Y` vanishes (hardly any regularization, more factors than rank) has nothing to
//! say about any score: its `W` is set to 0, so the solution is 0 there.

use faer::{Mat, Side};
use rayon::prelude::*;

use crate::kernel::{Real, pack, padded};

/// Rows of a product that a thread takes at a time.
const ROWS_PER_BLOCK: usize = 128;

/// An `f × f` matrix in f64, row-major.
#[derive(Clone)]
pub(crate) struct Square {
    pub(crate) f: usize,
    pub(crate) values: Vec<f64>,
}

impl Square {
    pub(crate) fn identity(f: usize) -> Self {
        Self { f, values: (0..f * f).map(|at| if at / f == at % f { 1.0 } else { 0.0 }).collect() }
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.f + j]
    }

    pub(crate) fn transposed(&self) -> Self {
        let f = self.f;
        Self { f, values: (0..f * f).map(|at| self.at(at % f, at / f)).collect() }
    }

    /// Packed for [`kernel::rotate`].
    pub(crate) fn packed<T: Real>(&self) -> Vec<T> {
        let rows: Vec<T> = self.values.iter().map(|&value| T::from_f64(value)).collect();
        let mut panels = vec![T::ZERO; self.f * padded(self.f)];
        pack(&rows, self.f, &mut panels);
        panels
    }

    /// `self · diag(scale)`
    pub(crate) fn scaled(&self, scale: &[f64]) -> Self {
        let f = self.f;
        Self { f, values: (0..f * f).map(|at| self.values[at] * scale[at % f]).collect() }
    }

    /// `self · other`, in blocks of rows that threads share.
    pub(crate) fn times(&self, other: &Self) -> Self {
        let f = self.f;
        let right = Mat::from_fn(f, f, |i, j| other.at(i, j));
        let mut values = vec![0.0; f * f];
        let blocks =
            values.par_chunks_mut(ROWS_PER_BLOCK * f).zip(self.values.par_chunks(ROWS_PER_BLOCK * f));
        blocks.for_each(|(out, rows)| {
            let product = Mat::from_fn(rows.len() / f, f, |i, j| rows[i * f + j]) * &right;
            for (at, out) in out.iter_mut().enumerate() {
                *out = product[(at / f, at % f)];
            }
        });
        Self { f, values }
    }
}

/// The change of variables that whitens the dense part for one regularization.
pub(crate) struct Basis {
    /// `Q`: the eigenvectors are its columns, that of the largest eigenvalue first.
    pub(crate) q: Square,
    /// `w0 l`, the dense part without regularization; 0 where the direction is left alone.
    dense: Vec<f64>,
    /// `diag(W)`, 0 where the direction is left alone.
    pub(crate) w: Vec<f64>,
}

/// The eigendecomposition `Q diag(l) Qᵀ` of a Gram matrix.
#[derive(Clone)]
pub(crate) struct Eigen {
    /// `Q`: the eigenvectors are its columns, that of the largest eigenvalue first.
    pub(crate) q: Square,
    /// `l`, none below 0.
    pub(crate) values: Vec<f64>,
}

impl Eigen {
    /// Of the symmetric `gram`; `None` if it holds a NaN or an infinity.
    pub(crate) fn of(gram: &[f64], f: usize) -> Option<Self> {
        if gram.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let eigen = Mat::from_fn(f, f, |i, j| gram[i * f + j]).self_adjoint_eigen(Side::Lower).ok()?;
        let (vectors, l) = (eigen.U(), eigen.S().column_vector());
        let values = (0..f * f).map(|at| vectors[(at / f, f - 1 - at % f)]).collect();
        Some(Self { q: Square { f, values }, values: (0..f).map(|k| l[f - 1 - k].max(0.0)).collect() })
    }
}

impl Basis {
    /// The basis for the symmetric `gram` of factors in `T`, weight `w0` and regularization `λ`.
    /// `None` if `gram` holds a NaN or an infinity.
    pub(crate) fn new<T: Real>(gram: &[f64], f: usize, w0: f64, regularization: f64) -> Option<Self> {
        Some(Self::of::<T>(Eigen::of(gram, f)?, w0, regularization))
    }

    /// Likewise from its eigendecomposition.
    pub(crate) fn of<T: Real>(eigen: Eigen, w0: f64, regularization: f64) -> Self {
        let Eigen { q, values } = eigen;
        let f = q.f;
        let largest = values.iter().fold(0.0_f64, |largest, &l| largest.max(l));
        // What rounding leaves of an exact zero, in parts of the largest: packs of rows are summed in T.
        let rounding = T::EPSILON.to_f64().max(16.0 * f as f64 * f64::EPSILON);
        let mut basis = Self { q, dense: vec![0.0; f], w: vec![0.0; f] };
        for (k, eigenvalue) in values.into_iter().enumerate() {
            let diagonal = w0 * eigenvalue + regularization;
            if diagonal > rounding * w0 * largest && diagonal > 0.0 {
                basis.dense[k] = w0 * eigenvalue;
                basis.w[k] = diagonal.sqrt().recip();
            }
        }
        basis
    }

    /// `W⁻¹`, 0 where the direction is left alone.
    pub(crate) fn inverse_w(&self) -> Vec<f64> {
        self.w.iter().map(|&w| if w > 0.0 { w.recip() } else { 0.0 }).collect()
    }

    /// `E = (s w0 l + λ_u) W²`, the diagonal that a row with its own regularization has in this basis which a part `s` of
    /// the side has seen, and `E⁻¹`. Padding and directions left alone get 1.
    pub(crate) fn diagonal<T: Real>(&self, regularization: f64, seen: f64, e: &mut [T], inverse: &mut [T]) {
        e.fill(T::ONE);
        inverse.fill(T::ONE);
        for (k, (&dense, &w)) in self.dense.iter().zip(&self.w).enumerate() {
            if w > 0.0 {
                let diagonal = (seen * dense + regularization) * w * w;
                e[k] = T::from_f64(diagonal);
                inverse[k] = T::from_f64(diagonal.recip());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_several_blocks_are_those_of_plain_loops_on_any_threads() {
        let f = ROWS_PER_BLOCK + 3;
        let square = |seed: usize| {
            let values = (0..f * f).map(|at| ((at * seed) % 97) as f64 / 97.0 - 0.5).collect();
            Square { f, values }
        };
        let (a, b) = (square(31), square(53));
        let product = |threads| crate::pool::run(threads, || a.times(&b)).expect("there are threads").values;
        let found = product(1);
        assert_eq!(found, product(3));
        for (i, j) in (0..f).flat_map(|i| (0..f).map(move |j| (i, j))) {
            let expected: f64 = (0..f).map(|k| a.at(i, k) * b.at(k, j)).sum();
            assert!((found[i * f + j] - expected).abs() < 1e-12, "{i}, {j}");
        }
        let scales: Vec<f64> = (0..f).map(|k| k as f64).collect();
        assert_eq!(a.scaled(&scales).at(2, 5).to_bits(), (5.0 * a.at(2, 5)).to_bits());
    }
}

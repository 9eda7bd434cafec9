//! One row's linear system, in the basis where its dense part is diagonal.
//!
//! ```text
//! (E + Zᵀ D Z) x = Zᵀ t      E = diag(e),  D = diag(c − w0),  t = c p
//! ```
//!
//! `Z` are the rows of the fixed side that the row has entries for, read through their indices.

use crate::als::objective::Objective;
use crate::kernel::{self, Real};
use crate::sparse::Row;

/// The coefficients of a row's system. Reused from row to row.
pub(crate) struct System<'a, T> {
    fixed: &'a [T],
    f: usize,
    /// Which rows of the fixed side take part.
    indices: &'a [i32],
    /// `D`
    weights: Vec<T>,
    /// `t`
    targets: Vec<T>,
    /// `E`
    pub(crate) diagonal: Vec<T>,
    /// `Σ c p²`, the loss of this row at `x = 0`.
    pub(crate) constant: f64,
}

impl<'a, T: Real> System<'a, T> {
    pub(crate) fn new(fixed: &'a [T], f: usize) -> Self {
        Self {
            fixed,
            f,
            indices: &[],
            weights: Vec::new(),
            targets: Vec::new(),
            diagonal: vec![T::ONE; f],
            constant: 0.0,
        }
    }

    /// Takes the entries of another row.
    pub(crate) fn set(&mut self, row: Row<'a, T>, objective: &Objective) {
        self.indices = row.indices;
        self.weights.clear();
        self.targets.clear();
        self.constant = 0.0;
        for r in row.values {
            let entry = objective.entry(r.to_f64());
            self.weights.push(T::from_f64(entry.weight));
            self.targets.push(T::from_f64(entry.target));
            self.constant += entry.target;
        }
    }

    /// `(z, d, t)` of each entry.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a [T], T, T)> + '_ {
        let (fixed, f) = (self.fixed, self.f);
        self.indices.iter().zip(&self.weights).zip(&self.targets).map(move |((&index, &d), &t)| {
            let start = index as usize * f;
            (&fixed[start..start + f], d, t)
        })
    }

    /// `out = Σ (a t − d (z·v)) z − E v`, and returns `Σ t (z·v)`, which is `b·v`.
    ///
    /// With `a = 1` and `v = x` this is the residual of `x`; with `a = 0`, minus the matrix times `v`.
    pub(crate) fn residual(&self, a: T, v: &[T], out: &mut [T]) -> T {
        for ((out, &e), &v) in out.iter_mut().zip(&self.diagonal).zip(v) {
            *out = -(e * v);
        }
        let mut b_v = T::ZERO;
        for (z, d, t) in self.entries() {
            let score = kernel::dot(z, v);
            b_v += t * score;
            kernel::axpy(a * t - d * score, z, out);
        }
        b_v
    }
}

//! The exact solution of one row's system by a Cholesky factorization (faer).

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::{MatMut, Par};

use crate::gram::ROWS_PER_PACK;
use crate::kernel::vector::{axpy, dot};
use crate::kernel::{self, Gathered, Real, Simd, Stored, WIDTH, pack};

/// `Zᵀ D Z` in f64 (panels on and below the diagonal) and `Zᵀ t`, for some entries of a row.
pub(crate) struct Normal<T> {
    pub(crate) matrix: Vec<f64>,
    pub(crate) b: Vec<T>,
}

impl<T: Real> Normal<T> {
    pub(crate) fn new(width: usize) -> Self {
        Self { matrix: vec![0.0; width * width], b: vec![T::ZERO; width] }
    }

    fn clear(&mut self) {
        self.matrix.fill(0.0);
        self.b.fill(T::ZERO);
    }

    /// The trace of `Zᵀ D Z`: how far the entries outweigh what a row shares with all others.
    pub(crate) fn load(&self) -> f64 {
        let width = self.b.len();
        (0..width).map(|i| self.matrix[i * width + i]).sum()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.matrix.iter_mut().zip(&other.matrix).for_each(|(sum, part)| *sum += part);
        self.b.iter_mut().zip(&other.b).for_each(|(sum, &part)| *sum += part);
    }
}

/// Scratch for summing entries: rows in full precision, and packed twice.
pub(crate) struct Packs<T> {
    rows: Vec<T>,
    left: Vec<T>,
    right: Vec<T>,
}

impl<T: Real> Packs<T> {
    pub(crate) fn new(width: usize) -> Self {
        let rows = || vec![T::ZERO; ROWS_PER_PACK * width];
        Self { rows: rows(), left: rows(), right: rows() }
    }

    /// Adds entries to the normal equations.
    #[inline(always)]
    pub(crate) fn sum<S: Simd, G: Stored<T>>(
        &mut self,
        simd: S,
        entries: Gathered<'_, T, G>,
        normal: &mut Normal<T>,
    ) {
        let width = normal.b.len();
        let n = entries.len();
        for first in (0..n).step_by(ROWS_PER_PACK) {
            let range = first..n.min(first + ROWS_PER_PACK);
            let count = range.len();
            let rows = &mut self.rows[..count * width];
            let (left, right) = (&mut self.left[..count * width], &mut self.right[..count * width]);
            entries.copy_rows(simd, range.clone(), rows);
            for (row, &t) in rows.chunks_exact(width).zip(&entries.targets[range.clone()]) {
                axpy(simd, t, row, &mut normal.b);
            }
            pack(rows, width, right);
            left.copy_from_slice(right);
            for (at, values) in left.chunks_exact_mut(WIDTH).enumerate() {
                let d = entries.weights[first + at % count];
                for value in values {
                    *value *= d;
                }
            }
            kernel::gram(simd, left, right, count, &mut normal.matrix);
        }
    }
}

/// The matrix of the system, reused from row to row.
pub(crate) struct Cholesky<T> {
    f: usize,
    pub(crate) normal: Normal<T>,
    packs: Packs<T>,
    matrix: Vec<T>,
    workspace: MemBuffer,
}

impl<T: Real> Cholesky<T> {
    pub(crate) fn new(f: usize, width: usize) -> Self {
        let request = llt::factor::cholesky_in_place_scratch::<T>(f, Par::Seq, faer::Spec::default());
        Self {
            f,
            normal: Normal::new(width),
            packs: Packs::new(width),
            matrix: vec![T::ZERO; f * f],
            workspace: MemBuffer::new(request),
        }
    }

    /// Sets `x` to the solution and returns `b·x`, by which the row's loss is below its constant.
    /// A matrix that is not positive in this precision gives NaN.
    #[inline(always)]
    pub(crate) fn solve<S: Simd, G: Stored<T>>(
        &mut self,
        simd: S,
        entries: Gathered<'_, T, G>,
        e: &[T],
        pull: Option<&[T]>,
        x: &mut [T],
    ) -> f64 {
        self.normal.clear();
        self.packs.sum(simd, entries, &mut self.normal);
        if let Some(pull) = pull {
            axpy(simd, T::ONE, pull, &mut self.normal.b);
        }
        let Self { f, normal, matrix, workspace, .. } = self;
        solve_normal(*f, normal, e, matrix, workspace, x);
        dot(simd, &self.normal.b, x).to_f64()
    }
}

/// Solves `(E + Zᵀ D Z) x = b`; `x` becomes NaN if the matrix is not positive.
pub(crate) fn solve_normal<T: Real>(
    f: usize,
    normal: &Normal<T>,
    e: &[T],
    matrix: &mut [T],
    workspace: &mut MemBuffer,
    x: &mut [T],
) {
    let width = normal.b.len();
    for i in 0..f {
        for j in 0..=i {
            // Column-major for faer, which reads the lower triangle.
            matrix[j * f + i] = T::from_f64(normal.matrix[i * width + j]);
        }
        matrix[i * f + i] += e[i];
    }
    x.copy_from_slice(&normal.b);
    let mut matrix = MatMut::from_column_major_slice_mut(matrix, f, f);
    let stack = MemStack::new(workspace);
    let regularization = llt::factor::LltRegularization::default();
    if llt::factor::cholesky_in_place(matrix.as_mut(), regularization, Par::Seq, stack, faer::Spec::default())
        .is_err()
    {
        x.fill(T::NAN);
        return;
    }
    let solution = MatMut::from_column_major_slice_mut(&mut x[..f], f, 1);
    llt::solve::solve_in_place(matrix.as_ref(), solution, Par::Seq, stack);
}

//! The exact solution of one row's system by a Cholesky factorization (faer).

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::{MatMut, Par};

use crate::als::system::System;
use crate::kernel::{self, Real};

/// The matrix of the system, reused from row to row.
pub(crate) struct Cholesky<T> {
    matrix: Vec<T>,
    workspace: MemBuffer,
    b: Vec<T>,
}

impl<T: Real> Cholesky<T> {
    pub(crate) fn new(f: usize) -> Self {
        let request = llt::factor::cholesky_in_place_scratch::<T>(f, Par::Seq, faer::Spec::default());
        Self { matrix: vec![T::ZERO; f * f], workspace: MemBuffer::new(request), b: vec![T::ZERO; f] }
    }

    /// Sets `x` to the solution and returns `b·x`, by which the row's loss is below its constant.
    /// A matrix that is not positive in this precision gives NaN.
    pub(crate) fn solve(&mut self, system: &System<'_, T>, x: &mut [T]) -> f64 {
        let f = x.len();
        self.matrix.fill(T::ZERO);
        self.b.fill(T::ZERO);
        for (k, &e) in system.diagonal.iter().enumerate() {
            self.matrix[k * f + k] = e;
        }
        for (z, d, t) in system.entries() {
            kernel::axpy(t, z, &mut self.b);
            for (i, &left) in z.iter().enumerate() {
                kernel::axpy(d * left, &z[i..], &mut self.matrix[i * f + i..(i + 1) * f]);
            }
        }
        // The upper triangle by rows is the lower one by columns.
        let mut matrix = MatMut::from_column_major_slice_mut(&mut self.matrix, f, f);
        let stack = MemStack::new(&mut self.workspace);
        let factored = llt::factor::cholesky_in_place(
            matrix.as_mut(),
            llt::factor::LltRegularization::default(),
            Par::Seq,
            stack,
            faer::Spec::default(),
        );
        if factored.is_err() {
            x.fill(T::NAN);
            return f64::NAN;
        }
        x.copy_from_slice(&self.b);
        let solution = MatMut::from_column_major_slice_mut(x, f, 1);
        llt::solve::solve_in_place(matrix.as_ref(), solution, Par::Seq, stack);
        kernel::dot(&self.b, x).to_f64()
    }
}

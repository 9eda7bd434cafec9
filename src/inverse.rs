//! The inverse of a large symmetric positive definite matrix, in the memory of two of them.
//!
//! By the Cholesky factorization `A = L Lᵀ` and `A⁻¹ = L⁻ᵀ L⁻¹`, in blocks of columns: the blocks of a step are shared
//! by the threads of the pool, and between steps there is time to hear whether to stop. Within a block faer works.
//! Blocks are cut at fixed places, so that the bits do not depend on the threads.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::kernel::Real;
use crate::observer::Observer;

/// Columns of a block.
const COLUMNS: usize = if cfg!(test) { 8 } else { 128 };

/// Rows that a thread takes at a time.
const ROWS: usize = if cfg!(test) { 8 } else { 256 };

/// How often each column is worked on, for whoever counts: see [`invert`].
pub(crate) const PASSES: usize = 3;

/// Replaces `matrix`, of which the lower triangle is read, by its inverse, both triangles; column after column or row
/// after row, as it is symmetric. `spare` is as large; what it holds does not matter.
///
/// `observer` hears of every column [`PASSES`] times. An error if the matrix is not positive definite.
pub(crate) fn invert<T: Real>(
    matrix: &mut [T],
    spare: &mut [T],
    n: usize,
    observer: &dyn Observer,
) -> Result<()> {
    assert!(matrix.len() == n * n && spare.len() == n * n);
    if n == 0 {
        return Ok(());
    }
    factor(matrix, n, observer)?;
    invert_factor(matrix, spare, n, observer)?;
    multiply(spare, matrix, n, observer)?;
    mirror(matrix, spare, n);
    Ok(())
}

/// `L` in place of the lower triangle of `A`, block after block from the left.
fn factor<T: Real>(matrix: &mut [T], n: usize, observer: &dyn Observer) -> Result<()> {
    for first in (0..n).step_by(COLUMNS) {
        check(observer)?;
        let width = COLUMNS.min(n - first);
        let (done, rest) = matrix.split_at_mut(first * n);
        let done = MatRef::from_column_major_slice(&*done, n, first);
        let block = MatMut::from_column_major_slice_mut(&mut rest[..width * n], n, width);
        let (_, mut block) = block.split_at_row_mut(first);
        let across = done.subrows(first, width).transpose();
        in_rows(block.as_mut(), first, &|rows, at| {
            let left = done.subrows(at, rows.nrows());
            matmul(rows, Accum::Add, left, across, -T::ONE, Par::Seq);
        });
        let (mut corner, below) = block.split_at_row_mut(width);
        let request = llt::factor::cholesky_in_place_scratch::<T>(width, Par::Seq, faer::Spec::default());
        let mut buffer = MemBuffer::new(request);
        let (regularization, spec) = (llt::factor::LltRegularization::default(), faer::Spec::default());
        let factored = llt::factor::cholesky_in_place(
            corner.as_mut(),
            regularization,
            Par::Seq,
            MemStack::new(&mut buffer),
            spec,
        );
        if factored.is_err() {
            return Err(Error::NotPositiveDefinite);
        }
        let corner = corner.as_ref();
        in_rows(below, 0, &|rows, _| solve_lower_triangular_in_place(corner, rows.transpose_mut(), Par::Seq));
        observer.progress(width as u64);
    }
    Ok(())
}

/// `L⁻¹` below the diagonal of `inverse`, each block of columns by itself.
fn invert_factor<T: Real>(factor: &[T], inverse: &mut [T], n: usize, observer: &dyn Observer) -> Result<()> {
    let factor = MatRef::from_column_major_slice(factor, n, n);
    inverse.par_chunks_mut(COLUMNS * n).enumerate().try_for_each(|(number, columns)| {
        check(observer)?;
        let (first, width) = (number * COLUMNS, columns.len() / n);
        columns.fill(T::ZERO);
        for column in 0..width {
            columns[column * n + first + column] = T::ONE;
        }
        let block = MatMut::from_column_major_slice_mut(columns, n, width);
        let (_, block) = block.split_at_row_mut(first);
        let size = n - first;
        solve_lower_triangular_in_place(factor.submatrix(first, first, size, size), block, Par::Seq);
        observer.progress(width as u64);
        Ok(())
    })
}

/// The lower triangle of `L⁻ᵀ L⁻¹`, each block of columns by itself.
fn multiply<T: Real>(inverse: &[T], product: &mut [T], n: usize, observer: &dyn Observer) -> Result<()> {
    let inverse = MatRef::from_column_major_slice(inverse, n, n);
    product.par_chunks_mut(COLUMNS * n).enumerate().try_for_each(|(number, columns)| {
        check(observer)?;
        let (first, width) = (number * COLUMNS, columns.len() / n);
        let block = MatMut::from_column_major_slice_mut(columns, n, width);
        let (_, block) = block.split_at_row_mut(first);
        let size = n - first;
        triangular::matmul(
            block,
            BlockStructure::Rectangular,
            Accum::Replace,
            inverse.submatrix(first, first, size, size).transpose(),
            BlockStructure::TriangularUpper,
            inverse.submatrix(first, first, size, width),
            BlockStructure::Rectangular,
            T::ONE,
            Par::Seq,
        );
        observer.progress(width as u64);
        Ok(())
    })
}

/// Copies the lower triangle to the upper one, by way of `spare`.
fn mirror<T: Real>(matrix: &mut [T], spare: &mut [T], n: usize) {
    // In tiles that stay in the cache, as one of both sides is read across.
    spare.par_chunks_mut(COLUMNS * n).enumerate().for_each(|(number, columns)| {
        let first = number * COLUMNS;
        for start in (0..n).step_by(COLUMNS) {
            for (at, column) in (first..).zip(columns.chunks_exact_mut(n)) {
                for row in start..n.min(start + COLUMNS) {
                    column[row] = matrix[at.min(row) * n + at.max(row)];
                }
            }
        }
    });
    matrix.copy_from_slice(spare);
}

/// Works on chunks of rows with all threads; `work` is told at which row, counted from `first`, a chunk begins.
fn in_rows<T: Real>(rows: MatMut<'_, T>, first: usize, work: &(impl Fn(MatMut<'_, T>, usize) + Sync)) {
    let chunks = rows.nrows().div_ceil(ROWS);
    if chunks <= 1 {
        return work(rows, first);
    }
    let half = chunks / 2 * ROWS;
    let (above, below) = rows.split_at_row_mut(half);
    rayon::join(|| in_rows(above, first, work), || in_rows(below, first + half, work));
}

fn check(observer: &dyn Observer) -> Result<()> {
    if observer.interrupted() { Err(Error::Interrupted) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_times_its_inverse_is_the_identity() -> Result<()> {
        for n in [0, 1, 2, 7, 8, 9, 33, 50] {
            let x: Vec<f64> = (0..n * n).map(|at| ((at * 7919) % 101) as f64 / 101.0 - 0.5).collect();
            let at = |i: usize, j: usize| (0..n).map(|k| x[k * n + i] * x[k * n + j]).sum::<f64>();
            let matrix: Vec<f64> =
                (0..n * n).map(|ij| at(ij / n, ij % n) + if ij / n == ij % n { 1.0 } else { 0.0 }).collect();
            let mut inverse = matrix.clone();
            invert(&mut inverse, &mut vec![f64::NAN; n * n], n, &())?;
            for i in 0..n {
                for j in 0..n {
                    let entry: f64 = (0..n).map(|k| matrix[i * n + k] * inverse[k * n + j]).sum();
                    assert!((entry - if i == j { 1.0 } else { 0.0 }).abs() < 1e-10, "{n} {i} {j} {entry}");
                }
            }
        }
        let mut indefinite = [1.0_f32, 2.0, 2.0, 1.0];
        assert_eq!(invert(&mut indefinite, &mut [0.0; 4], 2, &()), Err(Error::NotPositiveDefinite));
        Ok(())
    }
}

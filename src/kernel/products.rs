//! All dot products between two sets of vectors, with the bits of [`dot`](super::dot).
//!
//! Each product keeps [`WIDTH`] partial sums, as `dot` does. A tile of products goes over its vectors once for each
//! register of partial sums, so that its sums stay in registers on every CPU. Products and sums are not fused, as
//! `dot` gives the same bits everywhere.

use pulp::Simd;

use super::lanes::load;
use super::scalar::{dot, folded};
use super::{Real, WIDTH};

/// Gives `to` every product `rows[m] · columns[n]` with its `m` and `n`. All vectors are of one length.
#[inline(always)]
pub(crate) fn products<S: Simd, T: Real>(
    simd: S,
    rows: &[&[T]],
    columns: &[&[T]],
    to: impl FnMut(usize, usize, T),
) {
    let mut lengths = rows.iter().chain(columns).map(|vector| vector.len());
    let length = lengths.next().unwrap_or(0);
    assert!(lengths.all(|other| other == length), "the lengths of dot products");
    // As many sums as leave registers for a column and a product: 32 registers in AVX-512 and NEON, 16 in AVX2.
    match size_of::<T::Vector<S>>() {
        32 => tiles::<S, T, 3, 4>(simd, rows, columns, to),
        16 | 64 => tiles::<S, T, 4, 4>(simd, rows, columns, to),
        _ => tiles::<S, T, 1, 1>(simd, rows, columns, to),
    }
}

/// One dot product, with the bits of [`dot`](super::dot).
#[inline(always)]
pub(crate) fn product<S: Simd, T: Real>(simd: S, a: &[T], b: &[T]) -> T {
    assert_eq!(a.len(), b.len(), "the lengths of a dot product");
    let [[product]] = tile(simd, &[a], &[b]);
    product
}

/// Tiles of `M` rows by `N` columns, then what is left one by one.
#[inline(always)]
fn tiles<S: Simd, T: Real, const M: usize, const N: usize>(
    simd: S,
    rows: &[&[T]],
    columns: &[&[T]],
    mut to: impl FnMut(usize, usize, T),
) {
    let (row_tiles, row_rest) = rows.as_chunks::<M>();
    let (column_tiles, column_rest) = columns.as_chunks::<N>();
    let (whole_rows, whole_columns) = (rows.len() - row_rest.len(), columns.len() - column_rest.len());
    for (at, columns) in column_tiles.iter().enumerate() {
        for (row_at, rows) in row_tiles.iter().enumerate() {
            let found = tile(simd, rows, columns);
            for (m, found) in found.into_iter().enumerate() {
                for (n, product) in found.into_iter().enumerate() {
                    to(row_at * M + m, at * N + n, product);
                }
            }
        }
        for (m, row) in (whole_rows..).zip(row_rest) {
            let [found] = tile(simd, &[row], columns);
            for (n, product) in found.into_iter().enumerate() {
                to(m, at * N + n, product);
            }
        }
    }
    for (n, column) in (whole_columns..).zip(column_rest) {
        for (m, row) in rows.iter().enumerate() {
            to(m, n, dot(row, column));
        }
    }
}

/// The products of `M` rows with `N` columns.
#[inline(always)]
fn tile<S: Simd, T: Real, const M: usize, const N: usize>(
    simd: S,
    rows: &[&[T]; M],
    columns: &[&[T]; N],
) -> [[T; N]; M] {
    let lanes = T::lanes::<S>();
    let whole = rows[0].len() / WIDTH * WIDTH;
    // Loads stay inside, as the lengths are equal.
    let rows_whole: [&[T]; M] = std::array::from_fn(|m| &rows[m][..whole]);
    let columns_whole: [&[T]; N] = std::array::from_fn(|n| &columns[n][..whole]);
    let mut partial = [[[T::ZERO; WIDTH]; N]; M];
    for first in (0..WIDTH).step_by(lanes) {
        let zero = T::splat(simd, T::ZERO);
        let mut sums = [[zero; N]; M];
        for at in (first..whole).step_by(WIDTH) {
            let mut right = [zero; N];
            for n in 0..N {
                right[n] = load::<S, T>(columns_whole[n], at);
            }
            for (sums, row) in sums.iter_mut().zip(&rows_whole) {
                let left = load::<S, T>(row, at);
                for n in 0..N {
                    sums[n] = T::plus(simd, sums[n], T::times(simd, left, right[n]));
                }
            }
        }
        for (partial, sums) in partial.iter_mut().zip(sums) {
            for (partial, sum) in partial.iter_mut().zip(sums) {
                super::lanes::store::<S, T>(partial, first, sum);
            }
        }
    }
    std::array::from_fn(|m| {
        std::array::from_fn(|n| {
            let rest = rows[m][whole..].iter().zip(&columns[n][whole..]);
            folded(partial[m][n], rest.fold(T::ZERO, |sum, (&a, &b)| sum + a * b))
        })
    })
}

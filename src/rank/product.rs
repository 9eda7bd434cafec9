//! The largest entries of each row of a product of sparse matrices, without the product.

use rayon::prelude::*;

use crate::error::{Error, Result, check_size};
use crate::kernel::{self, Real, Simd, WithSimd};
use crate::observer::Observer;
use crate::rank::best::Best;
use crate::rank::sums::Sums;
use crate::sparse::{CsrMatrix, CsrView};

/// Rows that a thread takes at a time.
const ROWS_PER_BLOCK: usize = 64;

/// What an entry of the product is worth: a function of its row, its column and the sum. Must not decrease in the sum.
pub(crate) trait Worth: Sync {
    fn worth(&self, row: usize, column: usize, sum: f64) -> f64;
}

/// The bare product.
pub(crate) struct Product;

impl Worth for Product {
    #[inline(always)]
    fn worth(&self, _row: usize, _column: usize, sum: f64) -> f64 {
        sum
    }
}

/// The entries of `left · right` that are worth most, at most `k` in each row, ties to the smaller column.
///
/// Only pairs that some row of `right` connects count, whatever they sum up to; stored zeros connect as well. With
/// `diagonal` false the entries on it do not count. The result is equal bit for bit on any number of threads.
pub(crate) fn top_of_product<T: Real>(
    left: &CsrView<'_, T>,
    right: &CsrView<'_, T>,
    k: usize,
    diagonal: bool,
    worth: &impl Worth,
    observer: &dyn Observer,
) -> Result<CsrMatrix<T>> {
    check_size("the number of rows of the right factor", left.columns(), right.rows())?;
    let blocks = left.rows().div_ceil(ROWS_PER_BLOCK);
    let found: Vec<Block<T>> = (0..blocks)
        .into_par_iter()
        .map_init(
            || (Sums::new(right.columns()), Best::new(k)),
            |(sums, best), block| {
                if observer.interrupted() {
                    return Err(Error::Interrupted);
                }
                let range = block * ROWS_PER_BLOCK..left.rows().min((block + 1) * ROWS_PER_BLOCK);
                let count = range.len() as u64;
                let found = kernel::dispatch(Rows { left, right, diagonal, worth, range, sums, best });
                observer.progress(count);
                Ok(found)
            },
        )
        .collect::<Result<_>>()?;
    let mut indptr = Vec::with_capacity(left.rows() + 1);
    indptr.push(0);
    for &count in found.iter().flat_map(|block| &block.counts) {
        indptr.push(indptr[indptr.len() - 1] + i64::from(count));
    }
    let stored = indptr[left.rows()] as usize;
    let (mut indices, mut values) = (Vec::with_capacity(stored), Vec::with_capacity(stored));
    for block in found {
        indices.extend_from_slice(&block.indices);
        values.extend_from_slice(&block.values);
    }
    CsrMatrix::new(right.columns(), indptr, indices, values)
}

/// What was found in some rows.
struct Block<T> {
    counts: Vec<u32>,
    indices: Vec<i32>,
    values: Vec<T>,
}

struct Rows<'a, 'b, T: Real, W> {
    left: &'a CsrView<'b, T>,
    right: &'a CsrView<'b, T>,
    diagonal: bool,
    worth: &'a W,
    range: std::ops::Range<usize>,
    sums: &'a mut Sums,
    best: &'a mut Best<T>,
}

impl<T: Real, W: Worth> WithSimd for Rows<'_, '_, T, W> {
    type Output = Block<T>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Block<T> {
        let Self { left, right, diagonal, worth, range, sums, best } = self;
        let mut found = Block { counts: Vec::new(), indices: Vec::new(), values: Vec::new() };
        for row in range {
            let entries = left.row(row);
            sums.add(entries, right);
            let scored = |column: usize, sum: f64| worth.worth(row, column, sum);
            sums.drain(
                entries,
                right,
                best,
                |best, first, block| {
                    best.least().is_some_and(|least| {
                        let least = least.to_f64();
                        let mut any = false;
                        for (lane, &sum) in block.iter().enumerate() {
                            // Rounding to T may lift a score to the least one.
                            any |= T::from_f64(scored(first + lane, sum)).to_f64() >= least;
                        }
                        !any
                    })
                },
                |best, column, sum| {
                    if diagonal || column != row {
                        best.offer(T::from_f64(scored(column, sum)), column as u32);
                    }
                },
            );
            let before = found.indices.len();
            best.take_by_id(&mut found.indices, &mut found.values);
            found.counts.push((found.indices.len() - before) as u32);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sums as they are, but for one column, which is worth less.
    struct Damped;

    impl Worth for Damped {
        fn worth(&self, _row: usize, column: usize, sum: f64) -> f64 {
            if column == 2 { sum / 4.0 } else { sum }
        }
    }

    fn matrix(rows: usize, columns: usize) -> impl Strategy<Value = CsrMatrix<f32>> {
        // Small whole numbers: ties, sums that cancel, and rows with more terms than there are columns.
        let entry = prop_oneof![3 => Just(None), 1 => (-2..4_i32).prop_map(Some)];
        prop::collection::vec(entry, rows * columns).prop_map(move |entries| {
            let stored = entries.iter().enumerate().filter_map(|(at, value)| {
                value.map(|value| ((at / columns) as i32, (at % columns) as i32, value as f32))
            });
            CsrMatrix::from_triplets(rows, columns, &stored.collect::<Vec<_>>()).expect("it fits")
        })
    }

    fn slow(left: &CsrMatrix<f32>, right: &CsrMatrix<f32>, k: usize, diagonal: bool) -> CsrMatrix<f32> {
        let (left, right) = (left.view(), right.view());
        let mut triplets = Vec::new();
        for row in 0..left.rows() {
            let mut sums = vec![None; right.columns()];
            for (&inner, &a) in left.row(row).indices.iter().zip(left.row(row).values) {
                let other = right.row(inner as usize);
                for (&column, &b) in other.indices.iter().zip(other.values) {
                    *sums[column as usize].get_or_insert(0.0) += f64::from(a) * f64::from(b);
                }
            }
            let there = sums.iter().enumerate().filter_map(|(column, sum)| Some((column, (*sum)?)));
            let mut worth: Vec<(usize, f64)> = there
                .filter(|&(column, _)| diagonal || column != row)
                .map(|(column, sum)| (column, Damped.worth(row, column, sum)))
                .collect();
            worth.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            worth.truncate(k);
            triplets.extend(worth.iter().map(|&(column, worth)| (row as i32, column as i32, worth as f32)));
        }
        CsrMatrix::from_triplets(left.rows(), right.columns(), &triplets).expect("it fits")
    }

    proptest! {
        #[test]
        fn rows_of_a_product_are_those_of_a_full_sort(
            (left, right) in (1..12_usize, 1..10_usize, 1..70_usize)
                .prop_flat_map(|(rows, inner, columns)| (matrix(rows, inner), matrix(inner, columns))),
            k in 1..12_usize,
            diagonal in any::<bool>(),
        ) {
            // A zero times a negative number is no sum.
            let (left, right) = (left.without_zeros(), right.without_zeros());
            let found = top_of_product(&left.view(), &right.view(), k, diagonal, &Damped, &()).expect("they fit");
            prop_assert_eq!(found, slow(&left, &right, k, diagonal));
        }
    }
}

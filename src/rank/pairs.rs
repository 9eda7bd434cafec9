//! The best partners of each column of a sparse matrix, by sums over the rows in which both stand.
//!
//! `AᵀA` is symmetric, so each pair is summed up once and offered to both. Columns are renamed by rank, the most
//! frequent first: the partners of a column that come before it are few and lie close together, which is what the
//! cache wants, and a column has met its best partners before the many that are rarer than itself come by.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::kernel::{self, Real};
use crate::observer::Observer;
use crate::rank::best::Best;
use crate::rank::lists::{Lists, Outbox};
use crate::rank::partners::{Partners, Scratch};
use crate::rank::ranked::Ranked;
use crate::sparse::{CsrMatrix, CsrView};

/// Terms that a thread sums up at a time, about.
const TERMS_PER_BLOCK: usize = 1 << 16;

/// The `k` partners of each column that are worth most, ties to the smaller column; in the order of columns.
///
/// A column is worth to another the product of their entries over all rows, divided by `divisor(of, other)`, a positive
/// number: `other` is the fact of the column, `of` that of the one to which it is worth so much. Only pairs that stand
/// together in some row count, whatever they sum up to; stored zeros connect as well. With `diagonal` a column is a
/// partner of itself. The result is equal bit for bit on any number of threads.
pub(crate) fn best_partners<T: Real, F: Copy + Send + Sync>(
    rows: &CsrView<'_, T>,
    k: usize,
    diagonal: bool,
    facts: &[F],
    divisor: impl Fn(F, F) -> f64 + Sync,
    observer: &dyn Observer,
) -> Result<CsrMatrix<T>> {
    assert_eq!(facts.len(), rows.columns());
    let ranked = Ranked::new(rows);
    let facts: Vec<F> = ranked.order.iter().map(|&column| facts[column as usize]).collect();
    let lists = Lists::new(rows.columns(), k);
    let blocks = ranked.blocks(TERMS_PER_BLOCK);
    let next = AtomicUsize::new(0);
    // In this order, whoever does it: the first blocks say what is worth offering in the later ones.
    (0..rayon::current_num_threads()).into_par_iter().with_max_len(1).for_each(|_| {
        let mut scratch = Scratch::new(&facts);
        let (mut own, mut outbox) = (Best::new(k), Outbox::new());
        while let Some(range) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            if observer.interrupted() {
                return;
            }
            lists.copy_least(&mut scratch.about, range.end);
            for rank in range.clone() {
                if let Some(least) = lists.least_of(rank) {
                    own.raise(least);
                }
                kernel::dispatch(Partners {
                    ranked: &ranked,
                    divisor: &divisor,
                    diagonal,
                    k,
                    rank,
                    scratch: &mut scratch,
                    own: &mut own,
                    outbox: &mut outbox,
                });
                lists.merge(rank, &mut own);
            }
            lists.deliver(&mut outbox);
            observer.progress(range.len() as u64);
        }
    });
    if observer.interrupted() {
        return Err(Error::Interrupted);
    }
    Ok(lists.into_matrix(&ranked.rank))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pool;

    /// Not symmetric: what is worth much itself finds others worth little.
    fn damped(of: f64, other: f64) -> f64 {
        of * of * other
    }

    fn facts(columns: usize) -> Vec<f64> {
        (0..columns).map(|column| [1.0, 4.0, 2.0][column % 3]).collect()
    }

    fn matrix(rows: usize, columns: usize) -> impl Strategy<Value = CsrMatrix<f32>> {
        // Small whole numbers: ties, sums that cancel, and columns with more terms than there are columns.
        let entry = prop_oneof![3 => Just(None), 1 => (-2..4_i32).prop_map(Some)];
        prop::collection::vec(entry, rows * columns).prop_map(move |entries| {
            let stored = entries.iter().enumerate().filter_map(|(at, value)| {
                let value = value.filter(|&value| value != 0)?;
                Some(((at / columns) as i32, (at % columns) as i32, value as f32))
            });
            CsrMatrix::from_triplets(rows, columns, &stored.collect::<Vec<_>>()).expect("it fits")
        })
    }

    fn slow(rows: &CsrMatrix<f32>, k: usize, diagonal: bool) -> CsrMatrix<f32> {
        let (rows, by_column) = (rows.view(), rows.view().transpose());
        let facts = facts(rows.columns());
        let mut triplets = Vec::new();
        for column in 0..rows.columns() {
            let mut sums = vec![None; rows.columns()];
            let terms = by_column.view().row(column);
            for (&row, &a) in terms.indices.iter().zip(terms.values) {
                let row = rows.row(row as usize);
                for (&other, &b) in row.indices.iter().zip(row.values) {
                    *sums[other as usize].get_or_insert(0.0) += f64::from(a) * f64::from(b);
                }
            }
            let there = sums.iter().enumerate().filter_map(|(other, sum)| Some((other, (*sum)?)));
            let mut worth: Vec<(usize, f32)> = there
                .filter(|&(other, _)| diagonal || other != column)
                .map(|(other, sum)| (other, (sum / damped(facts[column], facts[other])) as f32))
                .collect();
            worth.sort_by(|a, b| b.1.total_cmp(&(a.1 + 0.0)).then(a.0.cmp(&b.0)));
            worth.truncate(k);
            triplets.extend(worth.iter().map(|&(other, worth)| (column as i32, other as i32, worth)));
        }
        CsrMatrix::from_triplets(rows.columns(), rows.columns(), &triplets).expect("it fits")
    }

    fn fast(rows: &CsrMatrix<f32>, k: usize, diagonal: bool, threads: usize) -> CsrMatrix<f32> {
        let rows = rows.view();
        let found =
            pool::run(threads, || best_partners(&rows, k, diagonal, &facts(rows.columns()), damped, &()));
        found.expect("there are threads").expect("nobody interrupts")
    }

    proptest! {
        #[test]
        fn partners_are_those_of_a_full_sort(
            rows in (1..12_usize, 1..70_usize).prop_flat_map(|(rows, columns)| matrix(rows, columns)),
            k in 1..12_usize,
            diagonal in any::<bool>(),
        ) {
            prop_assert_eq!(fast(&rows, k, diagonal, 2), slow(&rows, k, diagonal));
        }
    }

    #[test]
    fn many_blocks_on_any_number_of_threads_find_the_same() {
        // Columns of all degrees, with terms for a dozen blocks.
        let mut triplets = Vec::new();
        for row in 0..400_i32 {
            for column in (0..600_i32).filter(|column| (row * 31 + column * 17) % (1 + column / 8) == 0) {
                triplets.push((row, column, 1.0 + ((row * column) % 5) as f32));
            }
        }
        let rows = CsrMatrix::from_triplets(400, 600, &triplets).expect("it fits");
        let wanted = slow(&rows, 9, true);
        for threads in [1, 2, 5] {
            assert!(fast(&rows, 9, true, threads) == wanted, "{threads} threads");
        }
    }
}

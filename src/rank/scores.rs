//! Every score, for those who look at all of them.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::error::{Error, Result, check_ids, check_size};
use crate::kernel::{self, Real, Simd, WithSimd};
use crate::pool;
use crate::rank::sums::Sums;
use crate::sparse::CsrView;

/// Users that share the reading of the items, at most.
const USERS: usize = 32;

/// Items that all those users look at together.
const ITEMS: usize = 32;

/// The products of the factors of each of `userids` with those of all items, row after row. They are the scores that
/// [`recommend`](crate::rank::recommend) gives, bit for bit.
pub fn all_scores<T: Real>(
    user_factors: DenseView<'_, T>,
    item_factors: DenseView<'_, T>,
    userids: &[i32],
    threads: usize,
) -> Result<Vec<T>> {
    check_size("the number of columns of item_factors", user_factors.columns(), item_factors.columns())?;
    check_ids("user", userids, user_factors.rows())?;
    let items = item_factors.rows();
    let mut scores = vec![T::ZERO; userids.len() * items];
    if items > 0 {
        pool::run(threads, || {
            let users = userids.len().div_ceil(rayon::current_num_threads()).clamp(1, USERS);
            scores.par_chunks_mut(items * users).zip(userids.par_chunks(users)).for_each(
                |(scores, userids)| {
                    kernel::dispatch(Users { userids, user_factors, item_factors, scores });
                },
            );
        })?;
    }
    Ok(scores)
}

struct Users<'a, T> {
    userids: &'a [i32],
    user_factors: DenseView<'a, T>,
    item_factors: DenseView<'a, T>,
    scores: &'a mut [T],
}

impl<T: Real> WithSimd for Users<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let items = self.item_factors.rows();
        let users: Vec<&[T]> =
            self.userids.iter().map(|&user| self.user_factors.row(user as usize)).collect();
        for first in (0..items).step_by(ITEMS) {
            let mut tile = [&[][..]; ITEMS];
            let count = ITEMS.min(items - first);
            for (at, row) in tile[..count].iter_mut().enumerate() {
                *row = self.item_factors.row(first + at);
            }
            kernel::products(simd, &users, &tile[..count], |user, item, product| {
                self.scores[user * items + first + item] = product;
            });
        }
    }
}

/// `rows · matrix` as a dense matrix, row after row: the scores that
/// [`recommend_by_rows`](crate::rank::recommend_by_rows) gives, and 0 where nothing speaks for or against a column.
///
/// `rows` may have fewer columns than `matrix` has rows, never more.
pub fn all_scores_by_rows<T: Real>(
    rows: &CsrView<'_, T>,
    matrix: &CsrView<'_, T>,
    threads: usize,
) -> Result<Vec<T>> {
    if rows.columns() > matrix.rows() {
        let (what, value) = ("the number of columns of user_items", rows.columns());
        return Err(Error::TooLarge { what, value, max: matrix.rows() });
    }
    rows.check_finite()?;
    let columns = matrix.columns();
    let mut scores = vec![T::ZERO; rows.rows() * columns];
    if columns > 0 {
        pool::run(threads, || {
            scores.par_chunks_mut(columns).enumerate().for_each_init(
                || Sums::new(columns),
                |sums, (row, scores)| {
                    sums.add(rows.row(row), matrix);
                    sums.drain(scores, |_, _| false, |scores, column, sum| scores[column] = T::from_f64(sum));
                },
            );
        })?;
    }
    Ok(scores)
}

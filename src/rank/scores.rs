//! Every score, for those who look at all of them.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::error::{Result, check_ids, check_size};
use crate::kernel::{self, Real, Simd, WithSimd};
use crate::pool;

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
            scores.par_chunks_mut(items).zip(userids).for_each(|(scores, &user)| {
                kernel::dispatch(Row { user: user_factors.row(user as usize), item_factors, scores });
            });
        })?;
    }
    Ok(scores)
}

struct Row<'a, T> {
    user: &'a [T],
    item_factors: DenseView<'a, T>,
    scores: &'a mut [T],
}

impl<T: Real> WithSimd for Row<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (item, score) in self.scores.iter_mut().enumerate() {
            *score = kernel::dot(self.user, self.item_factors.row(item));
        }
    }
}

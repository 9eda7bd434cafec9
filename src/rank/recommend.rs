//! The best items for users.

use crate::dense::DenseView;
use crate::error::{Error, Result, check_ids, check_size};
use crate::kernel::{self, Real};
use crate::pool;
use crate::rank::search::Query;
use crate::rank::{Options, Rankings};
use crate::sparse::Pattern;

/// The best items for each of `userids`, best first: the largest `x_u · y_i`, ties to the smaller id.
///
/// `liked` has one row for each requested user, in the same order; items stored there are left out. It may
/// have fewer columns than there are items, never more. One user and many take the same path: their results
/// are equal bit for bit.
pub fn recommend<T: Real>(
    user_factors: DenseView<'_, T>,
    item_factors: DenseView<'_, T>,
    userids: &[i32],
    liked: Option<Pattern<'_>>,
    options: &Options<'_>,
) -> Result<Rankings<T>> {
    check_size("the number of columns of item_factors", user_factors.columns(), item_factors.columns())?;
    check_ids("user", userids, user_factors.rows())?;
    if let Some(liked) = liked {
        check_size(
            "the number of rows of user_items (one for each requested user)",
            userids.len(),
            liked.rows(),
        )?;
        if liked.columns() > item_factors.rows() {
            let (what, value) = ("the number of columns of user_items", liked.columns());
            return Err(Error::TooLarge { what, value, max: item_factors.rows() });
        }
    }
    let search = options.search(item_factors.rows())?;
    pool::run(options.threads, || {
        search.run(userids.len(), |at| {
            let user = user_factors.row(userids[at] as usize);
            Query {
                liked: liked.map_or(&[][..], |liked| liked.row(at)),
                own: None,
                score: move |id: i32| kernel::dot(user, item_factors.row(id as usize)),
            }
        })
    })
}

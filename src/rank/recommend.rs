//! The best items for users.

use crate::dense::DenseView;
use crate::error::{Error, Result, check_ids, check_size};
use crate::kernel::Real;
use crate::rank::index::Index;
use crate::rank::options::RankOptions;
use crate::rank::rankings::Rankings;
use crate::rank::scoring::{Query, Scoring};
use crate::sparse::Pattern;

/// The best items for each of `userids`, best first: the largest `x_u · y_i`, ties to the smaller id.
///
/// `liked` has one row for each requested user, in the same order; items stored there are left out. It may
/// have fewer columns than there are items, never more. `index` is [`Index::of_items`] for these item factors;
/// without one every item is scored. One user and many, with an index and without: their results are equal bit
/// for bit.
pub fn recommend<T: Real>(
    user_factors: DenseView<'_, T>,
    item_factors: DenseView<'_, T>,
    index: Option<&Index>,
    userids: &[i32],
    liked: Option<Pattern<'_>>,
    options: &RankOptions<'_>,
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
    if let Some(index) = index {
        index.check(item_factors, false)?;
    }
    let search = options.search(item_factors.rows())?;
    let scoring = Scoring { rows: item_factors, inverse_norms: None };
    search.run(options.threads, scoring, index, userids.len(), |at| Query {
        vector: user_factors.row(userids[at] as usize),
        scale: 1.0,
        liked: liked.map_or(&[][..], |liked| liked.row(at)),
        own: None,
    })
}

//! What all fitted models can do.

use crate::error::Result;
use crate::kernel::Real;
use crate::rank::{RankOptions, Rankings};
use crate::sparse::CsrView;

/// A fitted model, whatever it is made of.
pub trait Model<T: Real> {
    /// The number of users that it was fitted to.
    fn users(&self) -> usize;

    /// The number of items.
    fn items(&self) -> usize;

    /// The best items for each of `userids`, best first.
    ///
    /// `rows` has one row for each requested user: what they have. Item-item models need it, as it decides what they
    /// recommend; with `leave_out_rows`, what is stored there is not recommended.
    fn recommend(
        &self,
        userids: &[i32],
        rows: Option<&CsrView<'_, T>>,
        leave_out_rows: bool,
        options: &RankOptions<'_>,
    ) -> Result<Rankings<T>>;

    /// The items most like each of `itemids`.
    fn similar_items(&self, itemids: &[i32], options: &RankOptions<'_>) -> Result<Rankings<T>>;
}

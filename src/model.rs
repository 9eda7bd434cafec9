//! A fitted model: the factors of users and items.

use crate::dense::DenseView;
use crate::error::{Error, Result, check_size};
use crate::kernel::Real;
use crate::rank::{self, Options, Rankings};
use crate::sparse::Pattern;

/// The factors of users and items, whose products are the scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Model<T> {
    factors: usize,
    user_factors: Vec<T>,
    item_factors: Vec<T>,
}

impl<T: Real> Model<T> {
    /// Takes factors row after row, `factors` values each; they must be finite.
    pub fn new(factors: usize, user_factors: Vec<T>, item_factors: Vec<T>) -> Result<Self> {
        if factors == 0 {
            return Err(Error::InvalidParameter { name: "factors", expected: "at least 1", value: 0.0 });
        }
        for (what, side) in [("user_factors", &user_factors), ("item_factors", &item_factors)] {
            check_size(what, side.len() / factors * factors, side.len())?;
            if let Some(at) = side.iter().position(|x| !x.is_finite()) {
                let (row, column) = (at / factors, at % factors);
                return Err(Error::NotFinite { row, column, value: side[at].to_f64() });
            }
        }
        Ok(Self { factors, user_factors, item_factors })
    }

    /// f, the length of each row of the factors.
    #[must_use]
    pub fn factors(&self) -> usize {
        self.factors
    }

    /// The number of users.
    #[must_use]
    pub fn users(&self) -> usize {
        self.user_factors.len() / self.factors
    }

    /// The number of items.
    #[must_use]
    pub fn items(&self) -> usize {
        self.item_factors.len() / self.factors
    }

    /// The factors of the users, users x f.
    #[must_use]
    pub fn user_factors(&self) -> DenseView<'_, T> {
        DenseView::of_rows(&self.user_factors, self.factors)
    }

    /// The factors of the items, items x f.
    #[must_use]
    pub fn item_factors(&self) -> DenseView<'_, T> {
        DenseView::of_rows(&self.item_factors, self.factors)
    }

    /// The best items for each of `userids`, best first.
    ///
    /// `liked` has one row for each requested user: items stored there are left out. See [`rank::recommend`].
    pub fn recommend(
        &self,
        userids: &[i32],
        liked: Option<Pattern<'_>>,
        options: &Options<'_>,
    ) -> Result<Rankings<T>> {
        rank::recommend(self.user_factors(), self.item_factors(), None, userids, liked, options)
    }

    /// The items most like each of `itemids` by cosine, the item itself first. See [`rank::similar`].
    pub fn similar_items(&self, itemids: &[i32], options: &Options<'_>) -> Result<Rankings<T>> {
        rank::similar(self.item_factors(), None, itemids, None, options)
    }

    /// The users most like each of `userids` by cosine, the user first. See [`rank::similar`].
    pub fn similar_users(&self, userids: &[i32], options: &Options<'_>) -> Result<Rankings<T>> {
        rank::similar(self.user_factors(), None, userids, None, options)
    }
}

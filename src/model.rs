//! A fitted model: the factors of users and items.

use std::sync::{Arc, OnceLock};

use crate::dense::DenseView;
use crate::error::{Error, Result, check_size};
use crate::kernel::Real;
use crate::rank::{self, Index, Options, Rankings};
use crate::sparse::Pattern;

/// With fewer candidates than this, packing them costs more than it saves.
const SMALLEST_INDEX: usize = 1024;

/// The factors of users and items, whose products are the scores.
///
/// What a search needs is packed when it is first asked for, and kept.
#[derive(Debug, Clone)]
pub struct Model<T> {
    factors: usize,
    user_factors: Vec<T>,
    item_factors: Vec<T>,
    items: OnceLock<Arc<Index>>,
    similar_items: OnceLock<Arc<Index>>,
    similar_users: OnceLock<Arc<Index>>,
}

impl<T: PartialEq> PartialEq for Model<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.factors, &self.user_factors, &self.item_factors)
            == (other.factors, &other.user_factors, &other.item_factors)
    }
}

/// The index kept in `place`, made now if there is none; `None` for few candidates.
fn kept(
    place: &OnceLock<Arc<Index>>,
    len: usize,
    make: impl FnOnce() -> Result<Index>,
) -> Result<Option<&Index>> {
    if len < SMALLEST_INDEX {
        return Ok(None);
    }
    if place.get().is_none() {
        // Two threads may both come here; the first to finish is kept.
        let _ = place.set(Arc::new(make()?));
    }
    Ok(place.get().map(|index| &**index))
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
        let (items, similar_items, similar_users) = Default::default();
        Ok(Self { factors, user_factors, item_factors, items, similar_items, similar_users })
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
        let (users, items) = (self.user_factors(), self.item_factors());
        let index =
            kept(&self.items, self.items(), || Index::of_items(users, items, options.thread_count()))?;
        rank::recommend(users, items, index, userids, liked, options)
    }

    /// The items most like each of `itemids` by cosine, the item itself first. See [`rank::similar`].
    pub fn similar_items(&self, itemids: &[i32], options: &Options<'_>) -> Result<Rankings<T>> {
        let items = self.item_factors();
        let index =
            kept(&self.similar_items, self.items(), || Index::of_directions(items, options.thread_count()))?;
        rank::similar(items, index, itemids, None, options)
    }

    /// The users most like each of `userids` by cosine, the user first. See [`rank::similar`].
    pub fn similar_users(&self, userids: &[i32], options: &Options<'_>) -> Result<Rankings<T>> {
        let users = self.user_factors();
        let index =
            kept(&self.similar_users, self.users(), || Index::of_directions(users, options.thread_count()))?;
        rank::similar(users, index, userids, None, options)
    }
}

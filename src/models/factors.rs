//! Models that score by products of factors.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::dense::DenseView;
use crate::error::{Error, Result, check_factors, check_size};
use crate::io::atomic::{failed, write_atomically};
use crate::io::tensors::{Contents, Tensor, from_bytes, not_a_model, to_bytes};
use crate::kernel::Real;
use crate::models::model::Model;
use crate::rank::{self, Index, RankOptions, Rankings};
use crate::sparse::{CsrView, Pattern};

/// With fewer candidates than this, packing them costs more than it saves.
const SMALLEST_INDEX: usize = 1024;

/// What the sides are called in files.
const SIDES: [&str; 2] = ["user_factors", "item_factors"];

/// The factors of users and items, whose products are the scores.
///
/// What a search needs is packed when it is first asked for, and kept.
#[derive(Debug, Clone)]
pub struct Factors<T> {
    f: usize,
    x: Vec<T>,
    y: Vec<T>,
    items: OnceLock<Arc<Index>>,
    similar_items: OnceLock<Arc<Index>>,
    similar_users: OnceLock<Arc<Index>>,
}

impl<T: PartialEq> PartialEq for Factors<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.f, &self.x, &self.y) == (other.f, &other.x, &other.y)
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

impl<T: Real> Factors<T> {
    /// Takes factors row after row, `factors` values each; they must be finite.
    pub fn new(factors: usize, user_factors: Vec<T>, item_factors: Vec<T>) -> Result<Self> {
        check_factors(factors)?;
        for (what, side) in [("user_factors", &user_factors), ("item_factors", &item_factors)] {
            check_size(what, side.len() / factors * factors, side.len())?;
            if let Some(at) = side.iter().position(|x| !x.is_finite()) {
                let (row, column) = (at / factors, at % factors);
                return Err(Error::NotFinite { row, column, value: side[at].to_f64() });
            }
        }
        let (items, similar_items, similar_users) = Default::default();
        Ok(Self { f: factors, x: user_factors, y: item_factors, items, similar_items, similar_users })
    }

    /// The same with other users, and with other items if they are given; what is packed of a side that stays is kept.
    pub(crate) fn with_sides(&self, user_factors: Vec<T>, item_factors: Option<Vec<T>>) -> Result<Self> {
        let items_stay = item_factors.is_none();
        let items = item_factors.unwrap_or_else(|| self.y.clone());
        let mut other = Self::new(self.f, user_factors, items)?;
        if items_stay {
            (other.items, other.similar_items) = (self.items.clone(), self.similar_items.clone());
        }
        Ok(other)
    }

    /// f, the length of each row of the factors.
    #[must_use]
    pub fn factors(&self) -> usize {
        self.f
    }

    /// The number of users.
    #[must_use]
    pub fn users(&self) -> usize {
        self.x.len() / self.f
    }

    /// The number of items.
    #[must_use]
    pub fn items(&self) -> usize {
        self.y.len() / self.f
    }

    /// The factors of the users, users x f.
    #[must_use]
    pub fn user_factors(&self) -> DenseView<'_, T> {
        DenseView::of_rows(&self.x, self.f)
    }

    /// The factors of the items, items x f.
    #[must_use]
    pub fn item_factors(&self) -> DenseView<'_, T> {
        DenseView::of_rows(&self.y, self.f)
    }

    /// The best items for each of `userids`, best first.
    ///
    /// `liked` has one row for each requested user: items stored there are left out. See [`rank::recommend`].
    pub fn recommend(
        &self,
        userids: &[i32],
        liked: Option<Pattern<'_>>,
        options: &RankOptions<'_>,
    ) -> Result<Rankings<T>> {
        self.recommend_by(&self.x, userids, liked, options)
    }

    /// The best items for each of `queries`, ids of rows of other factors of users.
    pub(crate) fn recommend_by(
        &self,
        factors: &[T],
        queries: &[i32],
        liked: Option<Pattern<'_>>,
        options: &RankOptions<'_>,
    ) -> Result<Rankings<T>> {
        let items = self.item_factors();
        let index = kept(&self.items, self.items(), || {
            Index::of_items(self.user_factors(), items, options.thread_count())
        })?;
        rank::recommend(DenseView::of_rows(factors, self.f), items, index, queries, liked, options)
    }

    /// The items most like each of `itemids` by cosine, the item itself first. See [`rank::similar`].
    pub fn similar_items(&self, itemids: &[i32], options: &RankOptions<'_>) -> Result<Rankings<T>> {
        let items = self.item_factors();
        let index =
            kept(&self.similar_items, self.items(), || Index::of_directions(items, options.thread_count()))?;
        rank::similar(items, index, itemids, None, options)
    }

    /// The users most like each of `userids` by cosine, the user first. See [`rank::similar`].
    pub fn similar_users(&self, userids: &[i32], options: &RankOptions<'_>) -> Result<Rankings<T>> {
        let users = self.user_factors();
        let index =
            kept(&self.similar_users, self.users(), || Index::of_directions(users, options.thread_count()))?;
        rank::similar(users, index, userids, None, options)
    }

    /// Saves the factors. The file is replaced as a whole or not at all. Python opens it as well.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_atomically(path.as_ref(), &to_bytes(self.tensors(), BTreeMap::new())?)
    }

    /// What a file holds of it.
    pub(crate) fn tensors(&self) -> BTreeMap<String, Tensor<'_>> {
        let sides = [self.user_factors(), self.item_factors()].map(Tensor::dense);
        SIDES.map(String::from).into_iter().zip(sides).collect()
    }

    /// Opens a saved model, from here or from Python. `T` is the precision that it was saved in.
    ///
    /// ```
    /// use penchant::Factors;
    /// let model = Factors::new(2, vec![1.0_f32, 2.0], vec![3.0, 4.0, 5.0, 6.0])?;
    /// let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    /// let path = folder.path().join("model.safetensors");
    /// model.save(&path)?;
    /// assert_eq!(Factors::<f32>::open(&path)?, model);
    /// assert!(Factors::<f64>::open(&path).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|error| failed(path, &error))?;
        Self::of(&from_bytes(&bytes)?)
    }

    /// The model in a file.
    pub(crate) fn of(contents: &Contents<'_>) -> Result<Self> {
        let [Some((users, [_, f])), Some((items, [_, f_items]))] =
            [contents.dense(SIDES[0])?, contents.dense(SIDES[1])?]
        else {
            return Err(not_a_model(
                &"it has no factors: it was saved before a fit, or is another kind of model",
            ));
        };
        if f != f_items {
            return Err(not_a_model(&format!("its sides have {f} and {f_items} factors")));
        }
        Self::new(f, users, items)
    }
}

impl<T: Real> Model<T> for Factors<T> {
    fn users(&self) -> usize {
        self.users()
    }

    fn items(&self) -> usize {
        self.items()
    }

    fn recommend(
        &self,
        userids: &[i32],
        rows: Option<&CsrView<'_, T>>,
        leave_out_rows: bool,
        options: &RankOptions<'_>,
    ) -> Result<Rankings<T>> {
        self.recommend(userids, rows.filter(|_| leave_out_rows).map(CsrView::pattern), options)
    }

    fn similar_items(&self, itemids: &[i32], options: &RankOptions<'_>) -> Result<Rankings<T>> {
        self.similar_items(itemids, options)
    }
}

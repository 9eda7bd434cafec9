//! Models that score by sums of rows of a sparse matrix, items x items.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::{Error, Result, check_ids, check_size};
use crate::io::atomic::{failed, write_atomically};
use crate::io::tensors::{Contents, Tensor, from_bytes, not_a_model, to_bytes};
use crate::kernel::Real;
use crate::models::model::Model;
use crate::observer::Observer;
use crate::rank::{RankOptions, Rankings, recommend_by_rows};
use crate::sparse::{CsrMatrix, CsrView};

/// What the parts are called in files.
const PARTS: [&str; 4] = ["similarity.indptr", "similarity.indices", "similarity.values", "shape"];

/// What learns such a matrix: all models but their parameters are alike.
pub(crate) trait LearnsSimilarity: Sync {
    /// The matrix, items x items, for columns of `user_items`. `observer` hears of every column that is done.
    fn learn<T: Real>(&self, user_items: &CsrView<'_, T>, observer: &dyn Observer) -> Result<CsrMatrix<T>>;
}

/// How much each item speaks for others: entry `(i, j)` is what having `i` adds to the score of `j`.
///
/// What a user has decides what they get, so users need not be known.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemSimilarity<T> {
    users: usize,
    similarity: CsrMatrix<T>,
}

impl<T: Real> ItemSimilarity<T> {
    /// Takes a square matrix of finite numbers, learned from so many users.
    pub fn new(users: usize, similarity: CsrMatrix<T>) -> Result<Self> {
        let view = similarity.view();
        check_size("the number of columns of the similarity", view.rows(), view.columns())?;
        view.check_finite()?;
        Ok(Self { users, similarity })
    }

    /// The matrix, items x items.
    #[must_use]
    pub fn similarity(&self) -> CsrView<'_, T> {
        self.similarity.view()
    }

    /// Saves the model. The file is replaced as a whole or not at all. Python opens it as well.
    pub fn save(&self, path: impl AsRef<Path>, class: &str) -> Result<()> {
        let about = BTreeMap::from([("class".into(), class.into())]);
        let shape = [self.users as i64, self.similarity.view().rows() as i64];
        write_atomically(path.as_ref(), &to_bytes(self.tensors(&shape), about)?)
    }

    /// What a file holds of it, with its shape.
    pub(crate) fn tensors<'a>(&'a self, shape: &'a [i64; 2]) -> BTreeMap<String, Tensor<'a>> {
        let view = self.similarity.view();
        let (indptr, indices) = (view.pattern().indptr(), view.pattern().indices());
        BTreeMap::from([
            (PARTS[0].into(), Tensor::new(&[indptr.len()], indptr)),
            (PARTS[1].into(), Tensor::new(&[indices.len()], indices)),
            (PARTS[2].into(), Tensor::real(&[indices.len()], view.values())),
            (PARTS[3].into(), Tensor::new(&[2], shape)),
        ])
    }

    /// Opens a saved model, from here or from Python. `T` is the precision that it was saved in.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|error| failed(path, &error))?;
        Self::of(&from_bytes(&bytes)?)
    }

    /// The model in a file.
    pub(crate) fn of(contents: &Contents<'_>) -> Result<Self> {
        let missing = || not_a_model(&"it has no similarity of items: it is another kind of model");
        let indptr = contents.list::<i64>(PARTS[0])?.ok_or_else(missing)?;
        let indices = contents.list::<i32>(PARTS[1])?.ok_or_else(missing)?;
        let values = contents.reals::<T>(PARTS[2])?.ok_or_else(missing)?;
        let shape = contents.list::<i64>(PARTS[3])?.ok_or_else(missing)?;
        let &[users, items] = &shape[..] else { return Err(missing()) };
        let (Ok(users), Ok(items)) = (usize::try_from(users), usize::try_from(items)) else {
            return Err(not_a_model(&"its shape is negative"));
        };
        let broken = |error: Error| not_a_model(&error);
        Self::new(users, CsrMatrix::new(items, indptr, indices, values).map_err(broken)?).map_err(broken)
    }
}

impl<T: Real> Model<T> for ItemSimilarity<T> {
    fn users(&self) -> usize {
        self.users
    }

    fn items(&self) -> usize {
        self.similarity.view().rows()
    }

    fn recommend(
        &self,
        userids: &[i32],
        rows: Option<&CsrView<'_, T>>,
        leave_out_rows: bool,
        options: &RankOptions<'_>,
    ) -> Result<Rankings<T>> {
        let Some(rows) = rows else {
            let (name, expected) = ("rows", "given, as they decide what is recommended");
            return Err(Error::InvalidParameter { name, expected, value: 0.0 });
        };
        check_size("the number of rows (one for each requested user)", userids.len(), rows.rows())?;
        let liked = leave_out_rows.then(|| rows.pattern());
        recommend_by_rows(rows, &self.similarity.view(), liked, options, &())
    }

    fn similar_items(&self, itemids: &[i32], options: &RankOptions<'_>) -> Result<Rankings<T>> {
        check_ids("item", itemids, self.items())?;
        let indptr: Vec<i64> = (0..=itemids.len() as i64).collect();
        let ones = vec![T::ONE; itemids.len()];
        let rows = CsrView::new(self.items(), &indptr, itemids, &ones)?;
        recommend_by_rows(&rows, &self.similarity.view(), None, options, &())
    }
}

//! Nearest neighbours: items that the same users have, and users that have the same items.

use crate::error::Result;
use crate::kernel::Real;
use crate::models::check;
use crate::models::similarity::{ItemSimilarity, LearnsSimilarity};
use crate::observer::Observer;
use crate::pool;
use crate::rank::pairs::best_partners;
use crate::sparse::{CsrMatrix, CsrView};
use crate::weighting;

/// What becomes of counts before items are compared: weights of a matrix items x users, in which a row is a document.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Weighting {
    /// Nothing.
    #[default]
    Counts,
    /// Tf-idf, see [`weighting::tfidf`].
    TfIdf,
    /// BM25, see [`weighting::bm25`].
    Bm25 {
        /// How late repeated counts saturate.
        k1: f64,
        /// How much items with many plays are discounted.
        b: f64,
    },
}

/// Item-item nearest neighbours (Sarwar et al. 2001): each item keeps those most like it.
///
/// Likeness is the product of the weights of two items over all users and, if [`cosine`](Self::cosine), divided by
/// `|i| |j| + shrinkage`.
///
/// ```
/// use penchant::{CsrMatrix, NearestNeighbours, RankOptions, Model};
/// let plays = CsrMatrix::from_triplets(3, 3, &[(0, 0, 2.0_f32), (0, 1, 2.0), (1, 0, 1.0), (1, 1, 1.0), (2, 0, 5.0)])?;
/// let model = NearestNeighbours::new(2).cosine(true).fit(&plays.view())?;
/// assert_eq!(model.similar_items(&[1], &RankOptions::top(2))?.ids(0), [1, 0]);
/// let last = CsrMatrix::from_triplets(1, 3, &[(0, 0, 5.0_f32)])?;
/// assert_eq!(model.recommend(&[2], Some(&last.view()), true, &RankOptions::top(1))?.ids(0), [1]);
/// # Ok::<(), penchant::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NearestNeighbours {
    neighbours: usize,
    weighting: Weighting,
    cosine: bool,
    shrinkage: f64,
    threads: usize,
}

impl NearestNeighbours {
    /// Keeps so many neighbours of each item, itself included.
    #[must_use]
    pub fn new(neighbours: usize) -> Self {
        Self { neighbours, weighting: Weighting::Counts, cosine: false, shrinkage: 0.0, threads: 0 }
    }

    /// The weights; [`Weighting::Counts`] by default.
    #[must_use]
    pub fn weighting(self, weighting: Weighting) -> Self {
        Self { weighting, ..self }
    }

    /// Whether products are divided by the lengths of both; not by default.
    #[must_use]
    pub fn cosine(self, cosine: bool) -> Self {
        Self { cosine, ..self }
    }

    /// What is added to the product of the lengths, so that few users in common say less; 0 by default.
    #[must_use]
    pub fn shrinkage(self, shrinkage: f64) -> Self {
        Self { shrinkage, ..self }
    }

    /// The number of threads; 0, the default, means all that this process may use.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Checks every parameter.
    pub(crate) fn check(&self) -> Result<()> {
        check::at_least_one("K", self.neighbours)?;
        check::not_negative([("shrinkage", self.shrinkage)])?;
        if let Weighting::Bm25 { k1, b } = self.weighting {
            weighting::check_bm25(k1, b)?;
        }
        check::threads(self.threads)
    }

    /// Finds the neighbours of the columns (items) of `user_items`.
    pub fn fit<T: Real>(&self, user_items: &CsrView<'_, T>) -> Result<ItemSimilarity<T>> {
        let similarity = self.learn(user_items, &())?;
        ItemSimilarity::new(user_items.rows(), similarity)
    }

    /// The weights without those that are 0; nothing if they are the counts as they are.
    fn weighted<T: Real>(&self, user_items: &CsrView<'_, T>) -> Result<Option<CsrMatrix<T>>> {
        let known = user_items.without_zeros();
        let documents = || known.as_ref().map_or(*user_items, CsrMatrix::view).transpose();
        let weighted = match self.weighting {
            Weighting::Counts => return Ok(known),
            Weighting::TfIdf => {
                let documents = documents();
                let weights = weighting::tfidf(&documents.view())?;
                documents.with_values(weights)
            }
            Weighting::Bm25 { k1, b } => {
                let documents = documents();
                let weights = weighting::bm25(&documents.view(), k1, b)?;
                documents.with_values(weights)
            }
        };
        let weighted = weighted.view().transpose();
        // Users who have nearly everything may weigh nothing.
        let known = weighted.view().without_zeros();
        Ok(Some(known.unwrap_or(weighted)))
    }
}

impl LearnsSimilarity for NearestNeighbours {
    fn learn<T: Real>(&self, user_items: &CsrView<'_, T>, observer: &dyn Observer) -> Result<CsrMatrix<T>> {
        self.check()?;
        user_items.check_finite()?;
        pool::run(self.threads, || {
            let weighted = self.weighted(user_items)?;
            let rows = weighted.as_ref().map_or(*user_items, CsrMatrix::view);
            let k = self.neighbours.min(rows.columns().max(1));
            if self.cosine {
                let mut lengths = vec![0.0; rows.columns()];
                for (&item, value) in rows.pattern().indices().iter().zip(rows.values()) {
                    lengths[item as usize] += value.to_f64() * value.to_f64();
                }
                let lengths: Vec<f64> = lengths.into_iter().map(f64::sqrt).collect();
                let shrinkage = self.shrinkage;
                let divisor = |of: f64, other: f64| {
                    let lengths = of * other + shrinkage;
                    // Where all weights are 0 the product is as well.
                    if lengths > 0.0 { lengths } else { 1.0 }
                };
                best_partners(&rows, k, true, &lengths, divisor, observer)
            } else {
                best_partners(&rows, k, true, &vec![(); rows.columns()], |(), ()| 1.0, observer)
            }
        })?
    }
}

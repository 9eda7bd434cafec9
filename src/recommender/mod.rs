//! A fitted model that is asked in the caller's own labels, in one file with what it has learned from.

mod answers;
mod asked;
mod file;
#[cfg(test)]
mod tests;
mod texts;
mod update;

use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::gram::Gram;
use crate::interactions::Interactions;
use crate::models::als::AlternatingLeastSquares;
use crate::models::factors::Factors;
use crate::models::model::Model;
use crate::models::similarity::ItemSimilarity;
use crate::observer::Observer;

pub use answers::{Reason, Scored};
pub use asked::List;
use texts::Texts;

/// A fitted model that is asked in the caller's own labels.
///
/// It opens what the `Recommender` of Python saved, and Python opens what it saves: factors of alternating least squares in
/// single precision, and models of similarities of items.
///
/// ```
/// use penchant::interactions::{Event, Flaw, Interactions, ReadOptions, Rows, Time};
/// use penchant::{AlternatingLeastSquares, List, Recommender};
///
/// struct Plays(Vec<(&'static str, &'static str, f64)>);
/// impl Rows for Plays {
///     fn len(&self) -> usize {
///         self.0.len()
///     }
///     fn event(&self, row: usize) -> Result<Option<Event<'_>>, Flaw<'_>> {
///         let (user, artist, weight) = self.0[row];
///         Ok(Some(Event { user: user.into(), item: artist.into(), weight, time: Time::Number(0.0) }))
///     }
/// }
///
/// let plays = Plays(vec![("ann", "dub", 9.0), ("ann", "ska", 3.0), ("bob", "dub", 5.0), ("cid", "metal", 2.0)]);
/// let data = Interactions::from_rows(&plays, &ReadOptions::default())?;
/// let mut recommender = Recommender::fit(&AlternatingLeastSquares::new(2), data, &())?;
/// assert_eq!(recommender.recommend("bob", &List::top(1))?[0].label.to_string(), "ska");
///
/// recommender.update(&Plays(vec![("dan", "ska", 4.0)]))?;
/// assert_eq!(recommender.recommend("dan", &List::top(1))?[0].label.to_string(), "dub");
///
/// let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
/// let path = folder.path().join("recommender.safetensors");
/// recommender.save(&path)?;
/// assert_eq!(Recommender::open(&path)?.data().users().len(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Recommender {
    model: Fitted,
    data: Interactions,
    texts: Texts,
    /// Of the items, for those whom the model has not seen: made when first needed.
    gram: OnceLock<Gram>,
}

/// The kinds of models that there are in files.
#[derive(Debug, Clone, PartialEq)]
enum Fitted {
    Factors {
        factors: Factors<f32>,
        parameters: Box<AlternatingLeastSquares>,
        /// Whether rows are drawn to features, which are not read here.
        has_features: bool,
    },
    Similarity(ItemSimilarity<f32>),
}

impl Recommender {
    /// Learns from interactions; `observer` hears of every epoch.
    pub fn fit(
        parameters: &AlternatingLeastSquares,
        data: Interactions,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let factors = parameters.fit_observed(&data.matrix(), observer)?;
        let texts = Texts::of(parameters, &data);
        let model =
            Fitted::Factors { factors, parameters: Box::new(parameters.clone()), has_features: false };
        Self::new(model, data, texts)
    }

    fn new(model: Fitted, data: Interactions, texts: Texts) -> Result<Self> {
        let recommender = Self { model, data, texts, gram: OnceLock::new() };
        let (model, matrix) = (recommender.model(), recommender.data.matrix());
        let (shape, expected) = ([model.users(), model.items()], [matrix.rows(), matrix.columns()]);
        if shape != expected {
            let reason = format!(
                "it has {} x {} labels but a model of {} x {}",
                expected[0], expected[1], shape[0], shape[1]
            );
            return Err(Error::NotAModel { reason });
        }
        Ok(recommender)
    }

    /// What it has learned from, updates included: labels, and what users have.
    #[must_use]
    pub fn data(&self) -> &Interactions {
        &self.data
    }

    /// The model, which is asked in ids.
    #[must_use]
    pub fn model(&self) -> &dyn Model<f32> {
        match &self.model {
            Fitted::Factors { factors, .. } => factors,
            Fitted::Similarity(similarity) => similarity,
        }
    }

    /// The factors, if the model has any.
    #[must_use]
    pub fn factors(&self) -> Option<&Factors<f32>> {
        match &self.model {
            Fitted::Factors { factors, .. } => Some(factors),
            Fitted::Similarity(_) => None,
        }
    }

    /// Factors, parameters and Gram matrix of the items, as solving for a row needs them.
    fn solvable(&self, what: &'static str) -> Result<(&Factors<f32>, &AlternatingLeastSquares, &Gram)> {
        match &self.model {
            Fitted::Factors { factors, parameters, has_features: false } => {
                if self.gram.get().is_none() {
                    // Two threads may both come here; the first to finish is kept.
                    let _ = self.gram.set(Gram::of(factors.item_factors(), parameters.threads)?);
                }
                Ok((factors, parameters, self.gram.get().expect("it has just been set")))
            }
            Fitted::Factors { .. } => {
                Err(Error::NotSupported { model: "a model with features".into(), what })
            }
            Fitted::Similarity(_) => Err(Error::NotSupported { model: self.texts.class().into(), what }),
        }
    }
}

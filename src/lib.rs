//! Recommending from implicit feedback: what users played, bought or clicked.
//!
//! The model gives every user `u` a vector `x_u` and every item `i` a vector `y_i`, and scores a pair by
//! their product. Four formulas say all of it:
//!
//! - preference: `p = 1` if the stored value `r > 0`, otherwise 0
//! - confidence: `c = α |r|` (or another [`Confidence`])
//! - objective: `Σ_stored c (p − x·y)² + w0 Σ_others (x·y)² + λ (Σ |x|² + Σ |y|²)`
//! - recommendation: the items with the largest `x_u · y_i` that the user does not know yet
//!
//! # From plays to recommendations
//!
//! ```
//! use penchant::{AlternatingLeastSquares, CsrMatrix, RankOptions};
//!
//! // (user, item, plays)
//! let plays = [(0, 0, 12.0_f32), (0, 1, 3.0), (1, 0, 5.0), (1, 1, 8.0), (1, 2, 1.0), (2, 3, 7.0)];
//! let user_items = CsrMatrix::from_triplets(3, 4, &plays)?;
//! let model = AlternatingLeastSquares::new(2).regularization(0.05).alpha(2.0).fit(&user_items.view())?;
//!
//! let liked = CsrMatrix::from_triplets(1, 4, &plays[..2])?;
//! let best = model.recommend(&[0], Some(liked.view().pattern()), &RankOptions::top(1))?;
//! assert_eq!(best.ids(0), [2]);
//! assert_eq!(model.similar_items(&[0], &RankOptions::top(2))?.ids(0), [0, 1]);
//! # Ok::<(), penchant::Error>(())
//! ```
//!
//! # Where things are
//!
//! - [`CsrView`], [`CsrMatrix`]: the users x items matrix; [`weighting`]: BM25, tf-idf, normalization
//! - [`AlternatingLeastSquares`]: parameters and fit; [`Observer`] watches it; [`training_loss`] checks it
//! - [`Factors`]: the factors, and recommendations from them; [`rank`]: the same over borrowed factors
//!
//! # What holds everywhere
//!
//! Work runs on the crate's own threads. The same input and seed give the same bits on any number of
//! threads. Mistakes in the input come back as an [`enum@Error`] that carries the numbers.

#[doc(hidden)]
pub mod bench;
mod dense;
mod error;
mod gram;
pub mod interactions;
mod inverse;
mod io;
mod kernel;
pub mod labels;
pub mod metrics;
mod models;
mod observer;
mod pool;
pub mod rank;
mod recommender;
mod sparse;
#[cfg(any(feature = "python", test))]
mod text;
pub mod weighting;

#[cfg(feature = "python")]
mod python;

pub use dense::DenseView;
pub use error::{Error, Result};
pub use gram::Gram;
pub use kernel::{Real, instruction_set};
pub use models::als::{
    AlternatingLeastSquares, Confidence, Explanation, Features, FeaturesOf, Init, RowFeatures, Seen, Solver,
    factors_of, training_loss,
};
pub use models::ease::Ease;
pub use models::factors::Factors;
pub use models::knn::{NearestNeighbours, Weighting};
pub use models::model::Model;
pub use models::rp3beta::Rp3Beta;
pub use models::similarity::ItemSimilarity;
pub use models::slim::Slim;
pub use models::sparse_ease::SparseEase;
pub use observer::Observer;
pub use rank::{RankOptions, Rankings};
pub use recommender::{List, Reason, Recommender, Scored};
pub use sparse::{CsrMatrix, CsrView, MAX_IDS, Pattern, Row, check_structure};

/// The Rust of the README, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The Rust of the documentation, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../docs/rust.md")]
struct Guide;

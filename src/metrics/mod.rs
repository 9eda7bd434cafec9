//! Metrics of recommendations.

mod judge;
mod lists;
mod places;
mod ranking;

pub use lists::{diversity, mean_of_items};
#[cfg(feature = "python")]
pub(crate) use ranking::quality_columns;
pub use ranking::{ListQuality, list_qualities};

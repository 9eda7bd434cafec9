//! Metrics of recommendations.

mod judge;
mod lists;
mod places;
mod quality;
mod ranking;
mod ties;
mod wanted;

pub use lists::{diversity, mean_of_items};
pub use quality::{ListQuality, Metric};
pub use ranking::{RankedLists, list_metrics, list_qualities};
pub use ties::Ties;

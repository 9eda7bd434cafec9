//! Metrics of recommendations.

mod lists;
mod ranking;

pub use lists::{diversity, mean_of_items};
pub use ranking::{ListQuality, list_qualities};

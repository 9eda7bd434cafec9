//! Metrics of recommendations.

mod ranking;

pub use ranking::{ListQuality, list_qualities};

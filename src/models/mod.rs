//! The models, and what they have in common.

pub(crate) mod als;
mod check;
pub(crate) mod ease;
pub(crate) mod factors;
pub(crate) mod knn;
pub(crate) mod model;
mod regressions;
pub(crate) mod rp3beta;
pub(crate) mod similarity;
pub(crate) mod slim;
pub(crate) mod sparse_ease;

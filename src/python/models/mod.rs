//! The models.

pub(super) mod als;
pub(super) mod ease;
pub(super) mod knn;
pub(super) mod parts;
pub(super) mod rp3beta;
mod similarity;
pub(super) mod slim;
pub(super) mod sparse_ease;

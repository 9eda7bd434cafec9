//! The models.

pub(super) mod als;
pub(super) mod knn;

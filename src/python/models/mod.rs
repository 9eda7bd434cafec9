//! The models.

pub(super) mod als;
pub(super) mod ease;
pub(super) mod knn;
pub(super) mod rp3beta;
pub(super) mod slim;

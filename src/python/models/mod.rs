//! The models.

pub(super) mod als;

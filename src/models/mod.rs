//! The models, and what they are made of.

pub(crate) mod als;
pub(crate) mod factors;

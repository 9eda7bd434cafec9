//! Files: named tensors, and writing as a whole or not at all.

pub(crate) mod atomic;
pub(crate) mod tensors;

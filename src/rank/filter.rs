//! What must not be recommended: asked only of a candidate that is about to enter.

use crate::error::{Result, check_ids};

/// Ids that are left out for everyone, sorted for look-up.
pub(crate) struct Denied(Vec<i32>);

impl Denied {
    pub(crate) fn new(ids: &[i32], len: usize) -> Result<Self> {
        check_ids("filtered id", ids, len)?;
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        Ok(Self(ids))
    }

    /// Whether `id` is left out, for everyone or because it is in `liked`, which is sorted.
    pub(crate) fn filters(&self, id: i32, liked: &[i32]) -> bool {
        liked.binary_search(&id).is_ok() || self.0.binary_search(&id).is_ok()
    }
}

/// The ids that are ranked: all of them, or a list, sorted and without repeats.
pub(crate) enum Candidates {
    All(usize),
    Listed(Vec<i32>),
}

impl Candidates {
    pub(crate) fn new(listed: Option<&[i32]>, len: usize) -> Result<Self> {
        let Some(ids) = listed else { return Ok(Self::All(len)) };
        check_ids("listed id", ids, len)?;
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        Ok(Self::Listed(ids))
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::All(len) => *len,
            Self::Listed(ids) => ids.len(),
        }
    }

    pub(crate) fn contains(&self, id: i32) -> bool {
        match self {
            Self::All(len) => (id as usize) < *len,
            Self::Listed(ids) => ids.binary_search(&id).is_ok(),
        }
    }
}

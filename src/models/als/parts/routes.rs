//! Which rows go where.

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Users,
    Items,
}

/// Which rows of a side go where, by their numbers among their owner's, increasing; nothing from a worker to itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Routes {
    /// From each owner, those that this worker has entries of.
    pub(super) needs: Vec<Vec<u32>>,
    /// To each worker, those of this one that it has entries of.
    pub(super) needed: Vec<Vec<u32>>,
}

//! What a search finds.

/// Ids and scores for a number of queries, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Rankings<T> {
    pub(super) n: usize,
    pub(super) queries: usize,
    pub(super) ids: Vec<i32>,
    pub(super) scores: Vec<T>,
}

impl<T> Rankings<T> {
    /// The number of results for each query: `n`, or the number of candidates if that is smaller.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// The number of queries.
    #[must_use]
    pub fn queries(&self) -> usize {
        self.queries
    }

    /// The ids for one query; −1 where there was nothing left to return.
    #[must_use]
    pub fn ids(&self, query: usize) -> &[i32] {
        &self.ids[query * self.n..(query + 1) * self.n]
    }

    /// The scores for one query; −∞ where there was nothing left to return.
    #[must_use]
    pub fn scores(&self, query: usize) -> &[T] {
        &self.scores[query * self.n..(query + 1) * self.n]
    }

    /// All ids and all scores, query after query.
    #[must_use]
    pub fn into_parts(self) -> (Vec<i32>, Vec<T>) {
        (self.ids, self.scores)
    }
}

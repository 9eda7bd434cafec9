//! Exact top-N: recommendations and nearest neighbours over borrowed factors.
//!
//! One order holds everywhere: the higher score first, then the smaller id. NaN is never returned.
//! A filtered id never displaces another.

mod filter;
mod recommend;
mod search;
mod similar;
mod top_n;

pub use recommend::recommend;
pub use similar::similar;

use crate::error::{Error, Result};
use filter::{Candidates, Denied};
use search::Search;

/// How many results, and what may be among them.
///
/// ```
/// use penchant::Options;
/// let options = Options::top(10).without(&[3, 7]).threads(1);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Options<'a> {
    n: usize,
    only: Option<&'a [i32]>,
    without: &'a [i32],
    threads: usize,
}

impl<'a> Options<'a> {
    /// The best `n`, or as many as there are candidates.
    #[must_use]
    pub fn top(n: usize) -> Self {
        Self { n, only: None, without: &[], threads: 0 }
    }

    /// Ranks just these ids. All of them come back, filtered ones last with score −∞, as far as `n` allows.
    /// An id that is listed twice counts once.
    #[must_use]
    pub fn only(self, ids: &'a [i32]) -> Self {
        Self { only: Some(ids), ..self }
    }

    /// Leaves these ids out.
    #[must_use]
    pub fn without(self, ids: &'a [i32]) -> Self {
        Self { without: ids, ..self }
    }

    /// The number of threads; 0, the default, means all that this process may use.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    fn search(&self, len: usize) -> Result<Search> {
        if self.n == 0 {
            return Err(Error::InvalidParameter { name: "N", expected: "at least 1", value: 0.0 });
        }
        let candidates = Candidates::new(self.only, len)?;
        Ok(Search { candidates, denied: Denied::new(self.without, len)?, n: self.n })
    }
}

/// Ids and scores for a number of queries, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Rankings<T> {
    n: usize,
    queries: usize,
    ids: Vec<i32>,
    scores: Vec<T>,
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

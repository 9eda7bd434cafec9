//! Exact top-N: recommendations and nearest neighbours over borrowed factors.
//!
//! One order holds everywhere: the higher score first, then the smaller id. NaN is never returned.
//! A filtered id never displaces another.

mod audience;
mod basis;
mod depth;
mod filter;
mod index;
mod recommend;
mod screening;
mod search;
mod selection;
mod similar;
#[cfg(test)]
mod tests;
mod top_n;

pub use audience::{Listener, audience_by_rank, audience_by_score};
pub use index::Index;
pub use recommend::recommend;
pub use similar::similar;

use crate::error::{Error, Result, check_size};
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
    at_least: f64,
    groups: Option<(&'a [i32], usize)>,
    threads: usize,
}

impl<'a> Options<'a> {
    /// The best `n`, or as many as there are candidates.
    #[must_use]
    pub fn top(n: usize) -> Self {
        Self { n, only: None, without: &[], at_least: f64::NEG_INFINITY, groups: None, threads: 0 }
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

    /// Leaves out everything that scores less, listed or not.
    #[must_use]
    pub fn at_least(self, score: f64) -> Self {
        Self { at_least: score, ..self }
    }

    /// Returns at most `most` of each group. `groups` has one group for each candidate, any numbers.
    #[must_use]
    pub fn at_most_of_a_group(self, most: usize, groups: &'a [i32]) -> Self {
        Self { groups: Some((groups, most)), ..self }
    }

    /// The number of threads; 0, the default, means all that this process may use.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// The number of threads asked for.
    pub(crate) fn thread_count(&self) -> usize {
        self.threads
    }

    fn search(&self, len: usize) -> Result<Search<'a>> {
        let Self { n, only, without, at_least, groups, threads: _ } = *self;
        if n == 0 {
            return Err(Error::InvalidParameter { name: "N", expected: "at least 1", value: 0.0 });
        }
        if at_least.is_nan() {
            let (name, expected) = ("the least score", "a number");
            return Err(Error::InvalidParameter { name, expected, value: at_least });
        }
        if let Some((groups, most)) = groups {
            check_size("the number of groups (one for each candidate)", len, groups.len())?;
            if most == 0 {
                let (name, expected) = ("the most results of a group", "at least 1");
                return Err(Error::InvalidParameter { name, expected, value: 0.0 });
            }
        }
        let (candidates, denied) = (Candidates::new(only, len)?, Denied::new(without, len)?);
        Ok(Search { candidates, denied, n, at_least, groups })
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

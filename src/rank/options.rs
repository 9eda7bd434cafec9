//! What a search is asked for.

use crate::error::{Error, Result, check_size};
use crate::rank::filter::{Candidates, Denied};
use crate::rank::search::Search;

/// How many results, and what may be among them.
///
/// ```
/// use penchant::RankOptions;
/// let options = RankOptions::top(10).without(&[3, 7]).threads(1);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RankOptions<'a> {
    pub(super) n: usize,
    pub(super) only: Option<&'a [i32]>,
    pub(super) without: &'a [i32],
    pub(super) at_least: f64,
    pub(super) groups: Option<(&'a [i32], usize)>,
    pub(super) threads: usize,
}

impl<'a> RankOptions<'a> {
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

    pub(super) fn search(&self, len: usize) -> Result<Search<'a>> {
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

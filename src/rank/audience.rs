//! The users to whom an item matters most.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::error::{Error, Result, check_ids, check_size};
use crate::kernel::{self, Real, Simd, WithSimd};
use crate::observer::Observer;
use crate::pool;
use crate::rank::filter::{Candidates, Denied};
use crate::rank::index::{Demands, Index, Queries, inverse_norm};
use crate::rank::options::RankOptions;
use crate::rank::rankings::Rankings;
use crate::rank::recommend::recommend;
use crate::rank::scoring::{Query, Scoring};
use crate::rank::screening::Passed;

/// Users that a thread takes at a time, so few that what one block finds helps the next.
const USERS_PER_BLOCK: usize = 64;

/// A user to whom the item matters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AudienceMember<T> {
    /// Who.
    pub user: i32,
    /// The item's place among all items in the order of the user's scores, from 1 on.
    pub rank: usize,
    /// The score.
    pub score: T,
}

impl<T: Real> AudienceMember<T> {
    /// Better first: the smaller rank, then the higher score, then the smaller id.
    fn order(&self, other: &Self) -> Ordering {
        let by_score = other.score.partial_cmp(&self.score).unwrap_or(Ordering::Equal);
        self.rank.cmp(&other.rank).then(by_score).then(self.user.cmp(&other.user))
    }
}

/// The users with the highest scores for each of `itemids`. `index` is [`Index::of_items`] with the sides swapped:
/// the users are what is ranked.
pub fn audience_by_score<T: Real>(
    user_factors: DenseView<'_, T>,
    item_factors: DenseView<'_, T>,
    index: Option<&Index>,
    itemids: &[i32],
    options: &RankOptions<'_>,
) -> Result<Rankings<T>> {
    recommend(item_factors, user_factors, index, itemids, None, options)
}

/// The users in whose own order of items `itemid` comes first, second, and so on. `index` is [`Index::of_items`].
///
/// Exact, without ordering all items for everyone: a user is given up as soon as more items score above this one
/// than for the last of those found so far. `options` says how many, and which users; `observer` may interrupt.
pub fn audience_by_rank<T: Real>(
    user_factors: DenseView<'_, T>,
    item_factors: DenseView<'_, T>,
    index: &Index,
    itemid: i32,
    options: &RankOptions<'_>,
    observer: &dyn Observer,
) -> Result<Vec<AudienceMember<T>>> {
    check_size("the number of columns of item_factors", user_factors.columns(), item_factors.columns())?;
    check_ids("item", &[itemid], item_factors.rows())?;
    index.check(item_factors, false)?;
    if options.groups.is_some() || options.at_least > f64::NEG_INFINITY {
        let (name, expected) = ("options", "neither a least score nor groups for an audience by rank");
        return Err(Error::InvalidParameter { name, expected, value: options.at_least });
    }
    let search = options.search(user_factors.rows())?;
    let mut users: Vec<i32> = match &search.candidates {
        Candidates::All(len) => (0..*len as i32).collect(),
        Candidates::Listed(ids) => ids.clone(),
    };
    let scoring = Scoring { rows: item_factors, inverse_norms: None };
    let limit = AtomicUsize::new(usize::MAX);
    let (n, denied) = (search.n, &search.denied);
    pool::run(options.threads, || {
        // Those whose direction is that of the item first: most of them are among the best, so the others are soon
        // given up. Any order gives the same result.
        let item = item_factors.row(itemid as usize);
        let closeness: Vec<f64> = (0..user_factors.rows())
            .into_par_iter()
            .map(|user| {
                let row = user_factors.row(user);
                let closeness = kernel::dot_f64(row, item) * inverse_norm(row);
                if closeness.is_nan() { f64::NEG_INFINITY } else { closeness }
            })
            .collect();
        users.par_sort_unstable_by(|&a, &b| {
            closeness[b as usize].total_cmp(&closeness[a as usize]).then(a.cmp(&b))
        });
        let found: Vec<Vec<AudienceMember<T>>> = users
            .par_chunks(USERS_PER_BLOCK)
            .map(|users| {
                if observer.interrupted() {
                    return Err(Error::Interrupted);
                }
                Ok(kernel::dispatch(Block {
                    users,
                    denied,
                    user_factors,
                    scoring,
                    index,
                    itemid,
                    n,
                    limit: &limit,
                }))
            })
            .collect::<Result<_>>()?;
        let mut found: Vec<_> = found.into_iter().flatten().collect();
        found.sort_unstable_by(AudienceMember::order);
        found.truncate(n);
        Ok(found)
    })?
}

struct Block<'a, T> {
    users: &'a [i32],
    denied: &'a Denied,
    user_factors: DenseView<'a, T>,
    scoring: Scoring<'a, T>,
    index: &'a Index,
    itemid: i32,
    n: usize,
    /// Nobody with a larger rank is among the best: at least `n` others have at most this one.
    limit: &'a AtomicUsize,
}

impl<T: Real> WithSimd for Block<'_, T> {
    type Output = Vec<AudienceMember<T>>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<AudienceMember<T>> {
        let mut best: Vec<AudienceMember<T>> = Vec::new();
        let mut rounded = self.index.queries();
        let mut passed = Passed::new();
        for &user in self.users.iter().filter(|&&user| !self.denied.filters(user, &[])) {
            let vector = self.user_factors.row(user as usize);
            let query = Query { vector, scale: 1.0, liked: &[], own: None };
            let score = self.scoring.score(simd, &query, self.itemid);
            if score.is_nan() {
                continue;
            }
            rounded.clear();
            self.index.round(vector, 1.0, &mut rounded);
            let Some(rank) = self.rank(simd, &query, score, &rounded, &mut passed) else { continue };
            let listener = AudienceMember { user, rank, score };
            let at = best.partition_point(|other| other.order(&listener).is_lt());
            best.insert(at, listener);
            best.truncate(self.n);
            if best.len() == self.n {
                self.limit.fetch_min(best[self.n - 1].rank, Relaxed);
            }
        }
        best
    }
}

impl<T: Real> Block<'_, T> {
    /// The item's rank, unless it is beyond the limit.
    #[inline(always)]
    fn rank<S: Simd>(
        &self,
        simd: S,
        query: &Query<'_, T>,
        score: T,
        rounded: &Queries,
        passed: &mut Passed,
    ) -> Option<usize> {
        let (index, about, least) = (self.index, rounded.about[0], score.to_f64());
        let limit = self.limit.load(Relaxed);
        let mut rank = 1;
        let mut demands = Demands::default();
        demands.set(0, about, least);
        for (panel, candidates) in index.packed.about.iter().enumerate() {
            if !index.reaches(about, panel, least) {
                break;
            }
            let bound = demands.least_sum(0, candidates);
            if !passed.screen(simd, index, panel, rounded.bytes(0), &[bound]) {
                continue;
            }
            for (id, sum) in passed.of(index, panel, 0) {
                // Only a score that is close has to be known exactly.
                let above = index.is_above(about, panel, sum, least) || {
                    let other = self.scoring.score(simd, query, id);
                    other > score || (other == score && id < self.itemid)
                };
                rank += usize::from(above);
                if rank > limit {
                    return None;
                }
            }
        }
        Some(rank)
    }
}

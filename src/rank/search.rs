//! The search behind every ranking: score the candidates of one query, keep the best.

use crate::kernel::Real;
use crate::rank::Rankings;
use crate::rank::filter::{Candidates, Denied};
use crate::rank::top_n::{Scored, TopN};
use rayon::prelude::*;

/// Everything that the queries of one call have in common.
pub(crate) struct Search {
    pub(crate) candidates: Candidates,
    pub(crate) denied: Denied,
    /// The most results for each query.
    pub(crate) n: usize,
}

/// One query: who is filtered for it, who comes first without being ranked, and the score of a candidate.
pub(crate) struct Query<'a, F> {
    pub(crate) liked: &'a [i32],
    pub(crate) own: Option<i32>,
    pub(crate) score: F,
}

impl Search {
    /// Answers `queries` queries in parallel.
    ///
    /// A slot that cannot be filled holds id −1 and score −∞. Candidates from a list that are filtered come
    /// last, by id, with score −∞.
    pub(crate) fn run<'a, T: Real, F: Fn(i32) -> T>(
        &self,
        queries: usize,
        query: impl Fn(usize) -> Query<'a, F> + Sync,
    ) -> Rankings<T> {
        let n = self.n.min(self.candidates.len());
        let mut ids = vec![-1; queries * n];
        let mut scores = vec![T::NEG_INFINITY; queries * n];
        if n > 0 {
            ids.par_chunks_mut(n).zip(scores.par_chunks_mut(n)).enumerate().for_each_init(
                || (TopN::new(n), Vec::with_capacity(n)),
                |(top, sorted), (at, (ids, scores))| self.answer(&query(at), top, sorted, ids, scores),
            );
        }
        Rankings { n, queries, ids, scores }
    }

    fn answer<T: Real, F: Fn(i32) -> T>(
        &self,
        query: &Query<'_, F>,
        top: &mut TopN<T>,
        sorted: &mut Vec<Scored<T>>,
        ids: &mut [i32],
        scores: &mut [T],
    ) {
        let filtered = |id| self.denied.filters(id, query.liked);
        let own = query.own.filter(|&id| self.candidates.contains(id) && !filtered(id));
        self.candidates.for_each(|id| {
            if query.own == Some(id) {
                return;
            }
            let candidate = Scored { score: (query.score)(id), id };
            if top.admits(candidate) && !filtered(id) {
                top.push(candidate);
            }
        });
        top.drain_sorted(sorted);
        if let Some(id) = own {
            sorted.insert(0, Scored { score: T::ONE, id });
        }
        if let Candidates::Listed(listed) = &self.candidates {
            let last = listed.iter().filter(|&&id| filtered(id));
            sorted.extend(last.map(|&id| Scored { score: T::NEG_INFINITY, id }));
        }
        for ((id, score), best) in ids.iter_mut().zip(scores).zip(&*sorted) {
            *id = best.id;
            *score = best.score;
        }
    }
}

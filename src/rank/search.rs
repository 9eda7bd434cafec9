//! The search behind every ranking: find the candidates that may enter, score them, keep the best.

use rayon::prelude::*;

use crate::error::Result;
use crate::kernel::{self, Real, WithSimd};
use crate::pool;
use crate::rank::filter::{Candidates, Denied};
use crate::rank::index::Index;
use crate::rank::rankings::Rankings;
use crate::rank::scoring::{Query, Scoring};
use crate::rank::screening::{Part, Screening};
use crate::rank::selection::Selection;
use crate::rank::top_n::Scored;

/// The most queries that share the reading of the candidates.
const QUERIES_PER_BLOCK: usize = 256;

/// The most results that are kept at a time in a block; a block has fewer queries if each keeps many.
const RESULTS_PER_BLOCK: usize = 1 << 20;

/// From so many candidates on, threads share a single query.
const SHARED_CANDIDATES: usize = 1 << 16;

/// Everything that the queries of one call have in common.
pub(crate) struct Search<'a> {
    pub(crate) candidates: Candidates,
    pub(crate) denied: Denied,
    /// The most results for each query.
    pub(crate) n: usize,
    /// The least score of a result.
    pub(crate) at_least: f64,
    /// The group of each candidate, and the most results from one group.
    pub(crate) groups: Option<(&'a [i32], usize)>,
}

impl Search<'_> {
    /// Answers `queries` queries on `threads` threads; with an index, without looking at most of the candidates.
    ///
    /// A slot that cannot be filled holds id −1 and score −∞. Candidates from a list that are filtered come
    /// last, by id, with score −∞.
    pub(crate) fn run<'q, T: Real>(
        &self,
        threads: usize,
        scoring: Scoring<'_, T>,
        index: Option<&Index>,
        queries: usize,
        query: impl Fn(usize) -> Query<'q, T> + Sync,
    ) -> Result<Rankings<T>> {
        let n = self.n.min(self.candidates.len());
        let (mut ids, mut scores) = (vec![-1; queries * n], vec![T::NEG_INFINITY; queries * n]);
        let index = match &self.candidates {
            Candidates::All(_) => index,
            Candidates::Listed(_) => None,
        };
        let many = self.candidates.len() >= SHARED_CANDIDATES;
        if n == 0 || queries == 0 {
            pool::check(threads)?;
        } else if queries == 1 && !many {
            // Waking other threads would take longer.
            pool::check(threads)?;
            self.run_block(scoring, index, &[query(0)], n, &mut ids, &mut scores);
        } else {
            pool::run(threads, || {
                let few = queries < rayon::current_num_threads();
                match index.filter(|_| few && many) {
                    Some(index) => {
                        for (at, (ids, scores)) in ids.chunks_mut(n).zip(scores.chunks_mut(n)).enumerate() {
                            self.run_shared(scoring, index, query(at), n, ids, scores);
                        }
                    }
                    None => self.run_blocks(scoring, index, &query, n, &mut ids, &mut scores),
                }
            })?;
        }
        Ok(Rankings { n, queries, ids, scores })
    }

    /// Answers one query with all threads, each of which searches a part of the candidates.
    fn run_shared<T: Real>(
        &self,
        scoring: Scoring<'_, T>,
        index: &Index,
        query: Query<'_, T>,
        n: usize,
        ids: &mut [i32],
        scores: &mut [T],
    ) {
        let threads = rayon::current_num_threads();
        let query = [query];
        let parts: Vec<_> = (0..threads)
            .into_par_iter()
            .map(|number| {
                let mut selection = [self.selection(n)];
                self.screen(scoring, index, &query, &mut selection, Part { of: threads, number });
                selection
            })
            .collect();
        let mut selection = self.selection(n);
        for candidate in parts.into_iter().flatten().flat_map(Selection::into_sorted) {
            selection.offer(candidate);
        }
        self.answer(&query[0], selection, ids, scores);
    }

    /// Answers blocks of queries, each on one thread.
    fn run_blocks<'q, T: Real>(
        &self,
        scoring: Scoring<'_, T>,
        index: Option<&Index>,
        query: &(impl Fn(usize) -> Query<'q, T> + Sync),
        n: usize,
        ids: &mut [i32],
        scores: &mut [T],
    ) {
        let shares = (ids.len() / n).div_ceil(4 * rayon::current_num_threads());
        let block = shares.min(RESULTS_PER_BLOCK.div_ceil(n)).clamp(1, QUERIES_PER_BLOCK);
        ids.par_chunks_mut(n * block).zip(scores.par_chunks_mut(n * block)).enumerate().for_each(
            |(number, (ids, scores))| {
                let queries: Vec<_> = (0..ids.len() / n).map(|at| query(number * block + at)).collect();
                self.run_block(scoring, index, &queries, n, ids, scores);
            },
        );
    }

    /// Answers a block of queries on this thread.
    fn run_block<T: Real>(
        &self,
        scoring: Scoring<'_, T>,
        index: Option<&Index>,
        queries: &[Query<'_, T>],
        n: usize,
        ids: &mut [i32],
        scores: &mut [T],
    ) {
        let mut selections: Vec<_> = queries.iter().map(|_| self.selection(n)).collect();
        match index {
            Some(index) => {
                self.screen(scoring, index, queries, &mut selections, Part { of: 1, number: 0 });
            }
            None => {
                kernel::dispatch(Scan { search: self, scoring, queries, selections: &mut selections });
            }
        }
        for (((query, selection), ids), scores) in
            queries.iter().zip(selections).zip(ids.chunks_mut(n)).zip(scores.chunks_mut(n))
        {
            self.answer(query, selection, ids, scores);
        }
    }

    fn screen<T: Real>(
        &self,
        scoring: Scoring<'_, T>,
        index: &Index,
        queries: &[Query<'_, T>],
        selections: &mut [Selection<'_, T>],
        part: Part,
    ) {
        let denied = &self.denied;
        kernel::dispatch(Screening { denied, scoring, index, queries, selections, part });
    }

    pub(crate) fn selection<T: Real>(&self, n: usize) -> Selection<'_, T> {
        Selection::new(n, T::from_f64(self.at_least), self.groups)
    }

    /// Writes down what was found, with what is first or last without being ranked.
    pub(crate) fn answer<T: Real>(
        &self,
        query: &Query<'_, T>,
        selection: Selection<'_, T>,
        ids: &mut [i32],
        scores: &mut [T],
    ) {
        let filtered = |id| self.denied.filters(id, query.liked);
        let mut sorted = selection.into_sorted();
        if let Some(id) = query.own.filter(|&id| self.candidates.contains(id) && !filtered(id)) {
            sorted.insert(0, Scored { score: T::ONE, id });
        }
        if let Candidates::Listed(listed) = &self.candidates {
            let last = listed.iter().filter(|&&id| filtered(id));
            sorted.extend(last.map(|&id| Scored { score: T::NEG_INFINITY, id }));
        }
        for ((id, score), best) in ids.iter_mut().zip(scores).zip(&sorted) {
            *id = best.id;
            *score = best.score;
        }
    }
}

/// Every candidate scored: for lists, for few candidates, and as the slow twin of [`Screening`].
struct Scan<'a, 'b, T> {
    search: &'a Search<'a>,
    scoring: Scoring<'a, T>,
    queries: &'a [Query<'a, T>],
    selections: &'a mut [Selection<'b, T>],
}

impl<T: Real> WithSimd for Scan<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: kernel::Simd>(self, simd: S) {
        for (query, selection) in self.queries.iter().zip(self.selections) {
            match &self.search.candidates {
                Candidates::All(len) => {
                    for id in 0..*len as i32 {
                        self.scoring.consider(simd, query, id, &self.search.denied, selection);
                    }
                }
                Candidates::Listed(ids) => {
                    for &id in ids {
                        self.scoring.consider(simd, query, id, &self.search.denied, selection);
                    }
                }
            }
        }
    }
}

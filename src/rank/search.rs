//! The search behind every ranking: find the candidates that may enter, score them, keep the best.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::kernel::{self, Real, WithSimd};
use crate::rank::Rankings;
use crate::rank::filter::{Candidates, Denied};
use crate::rank::index::Index;
use crate::rank::screening::{Part, Screening};
use crate::rank::selection::Selection;
use crate::rank::top_n::Scored;

/// The most queries that share the reading of the candidates.
const QUERIES_PER_BLOCK: usize = 256;

/// The most results that are kept at a time in a block; a block has fewer queries if each keeps many.
const RESULTS_PER_BLOCK: usize = 1 << 20;

/// From so many candidates on, threads share a single query.
const SHARED_CANDIDATES: usize = 1 << 16;

/// The rows that are ranked, and what their scores are.
#[derive(Clone, Copy)]
pub(crate) struct Scoring<'a, T> {
    pub(crate) rows: DenseView<'a, T>,
    /// By their direction rather than by the product: `1 / |row|` for each row.
    pub(crate) inverse_norms: Option<&'a [f64]>,
}

/// One query: its vector, who is filtered for it, and who comes first without being ranked.
#[derive(Clone, Copy)]
pub(crate) struct Query<'a, T> {
    pub(crate) vector: &'a [T],
    /// What its products are multiplied by.
    pub(crate) scale: f64,
    pub(crate) liked: &'a [i32],
    pub(crate) own: Option<i32>,
}

impl<T: Real> Scoring<'_, T> {
    /// The one place where scores come from: the same bits whatever led to a candidate.
    #[inline(always)]
    pub(crate) fn score(&self, query: &Query<'_, T>, id: i32) -> T {
        let row = self.rows.row(id as usize);
        let Some(inverse_norms) = self.inverse_norms else { return kernel::dot(query.vector, row) };
        // In f64, where the product of two tiny rows is still something.
        let product = kernel::dot_f64(query.vector, row);
        let cosine = T::from_f64(product * query.scale * inverse_norms[id as usize]);
        // Rounding must not put anything above the row itself.
        if cosine > T::ONE { T::ONE } else { cosine }
    }
}

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
    /// Answers `queries` queries in parallel; with an index, without looking at most of the candidates.
    ///
    /// A slot that cannot be filled holds id −1 and score −∞. Candidates from a list that are filtered come
    /// last, by id, with score −∞.
    pub(crate) fn run<'q, T: Real>(
        &self,
        scoring: Scoring<'_, T>,
        index: Option<&Index>,
        queries: usize,
        query: impl Fn(usize) -> Query<'q, T> + Sync,
    ) -> Rankings<T> {
        let n = self.n.min(self.candidates.len());
        let (mut ids, mut scores) = (vec![-1; queries * n], vec![T::NEG_INFINITY; queries * n]);
        let index = match &self.candidates {
            Candidates::All(_) => index,
            Candidates::Listed(_) => None,
        };
        if n > 0 && queries > 0 {
            let few = queries < rayon::current_num_threads();
            match index.filter(|index| few && index.order.len() >= SHARED_CANDIDATES) {
                Some(index) => {
                    for (at, (ids, scores)) in ids.chunks_mut(n).zip(scores.chunks_mut(n)).enumerate() {
                        self.run_shared(scoring, index, query(at), n, ids, scores);
                    }
                }
                None => self.run_blocks(scoring, index, &query, n, &mut ids, &mut scores),
            }
        }
        Rankings { n, queries, ids, scores }
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
                let mut selections: Vec<_> = queries.iter().map(|_| self.selection(n)).collect();
                match index {
                    Some(index) => {
                        self.screen(scoring, index, &queries, &mut selections, Part { of: 1, number: 0 });
                    }
                    None => kernel::dispatch(Scan {
                        search: self,
                        scoring,
                        queries: &queries,
                        selections: &mut selections,
                    }),
                }
                for (((query, selection), ids), scores) in
                    queries.iter().zip(selections).zip(ids.chunks_mut(n)).zip(scores.chunks_mut(n))
                {
                    self.answer(query, selection, ids, scores);
                }
            },
        );
    }

    fn screen<T: Real>(
        &self,
        scoring: Scoring<'_, T>,
        index: &Index,
        queries: &[Query<'_, T>],
        selections: &mut [Selection<'_, T>],
        part: Part,
    ) {
        kernel::dispatch(Screening { search: self, scoring, index, queries, selections, part });
    }

    fn selection<T: Real>(&self, n: usize) -> Selection<'_, T> {
        Selection::new(n, T::from_f64(self.at_least), self.groups)
    }

    /// Scores a candidate and takes it if it is among the best and not filtered.
    #[inline(always)]
    pub(crate) fn consider<T: Real>(
        &self,
        scoring: &Scoring<'_, T>,
        query: &Query<'_, T>,
        id: i32,
        selection: &mut Selection<'_, T>,
    ) {
        if query.own == Some(id) {
            return;
        }
        let candidate = Scored { score: scoring.score(query, id), id };
        if selection.admits(candidate) && !self.denied.filters(id, query.liked) {
            selection.push(candidate);
        }
    }

    fn answer<T: Real>(
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
    fn with_simd<S: kernel::Simd>(self, _: S) {
        for (query, selection) in self.queries.iter().zip(self.selections) {
            match &self.search.candidates {
                Candidates::All(len) => {
                    for id in 0..*len as i32 {
                        self.search.consider(&self.scoring, query, id, selection);
                    }
                }
                Candidates::Listed(ids) => {
                    for &id in ids {
                        self.search.consider(&self.scoring, query, id, selection);
                    }
                }
            }
        }
    }
}

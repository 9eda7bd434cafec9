//! The best columns for sparse rows that are multiplied by a dense matrix.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::error::{Error, Result, check_size};
use crate::kernel::{self, Real, Simd, WithSimd};
use crate::observer::Observer;
use crate::pool;
use crate::rank::filter::Candidates;
use crate::rank::options::RankOptions;
use crate::rank::rankings::Rankings;
use crate::rank::scoring::Query;
use crate::rank::search::Search;
use crate::rank::selection::Selection;
use crate::rank::top_n::Scored;
use crate::sparse::{CsrView, Pattern};

/// Queries that a thread takes at a time.
const QUERIES_PER_BLOCK: usize = 8;

/// Scores that are looked at together: with one comparison for all of them.
const BLOCK: usize = 32;

/// The columns with the largest entries in each row of `rows · matrix`, ties to the smaller id; of all columns, as
/// every one has a score.
///
/// `rows` may have fewer columns than `matrix` has rows, never more. `liked` has one row for each query; what is
/// stored there is left out.
pub fn recommend_by_dense_rows<T: Real>(
    rows: &CsrView<'_, T>,
    matrix: DenseView<'_, T>,
    liked: Option<Pattern<'_>>,
    options: &RankOptions<'_>,
    observer: &dyn Observer,
) -> Result<Rankings<T>> {
    if rows.columns() > matrix.rows() {
        let (what, value) = ("the number of columns of user_items", rows.columns());
        return Err(Error::TooLarge { what, value, max: matrix.rows() });
    }
    if let Some(liked) = liked {
        check_size(
            "the number of rows of user_items (one for each requested user)",
            rows.rows(),
            liked.rows(),
        )?;
        if liked.columns() > matrix.columns() {
            let (what, value) = ("the number of columns of user_items", liked.columns());
            return Err(Error::TooLarge { what, value, max: matrix.columns() });
        }
    }
    rows.check_finite()?;
    let search = options.search(matrix.columns())?;
    let n = search.n.min(search.candidates.len());
    let (mut ids, mut scores) = (vec![-1; rows.rows() * n], vec![T::NEG_INFINITY; rows.rows() * n]);
    if n > 0 {
        pool::run(options.thread_count(), || {
            ids.par_chunks_mut(n * QUERIES_PER_BLOCK)
                .zip(scores.par_chunks_mut(n * QUERIES_PER_BLOCK))
                .enumerate()
                .try_for_each_init(
                    || vec![T::ZERO; matrix.columns()],
                    |sums, (block, (ids, scores))| {
                        if observer.interrupted() {
                            return Err(Error::Interrupted);
                        }
                        let first = block * QUERIES_PER_BLOCK;
                        let search = &search;
                        kernel::dispatch(Queries {
                            search,
                            rows,
                            matrix,
                            liked,
                            first,
                            n,
                            sums,
                            ids,
                            scores,
                        });
                        Ok(())
                    },
                )
        })??;
    }
    Ok(Rankings { n, queries: rows.rows(), ids, scores })
}

struct Queries<'a, 'b, T> {
    search: &'a Search<'b>,
    rows: &'a CsrView<'b, T>,
    matrix: DenseView<'b, T>,
    liked: Option<Pattern<'b>>,
    first: usize,
    n: usize,
    sums: &'a mut [T],
    ids: &'a mut [i32],
    scores: &'a mut [T],
}

impl<T: Real> WithSimd for Queries<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { search, rows, matrix, liked, first, n, sums, ids, scores } = self;
        for (at, (ids, scores)) in ids.chunks_mut(n).zip(scores.chunks_mut(n)).enumerate() {
            let row = rows.row(first + at);
            let liked = liked.map_or(&[][..], |liked| liked.row(first + at));
            sums.fill(T::ZERO);
            for (&item, &weight) in row.indices.iter().zip(row.values) {
                for (sum, &value) in sums.iter_mut().zip(matrix.row(item as usize)) {
                    *sum += weight * value;
                }
            }
            let mut selection = search.selection(n);
            let offer = |selection: &mut Selection<'_, T>, id: usize| {
                let candidate = Scored { score: sums[id], id: id as i32 };
                if selection.admits(candidate) && !search.denied.filters(candidate.id, liked) {
                    selection.push(candidate);
                }
            };
            match &search.candidates {
                Candidates::Listed(listed) => {
                    for &id in listed {
                        offer(&mut selection, id as usize);
                    }
                }
                Candidates::All(_) => {
                    for (number, block) in sums.chunks(BLOCK).enumerate() {
                        let threshold = T::from_f64(selection.threshold());
                        let mut any = false;
                        for &sum in block {
                            any |= sum >= threshold;
                        }
                        if any {
                            for id in number * BLOCK..number * BLOCK + block.len() {
                                offer(&mut selection, id);
                            }
                        }
                    }
                }
            }
            let query = Query { vector: &[], scale: 1.0, liked, own: None };
            search.answer(&query, selection, ids, scores);
        }
    }
}

//! Rows that are multiplied by a matrix and want the best columns: what is checked, and how they are shared out.

use rayon::prelude::*;

use crate::error::{Error, Result, check_size};
use crate::kernel::Real;
use crate::observer::Observer;
use crate::pool;
use crate::rank::options::RankOptions;
use crate::rank::rankings::Rankings;
use crate::rank::search::Search;
use crate::sparse::{CsrView, Pattern};

/// Queries that a thread takes at a time.
const QUERIES_PER_BLOCK: usize = 16;

/// The rows of some queries, where their answers go, and what a thread has for them.
pub(super) struct Block<'a, 'b, T, S> {
    pub(super) search: &'a Search<'b>,
    /// The first of the rows.
    pub(super) first: usize,
    /// How many answers a row has.
    pub(super) n: usize,
    pub(super) scratch: &'a mut S,
    pub(super) ids: &'a mut [i32],
    pub(super) scores: &'a mut [T],
}

/// Answers `rows`, which may have fewer columns than the matrix, whose shape is given, has rows; never more.
/// `answer` does so for a block of them, with what `scratch` makes for each thread.
pub(super) fn answered<T: Real, S: Send>(
    rows: &CsrView<'_, T>,
    shape: (usize, usize),
    liked: Option<Pattern<'_>>,
    options: &RankOptions<'_>,
    observer: &dyn Observer,
    scratch: impl Fn() -> S + Sync + Send,
    answer: impl Fn(Block<'_, '_, T, S>) + Sync + Send,
) -> Result<Rankings<T>> {
    if rows.columns() > shape.0 {
        let (what, value) = ("the number of columns of user_items", rows.columns());
        return Err(Error::TooLarge { what, value, max: shape.0 });
    }
    if let Some(liked) = liked {
        check_size(
            "the number of rows of user_items (one for each requested user)",
            rows.rows(),
            liked.rows(),
        )?;
        if liked.columns() > shape.1 {
            let (what, value) = ("the number of columns of user_items", liked.columns());
            return Err(Error::TooLarge { what, value, max: shape.1 });
        }
    }
    rows.check_finite()?;
    let search = options.search(shape.1)?;
    let n = search.n.min(search.candidates.len());
    let (mut ids, mut scores) = (vec![-1; rows.rows() * n], vec![T::NEG_INFINITY; rows.rows() * n]);
    if n > 0 {
        pool::run(options.thread_count(), || {
            ids.par_chunks_mut(n * QUERIES_PER_BLOCK)
                .zip(scores.par_chunks_mut(n * QUERIES_PER_BLOCK))
                .enumerate()
                .try_for_each_init(&scratch, |scratch, (block, (ids, scores))| {
                    if observer.interrupted() {
                        return Err(Error::Interrupted);
                    }
                    let (search, first) = (&search, block * QUERIES_PER_BLOCK);
                    answer(Block { search, first, n, scratch, ids, scores });
                    Ok(())
                })
        })??;
    }
    Ok(Rankings { n, queries: rows.rows(), ids, scores })
}

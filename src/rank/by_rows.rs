//! The best columns for rows that are multiplied by a sparse matrix: what item-item models recommend.

use crate::error::Result;
use crate::kernel::{self, Real, Simd, WithSimd};
use crate::observer::Observer;
use crate::rank::filter::Candidates;
use crate::rank::options::RankOptions;
use crate::rank::rankings::Rankings;
use crate::rank::row_queries::{Block, answered};
use crate::rank::scoring::Query;
use crate::rank::selection::Selection;
use crate::rank::sums::Sums;
use crate::rank::top_n::Scored;
use crate::sparse::{CsrView, Pattern};

/// The columns with the largest entries in each row of `rows · matrix`, ties to the smaller id.
///
/// `rows` may have fewer columns than `matrix` has rows, never more. Only columns that a row reaches are found:
/// where nothing speaks for or against one there is no score. Those that `options` lists are returned anyway,
/// with score 0. `liked` has one row for each query; what is stored there is left out.
pub fn recommend_by_rows<T: Real>(
    rows: &CsrView<'_, T>,
    matrix: &CsrView<'_, T>,
    liked: Option<Pattern<'_>>,
    options: &RankOptions<'_>,
    observer: &dyn Observer,
) -> Result<Rankings<T>> {
    let shape = (matrix.rows(), matrix.columns());
    answered(
        rows,
        shape,
        liked,
        options,
        observer,
        || Sums::new(matrix.columns()),
        |block| {
            kernel::dispatch(Queries { rows, matrix, liked, block });
        },
    )
}

struct Queries<'a, 'b, T> {
    rows: &'a CsrView<'b, T>,
    matrix: &'a CsrView<'b, T>,
    liked: Option<Pattern<'b>>,
    block: Block<'a, 'b, T, Sums>,
}

impl<T: Real> WithSimd for Queries<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { rows, matrix, liked, block } = self;
        let Block { search, first, n, scratch: sums, ids, scores } = block;
        for (at, (ids, scores)) in ids.chunks_mut(n).zip(scores.chunks_mut(n)).enumerate() {
            let row = rows.row(first + at);
            let liked = liked.map_or(&[][..], |liked| liked.row(first + at));
            sums.add(row, matrix);
            let mut selection = search.selection(n);
            let offer = |selection: &mut Selection<'_, T>, id: usize, sum: f64| {
                let candidate = Scored { score: T::from_f64(sum), id: id as i32 };
                if selection.admits(candidate) && !search.denied.filters(candidate.id, liked) {
                    selection.push(candidate);
                }
            };
            if let Candidates::Listed(listed) = &search.candidates {
                for &id in listed {
                    offer(&mut selection, id as usize, sums.get(id as usize).unwrap_or(0.0));
                }
                sums.drain(&mut (), |(), _| true, |(), _, _| {});
            } else {
                sums.drain(
                    &mut selection,
                    |selection, block| {
                        let threshold = selection.threshold();
                        let mut any = false;
                        for &sum in block {
                            any |= T::from_f64(sum).to_f64() >= threshold;
                        }
                        !any
                    },
                    offer,
                );
            }
            let query = Query { vector: &[], scale: 1.0, liked, own: None };
            search.answer(&query, selection, ids, scores);
        }
    }
}

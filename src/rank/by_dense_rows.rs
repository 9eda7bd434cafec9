//! The best columns for sparse rows that are multiplied by a dense matrix.

use crate::dense::DenseView;
use crate::error::Result;
use crate::kernel::{self, Real, Simd, WithSimd};
use crate::observer::Observer;
use crate::rank::filter::Candidates;
use crate::rank::options::RankOptions;
use crate::rank::rankings::Rankings;
use crate::rank::row_queries::{Block, answered};
use crate::rank::scoring::Query;
use crate::rank::selection::Selection;
use crate::rank::top_n::Scored;
use crate::sparse::{CsrView, Pattern};

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
    let shape = (matrix.rows(), matrix.columns());
    answered(
        rows,
        shape,
        liked,
        options,
        observer,
        || vec![T::ZERO; matrix.columns()],
        |block| {
            kernel::dispatch(Queries { rows, matrix, liked, block });
        },
    )
}

struct Queries<'a, 'b, T> {
    rows: &'a CsrView<'b, T>,
    matrix: DenseView<'b, T>,
    liked: Option<Pattern<'b>>,
    block: Block<'a, 'b, T, Vec<T>>,
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

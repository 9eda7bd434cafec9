//! The rows of a side most like a given row.

use crate::dense::DenseView;
use crate::error::{Result, check_ids, check_size};
use crate::kernel::Real;
use crate::pool;
use crate::rank::index::{Index, inverse_norm, inverse_norms};
use crate::rank::options::RankOptions;
use crate::rank::rankings::Rankings;
use crate::rank::scoring::{Query, Scoring};

/// The rows most like each of `ids` by the cosine of their factors, ties to the smaller id.
///
/// The row itself comes first, with score 1. A row of zeros has cosine 0 with every other. With `vectors`,
/// one for each id, those are compared instead of the rows in `factors`. `index` is [`Index::of_directions`]
/// for these factors; without one every row is scored, with the same result.
pub fn similar<T: Real>(
    factors: DenseView<'_, T>,
    index: Option<&Index>,
    ids: &[i32],
    vectors: Option<DenseView<'_, T>>,
    options: &RankOptions<'_>,
) -> Result<Rankings<T>> {
    check_ids("id", ids, factors.rows())?;
    if let Some(vectors) = vectors {
        check_size("the number of vectors", ids.len(), vectors.rows())?;
        check_size("the number of columns of the vectors", factors.columns(), vectors.columns())?;
    }
    if let Some(index) = index {
        index.check(factors, true)?;
    }
    let search = options.search(factors.rows())?;
    let own_norms;
    let inverse_norms = if let Some(norms) = index.and_then(|index| index.inverse_norms.as_deref()) {
        norms
    } else {
        own_norms = pool::run(options.threads, || inverse_norms(factors))?;
        &own_norms
    };
    let scoring = Scoring { rows: factors, inverse_norms: Some(inverse_norms) };
    search.run(options.threads, scoring, index, ids.len(), |at| {
        let vector = vectors.map_or_else(|| factors.row(ids[at] as usize), |vectors| vectors.row(at));
        Query { vector, scale: inverse_norm(vector), liked: &[], own: Some(ids[at]) }
    })
}

//! The rows of a side most like a given row.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::error::{Result, check_ids, check_size};
use crate::kernel::{self, Real};
use crate::pool;
use crate::rank::search::Query;
use crate::rank::{Options, Rankings};

/// The rows most like each of `ids` by the cosine of their factors, ties to the smaller id.
///
/// The row itself comes first, with score 1. A row of zeros has cosine 0 with every other. With `vectors`,
/// one for each id, those are compared instead of the rows in `factors`.
pub fn similar<T: Real>(
    factors: DenseView<'_, T>,
    ids: &[i32],
    vectors: Option<DenseView<'_, T>>,
    options: &Options<'_>,
) -> Result<Rankings<T>> {
    check_ids("id", ids, factors.rows())?;
    if let Some(vectors) = vectors {
        check_size("the number of vectors", ids.len(), vectors.rows())?;
        check_size("the number of columns of the vectors", factors.columns(), vectors.columns())?;
    }
    let search = options.search(factors.rows())?;
    pool::run(options.threads, || {
        let inverse_norms: Vec<T> =
            (0..factors.rows()).into_par_iter().map(|row| inverse_norm(factors.row(row))).collect();
        search.run(ids.len(), |at| {
            let vector = vectors.map_or_else(|| factors.row(ids[at] as usize), |vectors| vectors.row(at));
            let scale = inverse_norm(vector);
            let inverse_norms = &inverse_norms;
            let cosine = move |id: i32| {
                let product = kernel::dot(vector, factors.row(id as usize));
                let cosine = product * scale * inverse_norms[id as usize];
                // Rounding must not put anything above the row itself.
                if cosine > T::ONE { T::ONE } else { cosine }
            };
            Query { liked: &[], own: Some(ids[at]), score: cosine }
        })
    })
}

fn inverse_norm<T: Real>(row: &[T]) -> T {
    let norm = row.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt();
    if norm > 0.0 { T::from_f64(norm.recip()) } else { T::ZERO }
}

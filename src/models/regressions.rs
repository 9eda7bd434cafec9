//! What SLIM and sparse EASE have in common: a regression for each item, on those products of items that are not 0.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::kernel::Real;
use crate::observer::Observer;
use crate::rank::pairs::best_partners;
use crate::sparse::{CsrMatrix, CsrView};

/// The Gram matrix `XᵀX` of the items.
pub(crate) struct Products<'a, T> {
    /// What of it is not 0.
    pub(crate) matrix: CsrView<'a, T>,
    pub(crate) diagonal: &'a [f64],
}

/// The weights of items for items, of which `solve` finds a column: the ids, which increase, and the weights of the
/// other items for one. Each thread has a `scratch`. `observer` hears of every item twice: when its products are known,
/// and when it is solved.
pub(crate) fn regressions<T: Real, S>(
    user_items: &CsrView<'_, T>,
    observer: &dyn Observer,
    scratch: impl Fn() -> S + Send + Sync,
    solve: impl Fn(&mut S, &Products<'_, T>, usize) -> Result<(Vec<i32>, Vec<T>)> + Send + Sync,
) -> Result<CsrMatrix<T>> {
    let items = user_items.columns();
    let known = user_items.without_zeros();
    let rows = known.as_ref().map_or(*user_items, CsrMatrix::view);
    let gram = best_partners(&rows, items.max(1), true, &vec![(); items], |(), ()| 1.0, observer)?;
    let matrix = gram.view();
    let overflow = |_| Error::Overflow { what: "products of items" };
    matrix.check_finite().map_err(overflow)?;
    let diagonal: Vec<f64> = (0..items).map(|item| matrix.value(item, item).to_f64()).collect();
    let products = Products { matrix, diagonal: &diagonal };
    let columns: Vec<_> = (0..items)
        .into_par_iter()
        .map_init(scratch, |scratch, item| {
            if observer.interrupted() {
                return Err(Error::Interrupted);
            }
            let found = solve(scratch, &products, item)?;
            observer.progress(1);
            Ok(found)
        })
        .collect::<Result<_>>()?;
    let weights = CsrMatrix::of_rows(items, columns);
    weights.view().check_finite().map_err(overflow)?;
    Ok(weights.view().transpose())
}

//! How good recommendations are: what each user's list has in common with what they went on to like.

use rayon::prelude::*;

use crate::error::{Error, Result, check_size};
use crate::pool;
use crate::sparse::Pattern;

/// What one user's list of recommendations contributes to the ranking metrics.
///
/// "Relevant" are the items stored in the user's row of the test data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ListQuality {
    /// How many of the recommended items are relevant.
    pub hits: usize,
    /// The place of the first relevant item, from 1 on; 0 if there is none.
    pub first: usize,
    /// `Σ hits up to p / p` over the places `p` with a relevant item. Divided by the number of relevant items, or by
    /// the length of the list if that is smaller, it is the average precision.
    pub precisions: f64,
    /// `Σ 1 / log2(p + 1)` over those places: the discounted cumulative gain with gains of 0 and 1.
    pub gain: f64,
    /// The area under the ROC curve if the items that are not in the list were put behind it at random; NaN if no
    /// item is relevant or all are.
    pub area: f64,
}

/// Compares each list of `ids` with what is stored in the same row of `relevant`.
///
/// `ids` holds `n` ids for each row, best first; negative ones are empty slots. `items` is how many items there
/// are to recommend. On `threads` threads, 0 for all.
///
/// ```
/// use penchant::{CsrMatrix, metrics::list_qualities};
/// let relevant = CsrMatrix::from_triplets(1, 9, &[(0, 4, 1.0_f32), (0, 7, 1.0)])?;
/// let quality = list_qualities(&[7, 1, 4], 3, relevant.view().pattern(), 9, 1)?[0];
/// assert_eq!((quality.hits, quality.first), (2, 1));
/// assert_eq!(quality.precisions, 1.0 + 2.0 / 3.0);
/// # Ok::<(), penchant::Error>(())
/// ```
pub fn list_qualities(
    ids: &[i32],
    n: usize,
    relevant: Pattern<'_>,
    items: usize,
    threads: usize,
) -> Result<Vec<ListQuality>> {
    check_size("the number of ids (n for each row of relevant)", relevant.rows() * n, ids.len())?;
    if relevant.columns() > items {
        let what = "the number of columns of relevant";
        return Err(Error::TooLarge { what, value: relevant.columns(), max: items });
    }
    if let Some(&id) = ids.iter().find(|&&id| id >= 0 && id as usize >= items) {
        return Err(Error::IdOutOfRange { what: "item", id: i64::from(id), len: items });
    }
    pool::run(threads, || {
        (0..relevant.rows())
            .into_par_iter()
            .map(|row| list_quality(&ids[row * n..(row + 1) * n], relevant.row(row), items))
            .collect()
    })
}

fn list_quality(ids: &[i32], relevant: &[i32], items: usize) -> ListQuality {
    let mut quality = ListQuality { hits: 0, first: 0, precisions: 0.0, gain: 0.0, area: 0.0 };
    let (mut misses, mut pairs) = (0, 0);
    for (at, id) in ids.iter().enumerate().filter(|(_, id)| **id >= 0) {
        let place = at + 1;
        if relevant.binary_search(id).is_ok() {
            quality.hits += 1;
            quality.precisions += quality.hits as f64 / place as f64;
            quality.gain += (place as f64 + 1.0).log2().recip();
            if quality.first == 0 {
                quality.first = place;
            }
        } else {
            misses += 1;
            // Every relevant item before this one is a pair in the right order.
            pairs += quality.hits;
        }
    }
    let (positive, negative) = (relevant.len() as f64, items as f64 - relevant.len() as f64);
    // Half of the relevant items that are not in the list come before each of the others.
    let behind = f64::midpoint(quality.hits as f64, positive) * (negative - f64::from(misses));
    quality.area =
        if positive * negative > 0.0 { (pairs as f64 + behind) / (positive * negative) } else { f64::NAN };
    quality
}

//! How good recommendations are: what each user's list has in common with what they went on to like.

use rayon::prelude::*;

use crate::error::Result;
use crate::kernel::Real;
use crate::metrics::judge::Judge;
use crate::pool;
use crate::sparse::CsrView;

/// The rows that one thread takes at a time.
const ROWS: usize = 256;

/// What the first so many places of one user's list contribute to the ranking metrics.
///
/// "Relevant" are the items stored in the user's row of the test data, and their values are grades.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ListQuality {
    /// How many of the recommended items are relevant.
    pub hits: usize,
    /// The place of the first relevant item, from 1 on; 0 if there is none.
    pub first: usize,
    /// How many relevant items are among the first `R` places, `R` being the number of relevant items.
    pub early_hits: usize,
    /// `Σ hits up to p / p` over the places `p` with a relevant item. Divided by the number of relevant items, or by
    /// the length of the list if that is smaller, it is the average precision.
    pub precisions: f64,
    /// `Σ 1 / log2(p + 1)` over those places: the discounted cumulative gain with gains of 0 and 1.
    pub gain: f64,
    /// `Σ grade / log2(p + 1)` over those places (Järvelin and Kekäläinen 2002, with the discount of the web's search
    /// engines). Grades below 0 count as 0.
    pub graded_gain: f64,
    /// The largest `graded_gain` that a list of this length can have.
    pub best_graded_gain: f64,
    /// The area under the ROC curve if the items that are not in the list were put behind it at random; NaN if no
    /// item is relevant or all are.
    pub area: f64,
}

/// Compares each list of `ids` with what is stored in the same row of `relevant`, cut at several lengths.
///
/// `ids` holds `n` ids for each row, best first; negative ones are empty slots. `items` is how many items there
/// are to recommend, and `cutoffs` increase. On `threads` threads, 0 for all. Of each row there is a result for each
/// cut-off.
///
/// ```
/// use penchant::{CsrMatrix, metrics::list_qualities};
/// let relevant = CsrMatrix::from_triplets(1, 9, &[(0, 4, 1.0_f32), (0, 7, 1.0)])?;
/// let qualities = list_qualities(&[7, 1, 4], 3, &relevant.view(), &[1, 3], 9, 1)?;
/// assert_eq!((qualities[0].hits, qualities[1].hits, qualities[1].first), (1, 2, 1));
/// assert_eq!(qualities[1].precisions, 1.0 + 2.0 / 3.0);
/// # Ok::<(), penchant::Error>(())
/// ```
pub fn list_qualities<T: Real>(
    ids: &[i32],
    n: usize,
    relevant: &CsrView<'_, T>,
    cutoffs: &[usize],
    items: usize,
    threads: usize,
) -> Result<Vec<ListQuality>> {
    let judge = Judge::new(ids, n, relevant, cutoffs, items)?;
    let mut found = vec![ListQuality::default(); relevant.rows() * judge.cutoffs.count()];
    pool::run(threads, || {
        let cuts = judge.cutoffs.count();
        let blocks = found.par_chunks_mut(ROWS * cuts).enumerate();
        blocks.for_each(|(block, found)| judge.lists(block * ROWS, found));
    })?;
    Ok(found)
}

/// What [`list_qualities`] finds, as a column for each of [`ListQuality::VALUES`], cut-off after cut-off and in each of
/// them row after row.
#[cfg(feature = "python")]
pub(crate) fn quality_columns<T: Real>(
    ids: &[i32],
    n: usize,
    relevant: &CsrView<'_, T>,
    cutoffs: &[usize],
    items: usize,
    threads: usize,
) -> Result<Vec<Vec<f64>>> {
    let judge = Judge::new(ids, n, relevant, cutoffs, items)?;
    let (rows, cuts) = (relevant.rows(), judge.cutoffs.count());
    // Not cloned: zeros that nobody wrote take no time, and pages are touched by whoever fills them.
    let mut columns: Vec<_> = (0..ListQuality::VALUES).map(|_| vec![0.0; rows * cuts]).collect();
    // Of each block of rows, its part of every column and cut-off.
    let mut parts: Vec<Vec<&mut [f64]>> = (0..rows.div_ceil(ROWS)).map(|_| Vec::new()).collect();
    for column in columns.iter_mut().filter(|_| rows > 0) {
        for cut in column.chunks_mut(rows) {
            parts.iter_mut().zip(cut.chunks_mut(ROWS)).for_each(|(part, values)| part.push(values));
        }
    }
    pool::run(threads, || {
        parts.into_par_iter().enumerate().for_each_init(Vec::new, |found, (block, mut part)| {
            let first = block * ROWS;
            found.resize(ROWS.min(rows - first) * cuts, ListQuality::default());
            judge.lists(first, found);
            for (at, quality) in found.iter().enumerate() {
                for (kind, value) in quality.values().into_iter().enumerate() {
                    part[kind * cuts + at % cuts][at / cuts] = value;
                }
            }
        });
    })?;
    Ok(columns)
}

impl ListQuality {
    /// How many values there are.
    #[cfg(feature = "python")]
    pub(crate) const VALUES: usize = 8;

    /// All values, in the order of the fields.
    #[cfg(feature = "python")]
    #[inline(always)]
    fn values(&self) -> [f64; Self::VALUES] {
        let counts = [self.hits, self.first, self.early_hits].map(|count| count as f64);
        let [hits, first, early_hits] = counts;
        let gains = (self.gain, self.graded_gain, self.best_graded_gain);
        [hits, first, early_hits, self.precisions, gains.0, gains.1, gains.2, self.area]
    }
}

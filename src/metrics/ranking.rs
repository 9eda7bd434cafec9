//! How good recommendations are: what each user's list has in common with what they went on to like.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::error::{Result, check_size};
use crate::kernel::Real;
use crate::metrics::judge::Judge;
use crate::metrics::lists::check_lists;
use crate::metrics::quality::{ListQuality, Metric};
use crate::metrics::ties::Ties;
use crate::metrics::wanted::Wanted;
use crate::pool;
use crate::sparse::CsrView;

/// The rows that one thread takes at a time: few enough for what is found of them to stay in the first-level cache.
const ROWS: usize = 256;

/// Lists of recommendations.
#[derive(Debug, Clone, Copy)]
pub struct RankedLists<'a> {
    /// The ids of each list, best first, negative ones being empty slots.
    pub ids: &'a [i32],
    /// How many ids each list has.
    pub n: usize,
    /// What is arbitrary about their order.
    pub ties: Option<Ties<'a>>,
}

/// Compares lists with what is stored in the same row of `relevant`, cut at several lengths.
///
/// `items` is how many items there are to recommend, and `cutoffs` increase. On `threads` threads, 0 for all. Of each
/// row there is a result for each cut-off.
///
/// ```
/// use penchant::{CsrMatrix, metrics::{Metric, RankedLists, list_qualities}};
/// let relevant = CsrMatrix::from_triplets(1, 9, &[(0, 4, 1.0_f32), (0, 7, 1.0)])?;
/// let lists = RankedLists { ids: &[7, 1, 4], n: 3, ties: None };
/// let qualities = list_qualities(&lists, &relevant.view(), &[1, 3], 9, 1)?;
/// assert_eq!((qualities[0].hits, qualities[1].hits, qualities[1].reciprocal), (1.0, 2.0, 1.0));
/// assert_eq!(Metric::AveragePrecision.of(&qualities[1]), (1.0 + 2.0 / 3.0) / 2.0);
/// # Ok::<(), penchant::Error>(())
/// ```
pub fn list_qualities<T: Real>(
    lists: &RankedLists<'_>,
    relevant: &CsrView<'_, T>,
    cutoffs: &[usize],
    items: usize,
    threads: usize,
) -> Result<Vec<ListQuality>> {
    let cuts = cutoffs.len().max(1);
    let mut found = vec![ListQuality::default(); relevant.rows() * cuts];
    let blocks: Vec<_> = found.chunks_mut(ROWS * cuts).collect();
    judged(lists, relevant, cutoffs, items, threads, blocks, |block, found| block.copy_from_slice(found))?;
    Ok(found)
}

/// Measures lists: a column for each metric, cut-off after cut-off and in each of them row after row.
///
/// Arguments are those of [`list_qualities`].
///
/// ```
/// use penchant::{CsrMatrix, metrics::{Metric, RankedLists, list_metrics}};
/// let relevant = CsrMatrix::from_triplets(1, 9, &[(0, 4, 1.0_f32), (0, 7, 1.0)])?;
/// let lists = RankedLists { ids: &[7, 1, 4], n: 3, ties: None };
/// let columns = list_metrics(&lists, &relevant.view(), &[1, 3], 9, &[Metric::Recall, Metric::HitRate], 1)?;
/// assert_eq!(columns, [[0.5, 1.0], [1.0, 1.0]]);
/// # Ok::<(), penchant::Error>(())
/// ```
pub fn list_metrics<T: Real>(
    lists: &RankedLists<'_>,
    relevant: &CsrView<'_, T>,
    cutoffs: &[usize],
    items: usize,
    metrics: &[Metric],
    threads: usize,
) -> Result<Vec<Vec<f64>>> {
    let (rows, cuts) = (relevant.rows(), cutoffs.len());
    // Not cloned: zeros that nobody wrote take no time, and pages are touched by whoever fills them.
    let mut columns: Vec<_> = metrics.iter().map(|_| vec![0.0; rows * cuts]).collect();
    // Of each block of rows, its part of every column and cut-off.
    let mut parts: Vec<Vec<&mut [f64]>> = (0..rows.div_ceil(ROWS)).map(|_| Vec::new()).collect();
    for column in columns.iter_mut().filter(|_| rows > 0) {
        for cut in column.chunks_mut(rows) {
            parts.iter_mut().zip(cut.chunks_mut(ROWS)).for_each(|(part, values)| part.push(values));
        }
    }
    judged(lists, relevant, cutoffs, items, threads, parts, |mut part, found| {
        for (at, values) in part.iter_mut().enumerate() {
            let (metric, cut) = (metrics[at / cuts], at % cuts);
            for (value, quality) in values.iter_mut().zip(found.iter().skip(cut).step_by(cuts)) {
                *value = metric.of(quality);
            }
        }
    })?;
    Ok(columns)
}

/// Judges lists by blocks of rows, and hands each block its qualities, cut-off after cut-off for each row.
fn judged<T: Real, B: Send>(
    lists: &RankedLists<'_>,
    relevant: &CsrView<'_, T>,
    cutoffs: &[usize],
    items: usize,
    threads: usize,
    blocks: Vec<B>,
    take: impl Fn(B, &[ListQuality]) + Sync,
) -> Result<()> {
    let RankedLists { ids, n, ties } = lists;
    let longest = ties.map_or(0, |ties| ties.longest()).max(*n);
    let judge = Judge::new(ids, *n, Wanted::new(relevant, cutoffs, items, longest)?)?;
    let (rows, cuts) = (relevant.rows(), cutoffs.len());
    if let Some(ties) = ties {
        check_size("the number of lists with candidates", rows, ties.rows())?;
    }
    let wrong = AtomicBool::new(false);
    pool::run(threads, || {
        blocks.into_par_iter().enumerate().for_each_init(Vec::new, |found, (block, part)| {
            let first = block * ROWS;
            found.resize(ROWS.min(rows - first) * cuts, ListQuality::default());
            if !judge.lists(first, found) {
                return wrong.store(true, Ordering::Relaxed);
            }
            if let Some(ties) = ties {
                for (at, found) in found.chunks_exact_mut(cuts).enumerate() {
                    ties.expect(first + at, &judge.wanted, found);
                }
            }
            take(part, found);
        });
    })?;
    if wrong.into_inner() { check_lists(ids, items) } else { Ok(()) }
}

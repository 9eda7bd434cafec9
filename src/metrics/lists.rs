//! Lists of recommendations by themselves: what their items are like, and how unlike each other.

use rayon::prelude::*;

use crate::error::{Error, Result, check_size};
use crate::kernel::Real;
use crate::pool;
use crate::sparse::CsrView;

/// The lengths at which lists are looked at: at least one, in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cutoffs<'a>(&'a [usize]);

impl<'a> Cutoffs<'a> {
    pub(crate) fn new(lengths: &'a [usize]) -> Result<Self> {
        let wrong = if lengths.first().is_none_or(|&first| first == 0) {
            Some(0)
        } else {
            lengths.windows(2).find(|pair| pair[0] >= pair[1]).map(|pair| pair[1])
        };
        if let Some(wrong) = wrong {
            let (name, expected) = ("a cut-off", "at least 1 and more than the one before");
            return Err(Error::InvalidParameter { name, expected, value: wrong as f64 });
        }
        Ok(Self(lengths))
    }

    pub(crate) fn lengths(&self) -> &'a [usize] {
        self.0
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn longest(&self) -> usize {
        self.0[self.0.len() - 1]
    }

    /// Tells of each place that is not empty, and of each cut-off once all places before it have been told of.
    pub(crate) fn walk(&self, list: &[i32], mut step: impl FnMut(std::result::Result<(usize, i32), usize>)) {
        let mut at = 0;
        for (cut, &length) in self.0.iter().enumerate() {
            let end = length.min(list.len());
            for (place, &id) in list.iter().enumerate().take(end).skip(at) {
                if id >= 0 {
                    step(Ok((place, id)));
                }
            }
            at = at.max(end);
            step(Err(cut));
        }
    }
}

/// Fails unless every id is below `items`; negative ones are empty slots.
pub(crate) fn check_lists(ids: &[i32], items: usize) -> Result<()> {
    match ids.iter().find(|&&id| id >= 0 && id as usize >= items) {
        Some(&id) => Err(Error::IdOutOfRange { what: "item", id: i64::from(id), len: items }),
        None => Ok(()),
    }
}

/// Whether every id is below `items`: without a branch, so that it takes the widest registers where it is inlined.
#[inline(always)]
pub(super) fn are_below(ids: &[i32], items: usize) -> bool {
    let largest = ids.iter().fold(-1, |largest, &id| largest.max(id));
    largest < 0 || (largest as usize) < items
}

/// The mean of a value over the items of each list, cut at several lengths; NaN for an empty one.
///
/// `ids` holds `n` ids for each list, of which negative ones are empty slots. Of each list there is a result for each
/// cut-off. With the numbers of users it is the average popularity, with `−log2` of the parts of users that have an
/// item the novelty (mean self-information; Zhou et al. 2010).
pub fn mean_of_items(
    ids: &[i32],
    n: usize,
    cutoffs: &[usize],
    values: &[f64],
    threads: usize,
) -> Result<Vec<f64>> {
    check_lists(ids, values.len())?;
    let cutoffs = Cutoffs::new(cutoffs)?;
    of_lists(
        ids,
        n,
        &cutoffs,
        threads,
        || (),
        |(), list, found| {
            let (mut sum, mut count) = (0.0, 0.0);
            cutoffs.walk(list, |step| match step {
                Ok((_, id)) => {
                    sum += values[id as usize];
                    count += 1.0;
                }
                Err(cut) => found[cut] = sum / count,
            });
        },
    )
}

/// How unlike each other the items of each list are, cut at several lengths: 1 minus the mean cosine of the features
/// of two of them (after Ziegler et al. 2005); NaN for lists of fewer than two. Items without features are like nothing.
///
/// With the lists of users of each item as features, items are alike if the same users have them.
pub fn diversity<T: Real>(
    ids: &[i32],
    n: usize,
    cutoffs: &[usize],
    item_features: &CsrView<'_, T>,
    threads: usize,
) -> Result<Vec<f64>> {
    check_lists(ids, item_features.rows())?;
    item_features.check_finite()?;
    let cutoffs = Cutoffs::new(cutoffs)?;
    let lengths: Vec<f64> = (0..item_features.rows())
        .map(|item| {
            item_features.row(item).values.iter().map(|v| v.to_f64() * v.to_f64()).sum::<f64>().sqrt()
        })
        .collect();
    let scratch = || vec![0.0_f64; item_features.columns()];
    of_lists(ids, n, &cutoffs, threads, scratch, |sum, list, found| {
        // The sum of the cosines of all pairs grows by what an item has in common with the sum of those before it.
        let (mut alike, mut count) = (0.0, 0.0);
        cutoffs.walk(list, |step| match step {
            Ok((_, id)) => {
                let (row, length) = (item_features.row(id as usize), lengths[id as usize]);
                let entries = || row.indices.iter().map(|&feature| feature as usize).zip(row.values);
                if length > 0.0 {
                    alike += entries().map(|(at, value)| sum[at] * value.to_f64()).sum::<f64>() / length;
                    entries().for_each(|(at, value)| sum[at] += value.to_f64() / length);
                }
                count += 1.0;
            }
            Err(cut) => {
                found[cut] = if count > 1.0 { 1.0 - alike / (0.5 * count * (count - 1.0)) } else { f64::NAN };
            }
        });
        for &id in list.iter().filter(|&&id| id >= 0) {
            for &feature in item_features.row(id as usize).indices {
                sum[feature as usize] = 0.0;
            }
        }
    })
}

/// Looks at each list, of which `look` fills in a value for each cut-off.
fn of_lists<S>(
    ids: &[i32],
    n: usize,
    cutoffs: &Cutoffs<'_>,
    threads: usize,
    scratch: impl Fn() -> S + Send + Sync,
    look: impl Fn(&mut S, &[i32], &mut [f64]) + Send + Sync,
) -> Result<Vec<f64>> {
    let rows = ids.len().checked_div(n).unwrap_or(0);
    check_size("the number of ids (n for each list)", rows * n, ids.len())?;
    let mut found = vec![f64::NAN; rows * cutoffs.count()];
    pool::run(threads, || {
        found.par_chunks_mut(cutoffs.count()).enumerate().for_each_init(scratch, |scratch, (row, found)| {
            look(scratch, &ids[row * n..(row + 1) * n], found);
        });
    })?;
    Ok(found)
}

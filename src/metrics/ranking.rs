//! How good recommendations are: what each user's list has in common with what they went on to like.

use rayon::prelude::*;

use crate::error::{Error, Result, check_size};
use crate::kernel::Real;
use crate::metrics::lists::{Cutoffs, check_lists};
use crate::pool;
use crate::sparse::{CsrView, Row};

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
        let each = found.par_chunks_mut(judge.cutoffs.count()).enumerate();
        each.for_each_init(Vec::new, |grades, (row, found)| judge.list(row, grades, found));
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
    const ROWS: usize = 4096;
    let judge = Judge::new(ids, n, relevant, cutoffs, items)?;
    let (rows, cuts) = (relevant.rows(), judge.cutoffs.count());
    let mut columns = vec![vec![0.0; rows * cuts]; ListQuality::VALUES];
    // Of each block of rows, its part of every column and cut-off.
    let mut parts: Vec<Vec<&mut [f64]>> = (0..rows.div_ceil(ROWS)).map(|_| Vec::new()).collect();
    for column in columns.iter_mut().filter(|_| rows > 0) {
        for cut in column.chunks_mut(rows) {
            parts.iter_mut().zip(cut.chunks_mut(ROWS)).for_each(|(part, values)| part.push(values));
        }
    }
    pool::run(threads, || {
        parts.into_par_iter().enumerate().for_each_init(Vec::new, |grades, (block, mut part)| {
            let mut found = vec![ListQuality::default(); cuts];
            for at in 0..ROWS.min(rows - block * ROWS) {
                judge.list(block * ROWS + at, grades, &mut found);
                for (cut, quality) in found.iter().enumerate() {
                    for (kind, value) in quality.values().into_iter().enumerate() {
                        part[kind * cuts + cut][at] = value;
                    }
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
    fn values(&self) -> [f64; Self::VALUES] {
        let counts = [self.hits, self.first, self.early_hits].map(|count| count as f64);
        let [hits, first, early_hits] = counts;
        let gains = (self.gain, self.graded_gain, self.best_graded_gain);
        [hits, first, early_hits, self.precisions, gains.0, gains.1, gains.2, self.area]
    }
}

/// Everything that lists are compared by, checked.
struct Judge<'a, T> {
    ids: &'a [i32],
    n: usize,
    relevant: &'a CsrView<'a, T>,
    cutoffs: Cutoffs<'a>,
    items: usize,
    discounts: Vec<f64>,
}

impl<'a, T: Real> Judge<'a, T> {
    fn new(
        ids: &'a [i32],
        n: usize,
        relevant: &'a CsrView<'a, T>,
        cutoffs: &'a [usize],
        items: usize,
    ) -> Result<Self> {
        check_size("the number of ids (n for each row of relevant)", relevant.rows() * n, ids.len())?;
        if relevant.columns() > items {
            let what = "the number of columns of relevant";
            return Err(Error::TooLarge { what, value: relevant.columns(), max: items });
        }
        check_lists(ids, items)?;
        let cutoffs = Cutoffs::new(cutoffs)?;
        // Whatever the cut-off, there are no more places than a list has, or relevant items.
        let places = 1..=cutoffs.longest().min(n.max(relevant.columns()));
        let discounts = places.map(|place| (place as f64 + 1.0).log2().recip()).collect();
        Ok(Self { ids, n, relevant, cutoffs, items, discounts })
    }

    /// Judges the list of a row. `grades` is scratch.
    fn list(&self, row: usize, grades: &mut Vec<f64>, found: &mut [ListQuality]) {
        let list = &self.ids[row * self.n..(row + 1) * self.n];
        judge(list, self.relevant.row(row), self.items, &self.cutoffs, &self.discounts, grades, found);
    }
}

fn judge<T: Real>(
    list: &[i32],
    relevant: Row<'_, T>,
    items: usize,
    cutoffs: &Cutoffs<'_>,
    discounts: &[f64],
    grades: &mut Vec<f64>,
    found: &mut [ListQuality],
) {
    grades.clear();
    grades.extend(relevant.values.iter().map(|grade| grade.to_f64().max(0.0)));
    let count = relevant.indices.len();
    let (positive, negative) = (count as f64, items as f64 - count as f64);
    let mut quality = ListQuality::default();
    let (mut misses, mut pairs) = (0_u32, 0_usize);
    cutoffs.walk(list, |step| match step {
        Ok((at, id)) => {
            let Ok(entry) = relevant.indices.binary_search(&id) else {
                misses += 1;
                pairs += quality.hits;
                return;
            };
            quality.hits += 1;
            quality.early_hits += usize::from(at < count);
            quality.precisions += quality.hits as f64 / (at + 1) as f64;
            quality.gain += discounts[at];
            quality.graded_gain += grades[entry] * discounts[at];
            if quality.first == 0 {
                quality.first = at + 1;
            }
        }
        Err(cut) => {
            // Half of the relevant items that are not in the list come before each of the others.
            let behind = f64::midpoint(quality.hits as f64, positive) * (negative - f64::from(misses));
            let all = positive * negative;
            quality.area = if all > 0.0 { (pairs as f64 + behind) / all } else { f64::NAN };
            found[cut] = quality;
        }
    });
    grades.sort_unstable_by(|a, b| b.total_cmp(a));
    let mut best = 0.0;
    let mut counted = 0;
    for (quality, &cutoff) in found.iter_mut().zip(cutoffs.lengths()) {
        let end = cutoff.min(grades.len());
        best += grades[counted..end].iter().zip(&discounts[counted..end]).map(|(g, d)| g * d).sum::<f64>();
        counted = end;
        quality.best_graded_gain = best;
    }
}

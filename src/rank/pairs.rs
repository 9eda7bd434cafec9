//! The best partners of each column of a sparse matrix, by sums over the rows in which both stand.
//!
//! `AᵀA` is symmetric, so each pair is summed up once and offered to both. Columns are renamed by rank, the most
//! frequent first: the partners of a column that come before it are few and lie close together, which is what the
//! cache wants, and a column has met its best partners before the many that are rarer than itself come by.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, Result};
use crate::kernel::{self, Real, Simd, WithSimd, prefetch};
use crate::observer::Observer;
use crate::rank::best::Best;
use crate::rank::lists::{Lists, Outbox};
use crate::rank::ranked::{Entry, Ranked};
use crate::rank::sums::{NOTHING, is_something};
use crate::sparse::{CsrMatrix, CsrView};

/// Terms that a thread sums up at a time, about.
const TERMS_PER_BLOCK: usize = 1 << 16;

/// How many rows ahead of their use are asked for. They lie anywhere in memory.
const AHEAD: usize = 8;

/// With fewer terms than partners divided by this, what is touched is listed rather than looked for.
const SPARSE: usize = 4;

/// Partners that are looked at together, where they are listed.
const FEW: usize = 4;

/// The same where all are looked at; a multiple of the other.
const MANY: usize = 16;

/// The `k` partners of each column that are worth most, ties to the smaller column; in the order of columns.
///
/// A column is worth to another the product of their entries over all rows, divided by `divisor(of, other)`, a positive
/// number: `other` is the fact of the column, `of` that of the one to which it is worth so much. Only pairs that stand together in some row
/// count, whatever they sum up to; stored zeros connect as well. With `diagonal` a column is a partner of itself.
/// The result is equal bit for bit on any number of threads.
pub(crate) fn best_partners<T: Real, F: Copy + Send + Sync>(
    rows: &CsrView<'_, T>,
    k: usize,
    diagonal: bool,
    facts: &[F],
    divisor: impl Fn(F, F) -> f64 + Sync,
    observer: &dyn Observer,
) -> Result<CsrMatrix<T>> {
    assert_eq!(facts.len(), rows.columns());
    let ranked = Ranked::new(rows);
    let facts: Vec<F> = ranked.order.iter().map(|&column| facts[column as usize]).collect();
    let lists = Lists::new(rows.columns(), k);
    let blocks = ranked.blocks(TERMS_PER_BLOCK);
    let next = AtomicUsize::new(0);
    // In this order, whoever does it: the first blocks say what is worth offering in the later ones.
    rayon::broadcast(|_| {
        let mut scratch = Scratch::new(&facts);
        let (mut own, mut outbox) = (Best::new(k), Outbox::new());
        while let Some(range) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            if observer.interrupted() {
                return;
            }
            lists.copy_least(&mut scratch.about, range.end);
            for rank in range.clone() {
                if let Some(least) = lists.least_of(rank) {
                    own.raise(least);
                }
                kernel::dispatch(Partners {
                    ranked: &ranked,
                    divisor: &divisor,
                    diagonal,
                    k,
                    rank,
                    scratch: &mut scratch,
                    own: &mut own,
                    outbox: &mut outbox,
                });
                lists.merge(rank, &mut own);
            }
            lists.deliver(&mut outbox);
            observer.progress(range.len() as u64);
        }
    });
    if observer.interrupted() {
        return Err(Error::Interrupted);
    }
    Ok(lists.into_matrix(&ranked.rank))
}

/// What a thread needs for one column after the other. Lengths are multiples of the larger group.
struct Scratch<T: Real, F> {
    /// By rank; nothing is left in them between two columns.
    sums: Vec<f64>,
    /// By rank: the fact of each column, and a score that is a little lower than what enters its list.
    about: Vec<(F, f64)>,
    /// The ranks that were reached.
    touched: Vec<u32>,
    /// What those, or all ranks, are worth; NaN where there is nothing.
    scores: Vec<T>,
    /// The highest score of each group.
    highest: Vec<T::Place>,
    /// A copy of them that is put in another order.
    order: Vec<T::Place>,
}

impl<T: Real, F: Copy> Scratch<T, F> {
    fn new(facts: &[F]) -> Self {
        let columns = facts.len().next_multiple_of(MANY);
        // The last one stands for what fills up the last group.
        let padded = facts.iter().chain(facts.last().into_iter().cycle()).take(columns);
        Self {
            sums: vec![NOTHING; columns],
            about: padded.map(|&fact| (fact, f64::INFINITY)).collect(),
            touched: vec![0; columns + FEW],
            scores: vec![T::NAN; columns],
            highest: Vec::new(),
            order: Vec::new(),
        }
    }
}

/// One column, and its partners of smaller rank.
struct Partners<'a, T: Real, F, D> {
    ranked: &'a Ranked<T>,
    divisor: &'a D,
    diagonal: bool,
    k: usize,
    rank: usize,
    scratch: &'a mut Scratch<T, F>,
    own: &'a mut Best<T>,
    outbox: &'a mut Outbox<T>,
}

impl<T: Real, F: Copy, D: Fn(F, F) -> f64> WithSimd for Partners<'_, T, F, D> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { ranked, divisor, diagonal, k, rank, scratch, own, outbox } = self;
        let terms = ranked.terms(rank);
        let (of, _) = scratch.about[rank];
        if diagonal && !terms.is_empty() {
            let sum: f64 = terms.iter().map(|term| term.value.to_f64()).map(|value| value * value).sum();
            own.offer(T::from_f64(sum / divisor(of, of)), ranked.order[rank]);
        }
        let count: usize = terms.iter().map(|term| term.len as usize).sum();
        let mut weigher = Weigher { of, column: ranked.order[rank], divisor, outbox };
        scratch.highest.clear();
        if count < rank / SPARSE {
            few(ranked, rank, scratch, &mut weigher);
            choose::<T, F, FEW>(k, own, scratch, |touched, at| ranked.order[touched[at] as usize]);
        } else {
            many(ranked, rank, scratch, &mut weigher);
            choose::<T, F, MANY>(k, own, scratch, |_, at| ranked.order[at]);
        }
    }
}

/// Sums up terms that reach a small part of the partners, which are listed as they are met.
#[inline(always)]
fn few<T: Real, F: Copy, D: Fn(F, F) -> f64>(
    ranked: &Ranked<T>,
    rank: usize,
    scratch: &mut Scratch<T, F>,
    weigher: &mut Weigher<'_, T, F, D>,
) {
    let Scratch { sums, about, touched, scores, highest, .. } = scratch;
    let mut found = 0;
    for (weight, entries) in reached(ranked, rank) {
        for entry in entries {
            let sum = &mut sums[entry.rank as usize];
            touched[found] = entry.rank;
            found += usize::from(!is_something(*sum));
            *sum += weight * entry.value.to_f64();
        }
    }
    // What fills up the last group comes after itself, when nothing is left of its sum.
    let padded = found.next_multiple_of(FEW);
    let first = touched[0];
    touched[found..padded].fill(first);
    for (others, scores) in touched[..padded].as_chunks().0.iter().zip(scores.as_chunks_mut::<FEW>().0) {
        let others: &[u32; FEW] = others;
        let mut sum = [NOTHING; FEW];
        let mut near = [about[0]; FEW];
        for lane in 0..FEW {
            let other = others[lane] as usize;
            sum[lane] = std::mem::replace(&mut sums[other], NOTHING);
            near[lane] = about[other];
        }
        highest.push(weigher.weigh(&sum, &near, |lane| others[lane], scores));
    }
}

/// Sums up terms that reach most partners, all of which are looked at.
#[inline(always)]
fn many<T: Real, F: Copy, D: Fn(F, F) -> f64>(
    ranked: &Ranked<T>,
    rank: usize,
    scratch: &mut Scratch<T, F>,
    weigher: &mut Weigher<'_, T, F, D>,
) {
    let Scratch { sums, about, scores, highest, .. } = scratch;
    for (weight, entries) in reached(ranked, rank) {
        for entry in entries {
            sums[entry.rank as usize] += weight * entry.value.to_f64();
        }
    }
    let padded = rank.next_multiple_of(MANY);
    let groups = sums[..padded].as_chunks_mut().0.iter_mut().zip(scores.as_chunks_mut::<MANY>().0);
    for (first, ((sums, scores), about)) in (0..).step_by(MANY).zip(groups.zip(about.as_chunks().0)) {
        let sums = std::mem::replace(sums, [NOTHING; MANY]);
        highest.push(weigher.weigh(&sums, about, |lane| first + lane as u32, scores));
    }
}

/// Says what sums are worth to one column, and what the column is worth to others.
struct Weigher<'a, T: Real, F, D> {
    of: F,
    column: u32,
    divisor: &'a D,
    outbox: &'a mut Outbox<T>,
}

impl<T: Real, F: Copy, D: Fn(F, F) -> f64> Weigher<'_, T, F, D> {
    /// Writes down the scores of a group, puts the column into the outbox for those of it to whom it may be worth
    /// enough, and returns the place of the highest score. Where there is no sum the score is NaN.
    #[inline(always)]
    fn weigh<const LANES: usize>(
        &mut self,
        sums: &[f64; LANES],
        about: &[(F, f64); LANES],
        other: impl Fn(usize) -> u32,
        scores: &mut [T; LANES],
    ) -> T::Place {
        let mut highest = T::NEG_INFINITY;
        let mut wanted = [false; LANES];
        let mut any = false;
        for lane in 0..LANES {
            let (fact, least) = about[lane];
            let score = T::from_f64(sums[lane] / (self.divisor)(self.of, fact));
            scores[lane] = if is_something(sums[lane]) { score } else { T::NAN };
            highest = if scores[lane] > highest { scores[lane] } else { highest };
            wanted[lane] = sums[lane] >= least * (self.divisor)(fact, self.of);
            any |= wanted[lane];
        }
        if any {
            for lane in (0..LANES).filter(|&lane| wanted[lane] && is_something(sums[lane])) {
                let score = T::from_f64(sums[lane] / (self.divisor)(about[lane].0, self.of));
                self.outbox.push(other(lane), score.place(self.column));
            }
        }
        highest.place(0)
    }
}

/// Offers what can be among the best `k` at all. If there are more groups than that, the `k`-th highest of their
/// highest scores is reached by `k`.
fn choose<T: Real, F, const LANES: usize>(
    k: usize,
    own: &mut Best<T>,
    scratch: &mut Scratch<T, F>,
    column: impl Fn(&[u32], usize) -> u32,
) {
    let Scratch { touched, scores, highest, order, .. } = scratch;
    if highest.len() > k {
        order.clone_from(highest);
        let (_, &mut kth, _) = order.select_nth_unstable_by(k - 1, |a, b| b.cmp(a));
        own.raise(T::of_place(kth).0);
    }
    let bound = own.least().unwrap_or(T::NEG_INFINITY);
    let bound_place = bound.place(0);
    for (group, _) in highest.iter().enumerate().filter(|&(_, &highest)| highest >= bound_place) {
        for at in group * LANES..(group + 1) * LANES {
            if scores[at] >= bound {
                own.offer(scores[at], column(touched, at));
            }
        }
    }
}

/// The entries of smaller rank in the rows of a column, with the value that each is multiplied by.
#[inline(always)]
fn reached<T: Real>(ranked: &Ranked<T>, rank: usize) -> impl Iterator<Item = (f64, &[Entry<T>])> {
    // Those of the next columns as well: rare columns have few.
    let following = ranked.terms_from(rank);
    ranked.terms(rank).iter().enumerate().map(move |(at, term)| {
        if let Some(next) = following.get(at + AHEAD) {
            prefetch(&ranked.entries, next.start, next.len as usize);
        }
        (term.value.to_f64(), &ranked.entries[term.start..][..term.len as usize])
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pool;

    /// Not symmetric: what is worth much itself finds others worth little.
    fn damped(of: f64, other: f64) -> f64 {
        of * of * other
    }

    fn facts(columns: usize) -> Vec<f64> {
        (0..columns).map(|column| [1.0, 4.0, 2.0][column % 3]).collect()
    }

    fn matrix(rows: usize, columns: usize) -> impl Strategy<Value = CsrMatrix<f32>> {
        // Small whole numbers: ties, sums that cancel, and columns with more terms than there are columns.
        let entry = prop_oneof![3 => Just(None), 1 => (-2..4_i32).prop_map(Some)];
        prop::collection::vec(entry, rows * columns).prop_map(move |entries| {
            let stored = entries.iter().enumerate().filter_map(|(at, value)| {
                let value = value.filter(|&value| value != 0)?;
                Some(((at / columns) as i32, (at % columns) as i32, value as f32))
            });
            CsrMatrix::from_triplets(rows, columns, &stored.collect::<Vec<_>>()).expect("it fits")
        })
    }

    fn slow(rows: &CsrMatrix<f32>, k: usize, diagonal: bool) -> CsrMatrix<f32> {
        let (rows, by_column) = (rows.view(), rows.view().transpose());
        let facts = facts(rows.columns());
        let mut triplets = Vec::new();
        for column in 0..rows.columns() {
            let mut sums = vec![None; rows.columns()];
            let terms = by_column.view().row(column);
            for (&row, &a) in terms.indices.iter().zip(terms.values) {
                let row = rows.row(row as usize);
                for (&other, &b) in row.indices.iter().zip(row.values) {
                    *sums[other as usize].get_or_insert(0.0) += f64::from(a) * f64::from(b);
                }
            }
            let there = sums.iter().enumerate().filter_map(|(other, sum)| Some((other, (*sum)?)));
            let mut worth: Vec<(usize, f32)> = there
                .filter(|&(other, _)| diagonal || other != column)
                .map(|(other, sum)| (other, (sum / damped(facts[column], facts[other])) as f32))
                .collect();
            worth.sort_by(|a, b| b.1.total_cmp(&(a.1 + 0.0)).then(a.0.cmp(&b.0)));
            worth.truncate(k);
            triplets.extend(worth.iter().map(|&(other, worth)| (column as i32, other as i32, worth)));
        }
        CsrMatrix::from_triplets(rows.columns(), rows.columns(), &triplets).expect("it fits")
    }

    fn fast(rows: &CsrMatrix<f32>, k: usize, diagonal: bool, threads: usize) -> CsrMatrix<f32> {
        let rows = rows.view();
        let found =
            pool::run(threads, || best_partners(&rows, k, diagonal, &facts(rows.columns()), damped, &()));
        found.expect("there are threads").expect("nobody interrupts")
    }

    proptest! {
        #[test]
        fn partners_are_those_of_a_full_sort(
            rows in (1..12_usize, 1..70_usize).prop_flat_map(|(rows, columns)| matrix(rows, columns)),
            k in 1..12_usize,
            diagonal in any::<bool>(),
        ) {
            prop_assert_eq!(fast(&rows, k, diagonal, 2), slow(&rows, k, diagonal));
        }
    }

    #[test]
    fn many_blocks_on_any_number_of_threads_find_the_same() {
        // Columns of all degrees, with terms for a dozen blocks.
        let mut triplets = Vec::new();
        for row in 0..400_i32 {
            for column in (0..600_i32).filter(|column| (row * 31 + column * 17) % (1 + column / 8) == 0) {
                triplets.push((row, column, 1.0 + ((row * column) % 5) as f32));
            }
        }
        let rows = CsrMatrix::from_triplets(400, 600, &triplets).expect("it fits");
        let wanted = slow(&rows, 9, true);
        for threads in [1, 2, 5] {
            assert!(fast(&rows, 9, true, threads) == wanted, "{threads} threads");
        }
    }
}

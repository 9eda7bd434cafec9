//! The partners of one column among those of smaller rank: their sums, what they are worth, and who hears of it.

use crate::kernel::{Real, Simd, WithSimd, prefetch};
use crate::rank::best::Best;
use crate::rank::lists::Outbox;
use crate::rank::ranked::{Entry, Ranked};
use crate::rank::sums::{NOTHING, is_something};

/// How many rows ahead of their use are asked for. They lie anywhere in memory.
const AHEAD: usize = 8;

/// With fewer terms than partners divided by this, what is touched is listed rather than looked for.
const SPARSE: usize = 4;

/// Partners that are looked at together, where they are listed.
const FEW: usize = 4;

/// The same where all are looked at; a multiple of the other.
const MANY: usize = 16;

/// What a thread needs for one column after the other. Lengths are multiples of the larger group.
pub(crate) struct Scratch<T: Real, F> {
    /// By rank; nothing is left in them between two columns.
    sums: Vec<f64>,
    /// By rank: the fact of each column, and a score that is a little lower than what enters its list.
    pub(crate) about: Vec<(F, f64)>,
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
    pub(crate) fn new(facts: &[F]) -> Self {
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
pub(crate) struct Partners<'a, T: Real, F, D> {
    pub(crate) ranked: &'a Ranked<T>,
    pub(crate) divisor: &'a D,
    pub(crate) diagonal: bool,
    pub(crate) k: usize,
    pub(crate) rank: usize,
    pub(crate) scratch: &'a mut Scratch<T, F>,
    pub(crate) own: &'a mut Best<T>,
    pub(crate) outbox: &'a mut Outbox<T>,
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
                if !score.is_nan() {
                    self.outbox.push(other(lane), score.place(self.column));
                }
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
        own.raise(kth_highest::<T>(k, order));
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

/// The `k`-th highest score. Never inlined: selecting is thousands of instructions, for each kind of neighbours and CPU.
#[inline(never)]
fn kth_highest<T: Real>(k: usize, places: &mut [T::Place]) -> T {
    let (_, &mut kth, _) = places.select_nth_unstable_by(k - 1, |a, b| b.cmp(a));
    T::of_place(kth).0
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

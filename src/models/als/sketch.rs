//! Item factors that span what most users have in common, as the start of a fit.
//!
//! Let `P` hold the square roots of the confidences of what users like, the largest hundredth cut off. The items'
//! factors span `(PᵀP)² G` for a matrix `G` of random numbers: block power iteration from a random start, which comes close
//! to the leading singular vectors of `P` (Halko, Martinsson and Tropp, "Finding Structure with Randomness", 2011,
//! algorithm 4.4). The first round takes a part of the users, as what it finds is refined in any case. As nothing is
//! solved, all of it takes a part of an epoch; the design has figures.
//!
//! The users' factors are 0: the first half-step solves for them.

use rand::Rng;
use rand_pcg::Pcg64;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::gram::gram;
use crate::kernel::{self, Buffer, Real, Stored};
use crate::models::als::basis::{Basis, Eigen, Square};
use crate::models::als::half_step::{Memory, turn_rows, turned_into};
use crate::models::als::init;
use crate::models::als::objective::Objective;
use crate::models::als::side::ROWS_PER_BLOCK;
use crate::models::als::sketch_product::{self, Multiply, Sample, Worth};
use crate::sparse::CsrView;

/// In the first round, one block of users in so many takes part.
const PART: usize = 8;

/// With fewer users than this many times the factors, a part of them would say too little.
const FEW: usize = 16;

/// Entries that the size of the largest hundredth is told from.
const SAMPLE: usize = 1 << 16;

/// Both orientations of the entries, and what they are worth.
pub(crate) struct Sketch<'a, T> {
    pub(crate) user_items: &'a CsrView<'a, T>,
    pub(crate) item_users: &'a CsrView<'a, T>,
    pub(crate) objective: Objective,
    pub(crate) f: usize,
    pub(crate) seed: u64,
    /// Whether the rows that are gathered may be stored in the compact form of their type.
    pub(crate) compact: bool,
    pub(crate) interrupted: &'a (dyn Fn() -> bool + Sync),
}

impl<T: Real> Sketch<'_, T> {
    /// Fills both sides; users with 0. Where numbers overflow, both get uniform random numbers.
    pub(crate) fn fill(&self, users: &mut [T], items: &mut [T], memory: &mut Memory<T>) -> Result<()> {
        let found = if self.compact {
            self.rounds(users, items, &mut memory.compact)?
        } else {
            self.rounds(users, items, &mut memory.full)?
        };
        if found {
            users.fill(T::ZERO);
        } else {
            init::draw(users, items, self.seed);
        }
        Ok(())
    }

    /// Whether all went well.
    fn rounds<G: Stored<T>>(&self, users: &mut [T], items: &mut [T], memory: &mut Buffer<G>) -> Result<bool> {
        let (f, count) = (self.f, self.user_items.rows());
        let worth = Worth { objective: self.objective, largest: self.largest() };
        draw(items, 0, f, self.seed, false);
        for sample in samples(count, f) {
            let Some(basis) = orthonormal::<T>(items, f) else { return Ok(false) };
            let users = &mut users[..sample.count(count) * f];
            let all = Sample { every: 1 };
            self.multiply(self.user_items, turned_into(items, &basis, memory), sample, all, worth, users)?;
            let Some(basis) = orthonormal::<T>(users, f) else { return Ok(false) };
            self.multiply(self.item_users, turned_into(users, &basis, memory), all, sample, worth, items)?;
            if sample.every > 1 {
                // What nobody in the part likes begins anew: from 0 nothing would ever lead away.
                draw(items, 0, f, self.seed, true);
            }
        }
        let Some(eigen) = Eigen::of(&gram(items, f), f) else { return Ok(false) };
        turn_rows(items, &balanced::<T>(eigen, self.item_users.rows()));
        Ok(true)
    }

    /// `to = P fixed` or `Pᵀ fixed`, for some rows and as many columns as there are rows of `fixed`.
    fn multiply<G: Stored<T>>(
        &self,
        rows: &CsrView<'_, T>,
        fixed: &[G],
        taken: Sample,
        columns: Sample,
        worth: Worth,
        to: &mut [T],
    ) -> Result<()> {
        let f = self.f;
        to.par_chunks_mut(ROWS_PER_BLOCK * f).enumerate().try_for_each_init(
            sketch_product::Memory::new,
            |memory, (block, out)| {
                if (self.interrupted)() {
                    return Err(Error::Interrupted);
                }
                let first = block * taken.every * ROWS_PER_BLOCK;
                kernel::dispatch(Multiply { rows, fixed, f, columns, worth, first, out, memory });
                Ok(())
            },
        )
    }

    /// The confidence that a hundredth of what is liked exceed, one entry at least.
    fn largest(&self) -> f64 {
        let values = self.user_items.values();
        largest(sizes(values.iter().step_by(sampling(values.len())), &self.objective))
    }
}

/// The users of the two rounds.
pub(super) fn samples(users: usize, f: usize) -> [Sample; 2] {
    let first = if users / PART < FEW * f { 1 } else { PART };
    [first, 1].map(|every| Sample { every })
}

/// The size of the largest hundredth is told from one entry in so many.
pub(super) fn sampling(entries: usize) -> usize {
    entries.div_ceil(SAMPLE).max(1)
}

/// The confidences of those that are liked.
pub(super) fn sizes<'a, T: Real>(values: impl Iterator<Item = &'a T>, objective: &Objective) -> Vec<f64> {
    values.map(|r| objective.entry(r.to_f64()).target).filter(|&size| size > 0.0).collect()
}

/// The size that a hundredth of these exceed, one at least.
pub(crate) fn largest(mut sizes: Vec<f64>) -> f64 {
    let Some(last) = sizes.len().checked_sub(1) else { return 1.0 };
    let at = last.saturating_sub(sizes.len().div_ceil(100));
    *sizes.select_nth_unstable_by(at, f64::total_cmp).1
}

/// Random numbers between -1 and 1 for the items from number `first` on, for all of them or for those that are 0.
pub(super) fn draw<T: Real>(items: &mut [T], first: usize, f: usize, seed: u64, only_zeros: bool) {
    blocks(items, first, f).into_par_iter().for_each(|(first, rows)| {
        let mut random = Pcg64::new(u128::from(seed), (first / ROWS_PER_BLOCK) as u128);
        random.advance((first % ROWS_PER_BLOCK * f.div_ceil(2)) as u128);
        for row in rows.chunks_exact_mut(f) {
            let keep = only_zeros && row.iter().any(|&value| value != T::ZERO);
            for pair in row.chunks_mut(2) {
                let bits = random.next_u64();
                for (value, half) in pair.iter_mut().zip([bits as u32, (bits >> 32) as u32]).filter(|_| !keep)
                {
                    *value = T::from_f64(f64::from(half as i32) / f64::from(1_u32 << 31));
                }
            }
        }
    });
}

/// Rows that are numbered from `first` on, in blocks that end where the number is a multiple, and the first number of each.
pub(super) fn blocks<T>(rows: &mut [T], first: usize, f: usize) -> Vec<(usize, &mut [T])> {
    let head = (ROWS_PER_BLOCK - first % ROWS_PER_BLOCK) * f;
    let (head, rest) = rows.split_at_mut(head.min(rows.len()));
    let mut next = first;
    std::iter::once(head)
        .chain(rest.chunks_mut(ROWS_PER_BLOCK * f))
        .map(|rows| {
            let first = next;
            next += rows.len() / f;
            (first, rows)
        })
        .collect()
}

/// The change of basis that makes the columns of `rows` orthogonal and their numbers about 1, which all forms keep well.
/// `None` where something overflows.
fn orthonormal<T: Real>(rows: &[T], f: usize) -> Option<Square> {
    Some(orthonormal_of::<T>(Eigen::of(&gram(rows, f), f)?, rows.len() / f))
}

/// Likewise, from the Gram matrix of so many rows.
pub(super) fn orthonormal_of<T: Real>(eigen: Eigen, rows: usize) -> Square {
    let Basis { q, w, .. } = Basis::of::<T>(eigen, 1.0, 0.0);
    let (f, scale) = (q.f, (rows as f64).sqrt());
    let values = (0..f * f).map(|at| q.values[at] * w[at % f] * scale).collect();
    Square { f, values }
}

/// What ends a sketch, from the Gram matrix of so many items. Their columns are singular vectors times singular values. With the
/// square roots of these, users get the other half of each, so that in both sides a direction is as long as it matters.
pub(super) fn balanced<T: Real>(eigen: Eigen, items: usize) -> Square {
    let Basis { q, w, .. } = Basis::of::<T>(eigen, 1.0, 0.0);
    let sum: f64 = w.iter().filter(|&&w| w > 0.0).map(|w| w.recip()).sum();
    let (f, scale) = (q.f, if sum > 0.0 { (items as f64 / sum).sqrt() } else { 0.0 });
    let values = (0..f * f).map(|at| q.values[at] * w[at % f].sqrt() * scale).collect();
    Square { f, values }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CsrMatrix;
    use crate::models::als::{AlternatingLeastSquares, Init};

    /// Items' factors for a matrix, on so many threads.
    fn items_of<T: Real>(matrix: &CsrMatrix<T>, f: usize, compact: bool, threads: usize) -> Vec<T> {
        let transpose = matrix.view().transpose();
        let (rows, columns) = (matrix.view(), transpose.view());
        let objective = AlternatingLeastSquares::new(f).objective();
        let interrupted = &|| false;
        let sketch =
            Sketch { user_items: &rows, item_users: &columns, objective, f, seed: 3, compact, interrupted };
        let mut users = vec![T::from_f64(f64::NAN); rows.rows() * f];
        let mut items = vec![T::from_f64(f64::NAN); columns.rows() * f];
        let fill = || sketch.fill(&mut users, &mut items, &mut Memory::new());
        crate::pool::run(threads, fill).expect("there are threads").expect("nobody interrupts");
        assert!(users.iter().all(|&x| x == T::ZERO));
        items
    }

    /// Some groups of users, of whom each likes a part of the items of their group; the last item nobody likes.
    fn groups<T: Real>(users: usize, items: usize, groups: usize) -> CsrMatrix<T> {
        let likes = (0..users * (items - 1)).map(|at| (at / (items - 1), at % (items - 1)));
        let likes = likes.filter(|(user, item)| user % groups == item % groups);
        let entries: Vec<_> =
            likes.map(|(user, item)| (user as i32, item as i32, T::from_f64(4.0))).collect();
        CsrMatrix::from_triplets(users, items, &entries).expect("they are in range")
    }

    #[test]
    fn items_span_what_users_have_in_common() {
        for compact in [false, true] {
            let matrix = groups::<f32>(300, 41, 4);
            let items = items_of(&matrix, 6, compact, 2);
            // Items of a group are alike, those of others at right angles, and four directions are all that there are.
            let dot = |a: usize, b: usize| -> f64 {
                (0..6).map(|k| f64::from(items[a * 6 + k]) * f64::from(items[b * 6 + k])).sum()
            };
            for (a, b) in (0..40).flat_map(|a| (0..40).map(move |b| (a, b))) {
                let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
                let expected = if a % 4 == b % 4 { 1.0 } else { 0.0 };
                assert!((cosine - expected).abs() < 0.01, "{a}, {b}: {cosine}");
            }
            assert!((dot(40, 40)).abs() < 1e-12, "nobody likes the last one");
            let mean = (0..40).map(|a| dot(a, a)).sum::<f64>() / 41.0;
            assert!((mean - 1.0).abs() < 0.05, "{mean}");
        }
    }

    #[test]
    fn threads_and_more_factors_than_there_is_to_learn_change_nothing() {
        let matrix = groups::<f64>(2000, 50, 3);
        assert_eq!(items_of(&matrix, 20, false, 1), items_of(&matrix, 20, false, 3));
        let matrix = groups::<f32>(5000, 50, 3);
        assert_eq!(items_of(&matrix, 20, true, 1), items_of(&matrix, 20, true, 3));
        let few = items_of(&groups::<f64>(2, 3, 1), 9, false, 2);
        assert!(few.iter().all(|factor| factor.is_finite()) && few.iter().any(|&factor| factor != 0.0));
        let nothing = CsrMatrix::<f64>::from_triplets(3, 4, &[]).expect("they are in range");
        assert!(items_of(&nothing, 2, false, 1).iter().all(|&factor| factor == 0.0));
    }

    #[test]
    fn whatever_the_order_and_the_size_of_groups_all_of_them_are_found() {
        // A small group of users who are in no part, nobody for long, one dense group, and small ones of the last users.
        let mut entries: Vec<_> =
            (3000..5500).flat_map(|user| (0..60).map(move |item| (user, item, 1.0_f32))).collect();
        for user in 5500..6000 {
            let group = 60 + user % 5 * 4;
            entries.extend((group..group + 4).map(|item| (user, item, 1.0)));
        }
        let part = Sample { every: PART };
        assert!((64..128).all(|user| part.place(user).is_none()) && 6000 / PART >= FEW * 8);
        entries.extend((64..128).flat_map(|user| (80..84).map(move |item| (user, item, 1.0))));
        let matrix = CsrMatrix::from_triplets(6000, 84, &entries).expect("they are in range");
        let items = items_of(&matrix, 8, true, 2);
        for item in 0..84 {
            assert!(items[item * 8..item * 8 + 8].iter().any(|&factor| factor.abs() > 1e-3), "{item}");
        }
        let loss = |init| {
            let fit = AlternatingLeastSquares::new(8).iterations(15).init(init);
            let (mut x, mut y) = (vec![0.0; 6000 * 8], vec![0.0; 84 * 8]);
            let losses = fit.fit_into(&matrix.view(), &mut x, &mut y, &()).expect("it is fine");
            (losses[0], losses[14])
        };
        let (sketch, uniform) = (loss(Init::Sketch), loss(Init::Uniform));
        assert!(sketch.0 < 0.5 * uniform.0 && sketch.1 < 1.01 * uniform.1, "{sketch:?} {uniform:?}");
    }

    #[test]
    fn samples_are_numbered_without_gaps() {
        for count in [1, 63, 64, 511, 512, 513, 600, 5000] {
            let sample = Sample { every: 8 };
            let places: Vec<i32> = (0..count).filter_map(|id| sample.place(id)).collect();
            assert_eq!(places, (0..sample.count(count as usize) as i32).collect::<Vec<_>>());
        }
    }
}

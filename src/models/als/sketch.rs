//! Item factors that span what most users have in common, as the start of a fit.
//!
//! Let `P` hold the square roots of the confidences of what users like, the largest hundredth of them cut off. The items'
//! factors are an orthonormal basis of `(PᵀP)^q G` for a matrix `G` of random numbers: block power iteration from a random
//! start, whose column space is close to that of the leading singular vectors of `P` (Halko, Martinsson and Tropp, "Finding
//! Structure with Randomness", 2011, algorithm 4.4). Rounds before the last take a part of the users, as a crude basis is
//! refined in any case. All of it costs a part of an epoch, as nothing is solved. A fit from there has after three
//! epochs the loss that one from small random factors has after seven.
//!
//! The users' factors are 0: the first half-step solves for them.

use rand::Rng;
use rand_pcg::Pcg64;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::gram::gram;
use crate::kernel::{self, Buffer, Gathered, Real, Simd, Stored, WithSimd, padded};
use crate::models::als::basis::{Basis, Square};
use crate::models::als::half_step::{Memory, turn_rows, turned_into};
use crate::models::als::objective::{Confidence, Objective};
use crate::models::als::side::{ROWS_PER_BLOCK, prefetch_distance};
use crate::sparse::CsrView;

/// In each round the block is multiplied by `Pᵀ P` of a part of the users, the first so manieth of them: the parts grow
/// with what there is to refine. From these three, fits were as far after four epochs as from two rounds of all users,
/// which take twice as long.
const PARTS: [usize; 3] = [8, 4, 2];

/// With fewer users than this many times the factors, parts would say too little.
const FEW: usize = 16;

/// Entries that the size of the largest hundredth is told from.
const SAMPLE: usize = 1 << 16;

/// The root mean square of the length of items' factors. Any size near 1 does as well: users' adapt to it.
const LENGTH: f64 = 1.0;

/// Both orientations of the entries, and what they are worth.
pub(crate) struct Sketch<'a, T> {
    pub(crate) user_items: &'a CsrView<'a, T>,
    pub(crate) item_users: &'a CsrView<'a, T>,
    pub(crate) objective: Objective,
    pub(crate) f: usize,
    pub(crate) seed: u64,
    /// Whether the rows that are gathered may be stored in the compact form of their type.
    pub(crate) compact: bool,
}

impl<T: Real> Sketch<'_, T> {
    /// Fills both sides. `users` are 0 in the end.
    pub(crate) fn fill(
        &self,
        users: &mut [T],
        items: &mut [T],
        memory: &mut Memory<T>,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<()> {
        let largest = self.largest();
        self.draw(items);
        for part in PARTS {
            let all = self.user_items.rows();
            let some = all.div_ceil(part).max(FEW * self.f).min(all);
            let users = &mut users[..some * self.f];
            if self.compact {
                self.round(items, users, largest, &mut memory.compact);
            } else {
                self.round(items, users, largest, &mut memory.full);
            }
            if interrupted() {
                return Err(Error::Interrupted);
            }
        }
        users.fill(T::ZERO);
        let count = self.item_users.rows() as f64;
        // Their columns are singular vectors times singular values now. With the square roots of these, users get the other
        // half of each, so that in both sides a direction is as long as it matters.
        if let Some(Basis { q, w, .. }) = Basis::new::<T>(&gram(items, self.f), self.f, 1.0, 0.0) {
            let sum: f64 = w.iter().filter(|&&w| w > 0.0).map(|w| w.recip()).sum();
            let scale = if sum > 0.0 { LENGTH * (count / sum).sqrt() } else { 0.0 };
            let values = (0..q.values.len()).map(|at| q.values[at] * w[at % self.f].sqrt() * scale).collect();
            turn_rows(items, &Square { f: self.f, values });
        }
        Ok(())
    }

    /// Multiplies the items by `P` and by its transpose, of the first so many users, whose columns are made orthonormal in
    /// between.
    fn round<G: Stored<T>>(&self, items: &mut [T], users: &mut [T], largest: f64, memory: &mut Buffer<G>) {
        let f = self.f;
        // Numbers near 1 keep their bits in any form.
        let square: f64 =
            items.par_chunks(ROWS_PER_BLOCK * f).map(sum_of_squares).collect::<Vec<_>>().iter().sum();
        let by = if square > 0.0 { (items.len() as f64 / square).sqrt() } else { 1.0 };
        self.multiply(self.user_items, padded_into(items, f, T::from_f64(by), memory), largest, users);
        let basis = orthonormal::<T>(users, f, ((users.len() / f) as f64).sqrt());
        self.multiply(self.item_users, turned_into(users, &basis, memory), largest, items);
    }

    /// `to = P fixed` or `Pᵀ fixed`, for as many columns as there are rows of `fixed`.
    fn multiply<G: Stored<T>>(&self, rows: &CsrView<'_, T>, fixed: &[G], largest: f64, to: &mut [T]) {
        let (f, worth) = (self.f, Worth { objective: self.objective, largest });
        to.par_chunks_mut(ROWS_PER_BLOCK * f).enumerate().for_each(|(block, out)| {
            let first = block * ROWS_PER_BLOCK;
            kernel::dispatch(Multiply { rows, fixed, f, worth, first, out });
        });
    }

    /// The confidence that a hundredth of what is liked exceed.
    fn largest(&self) -> f64 {
        let values = self.user_items.values();
        let mut sizes: Vec<f64> = values
            .iter()
            .step_by(values.len().div_ceil(SAMPLE).max(1))
            .map(|r| self.objective.entry(r.to_f64()).target)
            .filter(|&size| size > 0.0)
            .collect();
        let Some(last) = sizes.len().checked_sub(1) else { return f64::INFINITY };
        let (_, &mut largest, _) = sizes.select_nth_unstable_by(last - last / 100, f64::total_cmp);
        largest
    }

    /// Random numbers between -1 and 1.
    fn draw(&self, items: &mut [T]) {
        items.par_chunks_mut(ROWS_PER_BLOCK * self.f).enumerate().for_each(|(block, values)| {
            let mut random = Pcg64::new(u128::from(self.seed), block as u128);
            for pair in values.chunks_mut(2) {
                let bits = random.next_u64();
                for (value, half) in pair.iter_mut().zip([bits as u32, (bits >> 32) as u32]) {
                    *value = T::from_f64(f64::from(half as i32) / f64::from(1_u32 << 31));
                }
            }
        });
    }
}

fn sum_of_squares<T: Real>(values: &[T]) -> f64 {
    values.iter().map(|value| value.to_f64() * value.to_f64()).sum()
}

/// Rows times a number, padded and stored in this memory.
fn padded_into<'a, T: Real, G: Stored<T>>(rows: &[T], f: usize, by: T, memory: &'a mut Buffer<G>) -> &'a [G] {
    let width = padded(f);
    let out = memory.first(rows.len() / f * width);
    out.par_chunks_mut(ROWS_PER_BLOCK * width).zip(rows.par_chunks(ROWS_PER_BLOCK * f)).for_each_init(
        || vec![T::ZERO; width],
        |wide, (out, rows)| {
            for (out, row) in out.chunks_exact_mut(width).zip(rows.chunks_exact(f)) {
                wide.iter_mut().zip(row).for_each(|(wide, &value)| *wide = value * by);
                kernel::compact(wide, out);
            }
        },
    );
    out
}

/// The change of basis that makes the columns of `rows` orthonormal, times `scale`.
fn orthonormal<T: Real>(rows: &[T], f: usize, scale: f64) -> Square {
    match Basis::new::<T>(&gram(rows, f), f, 1.0, 0.0) {
        None => Square::identity(f),
        Some(Basis { q, w, .. }) => {
            let values = (0..f * f).map(|at| q.values[at] * w[at % f] * scale).collect();
            Square { f, values }
        }
    }
}

/// What entries are worth: the square root of the confidence, cut off, of what is liked.
#[derive(Clone, Copy)]
struct Worth {
    objective: Objective,
    largest: f64,
}

impl Worth {
    /// Of all entries of a row, padded.
    #[inline(always)]
    fn of<T: Real>(self, values: &[T], worths: &mut Vec<T>) {
        let Objective { alpha, confidence, .. } = self.objective;
        worths.clear();
        let cut = |c: f64| T::from_f64(c.clamp(0.0, self.largest).sqrt());
        if confidence == Confidence::Alpha {
            worths.extend(values.iter().map(|r| cut(alpha * r.to_f64())));
        } else {
            worths.extend(values.iter().map(|r| cut(self.objective.entry(r.to_f64()).target)));
        }
        worths.resize(padded(values.len()), T::ZERO);
    }
}

/// Some rows of a product.
struct Multiply<'a, T, G> {
    rows: &'a CsrView<'a, T>,
    fixed: &'a [G],
    f: usize,
    worth: Worth,
    first: usize,
    out: &'a mut [T],
}

impl<T: Real, G: Stored<T>> WithSimd for Multiply<'_, T, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rows, fixed, f, worth, first, out } = self;
        let width = padded(f);
        let columns = fixed.len() / width;
        let whole = columns == rows.columns();
        let (mut sum, mut worths) = (vec![T::ZERO; width], vec![]);
        // Columns increase, so those that are there come first.
        let indices = |u: usize| {
            let all = rows.row(u).indices;
            &all[..if whole { all.len() } else { all.partition_point(|&id| (id as usize) < columns) }]
        };
        let all: Vec<i32> = (first..first + out.len() / f).flat_map(|u| indices(u).iter().copied()).collect();
        let (mut at, distance) = (0, prefetch_distance::<G>(width));
        for (u, out) in (first..).zip(out.chunks_exact_mut(f)) {
            let indices = indices(u);
            worth.of(&rows.row(u).values[..indices.len()], &mut worths);
            sum.fill(T::ZERO);
            if !indices.is_empty() {
                let entries = Gathered::new(fixed, width, indices, &worths, &worths);
                let end = at + indices.len();
                let following = &all[all.len().min(at + distance)..all.len().min(end + distance)];
                at = end;
                entries.sum_targets(simd, &mut entries.ahead(following, 1), &mut sum);
            }
            out.copy_from_slice(&sum[..f]);
        }
    }
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
        let sketch = Sketch { user_items: &rows, item_users: &columns, objective, f, seed: 3, compact };
        let mut users = vec![T::from_f64(f64::NAN); rows.rows() * f];
        let mut items = vec![T::from_f64(f64::NAN); columns.rows() * f];
        let fill = || sketch.fill(&mut users, &mut items, &mut Memory::new(), &|| false);
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
            assert!((mean - LENGTH).abs() < 0.05, "{mean}");
        }
    }

    #[test]
    fn threads_and_more_factors_than_there_is_to_learn_change_nothing() {
        let matrix = groups::<f64>(2000, 50, 3);
        assert_eq!(items_of(&matrix, 20, false, 1), items_of(&matrix, 20, false, 3));
        let few = items_of(&groups::<f64>(2, 3, 1), 9, false, 2);
        assert!(few.iter().all(|factor| factor.is_finite()) && few.iter().any(|&factor| factor != 0.0));
        let nothing = CsrMatrix::<f64>::from_triplets(3, 4, &[]).expect("they are in range");
        assert!(items_of(&nothing, 2, false, 1).iter().all(|&factor| factor == 0.0));
    }

    #[test]
    fn a_fit_is_sooner_at_its_goal() {
        let matrix = groups::<f32>(400, 60, 7);
        let loss = |init| {
            let fit = AlternatingLeastSquares::new(8).iterations(1).init(init);
            let (mut x, mut y) = (vec![0.0; 400 * 8], vec![0.0; 60 * 8]);
            fit.fit_into(&matrix.view(), &mut x, &mut y, &()).expect("it is fine")[0]
        };
        assert!(loss(Init::Sketch) < 0.5 * loss(Init::Uniform));
    }
}

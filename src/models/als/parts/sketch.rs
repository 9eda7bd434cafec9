//! The first factors of a fit that several workers share: the [sketch](crate::models::als::sketch), of the same rounds.

use rayon::prelude::*;

use crate::error::{Error, Result, check_size};
use crate::kernel::vector::axpy;
use crate::kernel::{self, Gathered, Real, Simd, Stored, WithSimd, padded};
use crate::models::als::basis::Eigen;
use crate::models::als::half_step::{turn_rows, turned_into};
use crate::models::als::parts::items::{Answers, TASKS_PER_BLOCK};
use crate::models::als::parts::messages::{Nodes, Received, Whitened};
use crate::models::als::parts::owned::{Inbox, Place};
use crate::models::als::parts::part::{Local, Part, Share};
use crate::models::als::parts::routes::Of;
use crate::models::als::parts::segments::{EVERY_LEAF, Segments};
use crate::models::als::parts::tree::Sum;
use crate::models::als::side::ROWS_PER_BLOCK;
use crate::models::als::sketch::{balanced, blocks, draw, orthonormal_of, samples, sampling, sizes};
use crate::models::als::sketch_product::{Memory, Multiply, Sample, Worth};
use crate::sparse::CsrView;

/// One of the two rounds.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    /// Which of them, 0 or 1.
    pub(crate) number: usize,
    /// The size that a hundredth of the entries exceed.
    pub(crate) largest: f64,
}

impl<T: Real> Part<T> {
    /// Sizes that the largest hundredth is told from: those of the entries here, of which the first is number `first` of `all`.
    pub(crate) fn sizes(&self, local: Local<'_, T>, first: usize, all: usize) -> Vec<f64> {
        let step = sampling(all);
        let own = local.user_items.values().iter().skip(first.next_multiple_of(step) - first);
        sizes(own.step_by(step), &self.model.objective())
    }

    /// Random items; their Gram matrix.
    pub(crate) fn draw_items(&mut self, seed: u64) -> Nodes {
        self.model.seed = seed;
        let first = self.items_of(self.rank).start;
        draw(&mut self.items, first, self.model.factors, seed, false);
        self.grams(&self.items, &self.cut.items)
    }

    /// Orthonormal rows for each worker, those that it has entries of; users those of a round.
    pub(crate) fn spread(&mut self, of: Of, eigen: Eigen, round: usize) -> Vec<Whitened<T>> {
        let count = match of {
            Of::Users => self.sample(round).count(self.count(Of::Users)),
            Of::Items => self.count(Of::Items),
        };
        self.turned(of, &orthonormal_of::<T>(eigen, count))
    }

    /// Users from the items of each owner; their Gram matrix.
    pub(crate) fn sketch_users(
        &mut self,
        local: Local<'_, T>,
        items: &[Received<'_, T>],
        round: Round,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Nodes> {
        self.take(Of::Items, items)?;
        let (f, sample, worth) = (self.model.factors, self.sample(round.number), self.worth(round));
        let first = self.cut.users[self.leaves().start];
        let rows = &local.user_items;
        if self.compact {
            let rows = Product { rows, fixed: self.compacts[0].as_slice(), f, worth };
            rows.multiply(&mut self.users, first, sample, interrupted)?;
        } else {
            let rows = Product { rows, fixed: self.full[0].as_slice(), f, worth };
            rows.multiply(&mut self.users, first, sample, interrupted)?;
        }
        Ok(self.grams(&self.users, &self.cut.users))
    }

    /// Items from the users of everyone, where it is users that travel; their Gram matrix.
    pub(crate) fn sketch_items(
        &mut self,
        local: Local<'_, T>,
        users: &[Received<'_, T>],
        round: Round,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Nodes> {
        self.take(Of::Users, users)?;
        let (f, all, worth) = (self.model.factors, Sample { every: 1 }, self.worth(round));
        let (rows, first) = (&local.item_users, self.items_of(self.rank).start);
        if self.compact {
            let rows = Product { rows, fixed: self.compacts[0].as_slice(), f, worth };
            rows.multiply(&mut self.items, first, all, interrupted)?;
        } else {
            let rows = Product { rows, fixed: self.full[0].as_slice(), f, worth };
            rows.multiply(&mut self.items, first, all, interrupted)?;
        }
        Ok(self.end_round(round.number))
    }

    /// Sums over the users here for the items of each owner, where it is sums that travel.
    pub(crate) fn sketch_sums(
        &mut self,
        local: Local<'_, T>,
        eigen: Eigen,
        round: Round,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Answers<T>>> {
        let users = self.sample(round.number).count(self.count(Of::Users));
        let (turn, worth, f) = (orthonormal_of::<T>(eigen, users), self.worth(round), self.model.factors);
        let rows = &local.item_users;
        if self.compact {
            turned_into(&self.users, &turn, &mut self.compacts[1]);
            let rows = Product { rows, fixed: self.compacts[1].as_slice(), f, worth };
            self.sums(rows, interrupted)
        } else {
            turned_into(&self.users, &turn, &mut self.full[1]);
            let rows = Product { rows, fixed: self.full[1].as_slice(), f, worth };
            self.sums(rows, interrupted)
        }
    }

    fn sums<G: Stored<T>>(
        &self,
        rows: Product<'_, T, G>,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Answers<T>>> {
        let of = |owner: usize| {
            let present: Vec<usize> =
                self.items_of(owner).filter(|&item| self.shares[item] != Share::Nothing).collect();
            let blocks: Vec<Answers<T>> = present
                .par_chunks(TASKS_PER_BLOCK)
                .map(|items| {
                    if interrupted() {
                        return Err(Error::Interrupted);
                    }
                    Ok(kernel::dispatch(ItemSums { rows, items, part: self }))
                })
                .collect::<Result<_>>()?;
            Ok(Answers::joined(blocks))
        };
        (0..self.workers.len()).map(of).collect()
    }

    /// Items from the sums of all workers; their Gram matrix.
    pub(crate) fn take_sums(&mut self, sums: &[Answers<T>], round: usize) -> Result<Nodes> {
        let (f, width) = (self.model.factors, padded(self.model.factors));
        check_size("the number of workers that answer", self.workers.len(), sums.len())?;
        let places: Vec<Vec<&Place>> =
            self.facts.places.iter().map(|places| places.iter().collect()).collect();
        let inbox = Inbox::of(&places, self.items.len() / f, width, |_| [1, 0]);
        inbox.check(sums)?;
        self.items.par_chunks_mut(f).enumerate().for_each_init(
            || (Sum::new(width), vec![T::ZERO; width]),
            |(tree, sum), (item, row)| {
                sum.fill(T::ZERO);
                for letter in inbox.of_item(item) {
                    let vector = &sums[letter.worker as usize].vectors[letter.vector..letter.vector + width];
                    tree.push(letter.leaf.map_or(0, usize::from), vector);
                }
                tree.finish(sum);
                row.copy_from_slice(&sum[..f]);
            },
        );
        Ok(self.end_round(round))
    }

    fn end_round(&mut self, round: usize) -> Nodes {
        if self.sample(round).every > 1 {
            // What nobody in the part likes begins anew: from 0 nothing would ever lead away.
            let first = self.items_of(self.rank).start;
            draw(&mut self.items, first, self.model.factors, self.model.seed, true);
        }
        self.grams(&self.items, &self.cut.items)
    }

    /// Ends the sketch; users are 0.
    pub(crate) fn balance_items(&mut self, eigen: Eigen) {
        turn_rows(&mut self.items, &balanced::<T>(eigen, self.shares.len()));
        self.users.fill(T::ZERO);
    }

    fn sample(&self, round: usize) -> Sample {
        samples(self.count(Of::Users), self.model.factors)[round.min(1)]
    }

    fn worth(&self, round: Round) -> Worth {
        Worth { objective: self.model.objective(), largest: round.largest }
    }
}

/// The rows of one side of a product, and what it is multiplied with.
#[derive(Clone, Copy)]
struct Product<'a, T, G> {
    rows: &'a CsrView<'a, T>,
    fixed: &'a [G],
    f: usize,
    worth: Worth,
}

impl<T: Real, G: Stored<T>> Product<'_, T, G> {
    /// Products for the rows in the sample, which are numbered from `first` on; 0 for others.
    fn multiply(
        self,
        out: &mut [T],
        first: usize,
        sample: Sample,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<()> {
        let (Self { rows, fixed, f, worth }, columns) = (self, Sample { every: 1 });
        blocks(out, first, f).into_par_iter().try_for_each_init(Memory::new, |memory, (row, out)| {
            if interrupted() {
                return Err(Error::Interrupted);
            }
            if (row / ROWS_PER_BLOCK).is_multiple_of(sample.every) {
                kernel::dispatch(Multiply {
                    rows,
                    fixed,
                    f,
                    columns,
                    worth,
                    first: row - first,
                    out,
                    memory,
                });
            } else {
                out.fill(T::ZERO);
            }
            Ok(())
        })
    }
}

/// Sums over the users of a worker for some items.
struct ItemSums<'a, T: Real, G> {
    rows: Product<'a, T, G>,
    items: &'a [usize],
    part: &'a Part<T>,
}

impl<T: Real, G: Stored<T>> WithSimd for ItemSums<'_, T, G> {
    type Output = Answers<T>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Answers<T> {
        let Self { rows: Product { rows, fixed, f, worth }, items, part } = self;
        let (width, whole, mut answers) = (padded(f), [EVERY_LEAF], Answers::new());
        let (mut segments, mut worths, mut own) = (Segments::new(), Vec::new(), Vec::new());
        let mut stack: Vec<T> = Vec::new();
        for &item in items {
            let row = rows.row(item);
            let nodes = if part.shares[item] == Share::All { &whole[..] } else { &part.cover };
            segments.cut(row.indices, &part.leaf_of, nodes);
            worths.clear();
            worth.extend(row.values, &mut worths);
            let mut start = 0;
            for segment in &segments.all {
                let entries = start..segment.end;
                own.clear();
                own.extend_from_slice(&worths[entries.clone()]);
                own.resize(padded(entries.len()), T::ZERO);
                let entries = Gathered::new(fixed, width, &row.indices[entries], &own, &own);
                stack.resize(stack.len() + width, T::ZERO);
                let top = stack.len() - width;
                entries.sum_targets(simd, &mut entries.ahead(&[], 1), &mut stack[top..]);
                for _ in 0..segment.merges {
                    let last = stack.len() - width;
                    let (before, sum) = stack.split_at_mut(last);
                    axpy(simd, T::ONE, sum, &mut before[last - width..]);
                    stack.truncate(last);
                }
                start = segment.end;
            }
            answers.vectors.append(&mut stack);
        }
        answers
    }
}

//! The items' half of an epoch.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::kernel::{self, Real, Stored, padded};
use crate::models::als::basis::{Basis, Eigen};
use crate::models::als::half_step::{Turns, rotate_into, turned_into, whitened};
use crate::models::als::parts::items::{Answers, Entries, Hands, Kind, Task, Work};
use crate::models::als::parts::iteration::Next;
use crate::models::als::parts::messages::{Ask, Nodes, nodes};
use crate::models::als::parts::owned::{Owned, Place, Rules};
use crate::models::als::parts::part::{Local, Part, Share};
use crate::models::als::relaxation::Relaxation;
use crate::models::als::system::Fixed;

/// Tasks that a thread takes at a time.
const TASKS_PER_BLOCK: usize = 64;

impl<T: Real> Part<T> {
    /// Turns everything for the items' half-step; what is asked of each worker first.
    pub(crate) fn begin_items(&mut self, eigen: Eigen, regularization: f64) -> Vec<Ask<T>> {
        let basis = Basis::of::<T>(eigen, self.model.unobserved_weight, regularization);
        let (f, width) = (self.model.factors, padded(self.model.factors));
        let turn = whitened(&basis, self.sigma());
        if self.compact {
            turned_into(&self.users, &turn, &mut self.compacts[1]);
        } else {
            turned_into(&self.users, &turn, &mut self.full[1]);
        }
        let turns = Turns::<T>::between(&self.from_items, &basis);
        let mut starts = vec![T::ZERO; self.items.len() / f * width];
        rotate_into(&self.items, &turns.warm, f, &mut starts);
        self.basis = Some(basis);
        self.owned = Some(Owned::begin(&starts, width, &self.facts.liked, self.steps()));
        self.starts = starts;
        self.asks()
    }

    /// What is wanted of each worker.
    fn asks(&self) -> Vec<Ask<T>> {
        let width = padded(self.model.factors);
        let Some(owned) = &self.owned else { return Vec::new() };
        let ask = |places: &Vec<Place>| {
            let wanted = || {
                let items = places.iter().map(|place| place.item as usize);
                items.filter(|&item| owned.next[item] != Next::Nothing)
            };
            let mut vectors = Vec::with_capacity(wanted().count() * width);
            wanted().for_each(|item| vectors.extend_from_slice(&owned.p[item * width..(item + 1) * width]));
            Ask {
                items: wanted().map(|item| item as u32).collect(),
                scalars_only: wanted().map(|item| owned.next[item] == Next::Scalars).collect(),
                vectors,
            }
        };
        self.facts.places.par_iter().map(ask).collect()
    }

    /// Answers what each owner asks. `first` says whether it is for the first time in this half-step.
    pub(crate) fn pass(
        &self,
        local: Local<'_, T>,
        asks: &[Ask<T>],
        first: bool,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Answers<T>>> {
        let width = padded(self.model.factors);
        if self.compact {
            let fixed = Fixed { rows: self.compacts[1].as_slice(), width, sigma: self.sigma() };
            self.pass_over(fixed, local, asks, first, interrupted)
        } else {
            let fixed = Fixed { rows: self.full[1].as_slice(), width, sigma: self.sigma() };
            self.pass_over(fixed, local, asks, first, interrupted)
        }
    }

    fn pass_over<G: Stored<T>>(
        &self,
        fixed: Fixed<'_, G>,
        local: Local<'_, T>,
        asks: &[Ask<T>],
        first: bool,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Answers<T>>> {
        let Some(basis) = &self.basis else { return Ok(Vec::new()) };
        let objective = self.model.objective();
        let entries = Entries {
            rows: &local.item_users,
            leaf_of: &self.leaf_of,
            cover: &self.cover,
            objective: &objective,
            basis,
            users: *self.cut.users.last().unwrap_or(&0),
            steps: self.steps(),
        };
        let kind = |item: usize, scalars_only: bool| match (self.shares[item], first) {
            (Share::All, _) => Kind::Solution,
            (_, true) => Kind::Start,
            (_, false) => Kind::Step(if scalars_only { Next::Scalars } else { Next::Vector }),
        };
        let answer = |owner: usize, ask: &Ask<T>| {
            let owned = self.items_of(owner).start;
            let rows = ask.items.iter().zip(&ask.scalars_only).zip(ask.vectors.chunks_exact(fixed.width));
            let tasks: Vec<_> = rows
                .map(|((&item, &scalars_only), vector)| {
                    let item = owned + item as usize;
                    let constant = self.constants[item];
                    Task { item, kind: kind(item, scalars_only), vector, constant }
                })
                .collect();
            let blocks: Vec<Answers<T>> = tasks
                .par_chunks(TASKS_PER_BLOCK)
                .map_init(
                    || Hands::new(fixed),
                    |hands, tasks| {
                        if interrupted() {
                            return Err(Error::Interrupted);
                        }
                        Ok(kernel::dispatch(Work { entries, tasks, hands }))
                    },
                )
                .collect::<Result<_>>()?;
            let mut answers = Answers::new();
            for block in blocks {
                answers.append(block);
            }
            Ok(answers)
        };
        asks.iter().enumerate().map(|(owner, ask)| answer(owner, ask)).collect()
    }

    /// Takes the steps that the workers' answers allow, and returns what is asked next: of nobody anything when all is done.
    pub(crate) fn advance(&mut self, answers: &[Answers<T>]) -> Vec<Ask<T>> {
        let (width, steps) = (padded(self.model.factors), self.steps());
        let (Some(owned), Some(basis)) = (&mut self.owned, &self.basis) else { return Vec::new() };
        let objective = self.model.objective();
        let users = *self.cut.users.last().unwrap_or(&0);
        let rules = Rules { facts: &self.facts, objective: &objective, basis, users, steps };
        let next = &owned.next;
        let asked: Vec<Vec<&Place>> = self
            .facts
            .places
            .iter()
            .map(|places| places.iter().filter(|place| next[place.item as usize] != Next::Nothing).collect())
            .collect();
        owned.advance(&asked, answers, &rules, width);
        self.asks()
    }

    /// Keeps the solutions; their part of the loss.
    pub(crate) fn end_items(&mut self, epoch: usize) -> Nodes {
        let (f, width) = (self.model.factors, padded(self.model.factors));
        let (Some(owned), Some(basis)) = (self.owned.take(), self.basis.take()) else { return Nodes::new() };
        let relaxation = Relaxation::of_items(self.model.relaxation, epoch, self.model.iterations);
        let heavy = self.steps().heavy;
        let warm = std::mem::take(&mut self.starts);
        let mut starts = vec![T::ZERO; self.items.len()];
        let rows = self.items.par_chunks_mut(f).zip(starts.par_chunks_mut(f));
        let whitened = owned.x.par_chunks(width).zip(warm.par_chunks(width)).zip(&owned.numbers);
        let all = rows.zip(whitened).zip(&self.facts.liked);
        all.for_each(|(((y, start), ((x, warm), numbers)), &liked)| {
            if !liked {
                y.fill(T::ZERO);
                return;
            }
            for (k, &w) in basis.w.iter().enumerate() {
                let w = T::from_f64(w);
                y[k] = x[k] * w;
                start[k] = warm[k] * w;
            }
            relaxation.note(relaxation.omega(heavy, numbers.load), y, start);
        });
        self.starts = starts;
        self.from_users = basis.q;
        let first = self.items_of(self.rank).start;
        let bounds = &self.cut.items;
        let leaves = self.leaves().filter(|&leaf| bounds[leaf] < bounds[leaf + 1]).map(|leaf| {
            let items = bounds[leaf] - first..bounds[leaf + 1] - first;
            let loss = items.map(|item| self.facts.constants[item] - owned.numbers[item].gain).sum();
            (leaf, vec![loss])
        });
        nodes(&self.cover, leaves)
    }
}

//! The items' half of an epoch.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Result, check_size};
use crate::kernel::{self, Real, Stored, padded};
use crate::models::als::basis::{Basis, Eigen};
use crate::models::als::half_step::{Turns, rotate_into, turned_into, whitened};
use crate::models::als::parts::items::{Answers, Entries, Hands, Kind, TASKS_PER_BLOCK, Task, Work};
use crate::models::als::parts::iteration::Next;
use crate::models::als::parts::messages::{Ask, Nodes, Received, nodes};
use crate::models::als::parts::owned::{Owned, Place, Rules};
use crate::models::als::parts::part::{Local, Part, Share};
use crate::models::als::parts::routes::Of;
use crate::models::als::parts::users_half::solve_leaves;
use crate::models::als::relaxation::Relaxation;
use crate::models::als::side::Side;
use crate::models::als::system::Fixed;

impl<T: Real> Part<T> {
    /// Solves the items that this worker owns, with the whitened users of everyone; their loss. The whole half-step, where it is
    /// users that travel.
    pub(crate) fn solve_items(
        &mut self,
        local: Local<'_, T>,
        users: &[Received<'_, T>],
        epoch: usize,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Nodes> {
        self.take(Of::Users, users)?;
        let width = padded(self.model.factors);
        let Some(basis) = self.basis.take() else { return Err(Error::Diverged { epoch }) };
        let turns = Turns::between(&self.from_items, &basis);
        let relaxation = Relaxation::of_items(self.model.relaxation, epoch, self.model.iterations);
        let plan = self.model.plan(relaxation);
        let side = Side {
            rows: &local.item_users,
            plan: &plan,
            columns: self.count(Of::Users),
            basis: &basis,
            warm: &turns.warm,
            scale: &turns.scale,
            prior: None,
            interrupted,
        };
        let (leaves, sigma) = (self.leaves(), self.sigma());
        let later = matches!(relaxation, Relaxation::Later(_));
        let starts = if later { &mut self.starts[..] } else { &mut [] };
        let rows = (&mut self.items[..], starts);
        let losses = if self.compact {
            let fixed = Fixed { rows: self.compacts[0].as_slice(), width, sigma };
            solve_leaves(&side, fixed, rows, &self.cut.items, leaves.clone())?
        } else {
            let fixed = Fixed { rows: self.full[0].as_slice(), width, sigma };
            solve_leaves(&side, fixed, rows, &self.cut.items, leaves.clone())?
        };
        self.from_users = basis.q;
        let bounds = &self.cut.items;
        let losses = leaves.zip(losses).filter(|(leaf, _)| bounds[*leaf] < bounds[*leaf + 1]);
        Ok(nodes(&self.cover, losses.map(|(leaf, loss)| (leaf, vec![loss]))))
    }

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

    /// What is wanted of each worker. Those of its own items that it has all entries of, this worker solves without being asked.
    fn asks(&self) -> Vec<Ask<T>> {
        let width = padded(self.model.factors);
        let Some(owned) = &self.owned else { return Vec::new() };
        let ask = |(worker, places): (usize, &Vec<Place>)| {
            let wanted = || {
                let asked = places.iter().filter(|place| worker != self.rank || !place.is_alone());
                asked.map(|place| place.item as usize).filter(|&item| owned.next[item] != Next::Nothing)
            };
            let mut vectors = Vec::with_capacity(wanted().count() * width);
            wanted().for_each(|item| vectors.extend_from_slice(&owned.p[item * width..(item + 1) * width]));
            Ask {
                items: wanted().map(|item| item as u32).collect(),
                scalars_only: wanted().map(|item| owned.next[item] == Next::Scalar).collect(),
                vectors,
            }
        };
        self.facts.places.par_iter().enumerate().map(ask).collect()
    }

    /// Answers what each owner asks. `first` says whether it is for the first time in this half-step.
    pub(crate) fn pass(
        &mut self,
        local: Local<'_, T>,
        asks: &[Ask<T>],
        first: bool,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Answers<T>>> {
        let width = padded(self.model.factors);
        let mut owned = self.owned.take();
        let answers = if self.compact {
            let fixed = Fixed { rows: self.compacts[1].as_slice(), width, sigma: self.sigma() };
            self.pass_over(fixed, local, owned.as_mut(), asks, first, interrupted)
        } else {
            let fixed = Fixed { rows: self.full[1].as_slice(), width, sigma: self.sigma() };
            self.pass_over(fixed, local, owned.as_mut(), asks, first, interrupted)
        };
        self.owned = owned;
        answers
    }

    fn pass_over<G: Stored<T>>(
        &self,
        fixed: Fixed<'_, G>,
        local: Local<'_, T>,
        owned: Option<&mut Owned<T>>,
        asks: &[Ask<T>],
        first: bool,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Answers<T>>> {
        let (Some(basis), Some(owned)) = (&self.basis, owned) else { return Ok(Vec::new()) };
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
        check_size("the number of owners that ask", self.workers.len(), asks.len())?;
        if first {
            let items = self.items_of(self.rank);
            let (shares, constants) = (&self.shares[items.clone()], &self.constants[items.clone()]);
            let task = |at: usize| {
                let kind = (shares[at] == Share::All).then_some(Kind::Solution)?;
                Some((items.start + at, kind, constants[at]))
            };
            let work = |hands: &mut _, tasks: &[Task<'_, T>]| work(entries, tasks, hands, interrupted);
            owned.solve_alone(fixed.width, task, || Hands::new(fixed), work)?;
        }
        let kind = |item: usize, scalars_only: bool| match (self.shares[item], first) {
            (Share::All, _) => Kind::Solution,
            (_, true) => Kind::Pass(Next::Start),
            (_, false) => Kind::Pass(if scalars_only { Next::Scalar } else { Next::Vector }),
        };
        let answer = |owner: usize, ask: &Ask<T>| {
            let owned = self.items_of(owner);
            self.check_ask(ask, &owned)?;
            let owned = owned.start;
            let rows = ask.items.iter().zip(&ask.scalars_only).zip(ask.vectors.chunks_exact(fixed.width));
            let tasks: Vec<_> = rows
                .map(|((&item, &scalars_only), vector)| {
                    let item = owned + item as usize;
                    let constant = self.constants[item];
                    Task { item, kind: kind(item, scalars_only), vector, constant }
                })
                .collect();
            let blocks = tasks
                .par_chunks(TASKS_PER_BLOCK)
                .map_init(|| Hands::new(fixed), |hands, tasks| work(entries, tasks, hands, interrupted));
            Ok(Answers::joined(blocks.collect::<Result<_>>()?))
        };
        asks.iter().enumerate().map(|(owner, ask)| answer(owner, ask)).collect()
    }

    /// Fails unless this is about items that this owner has and entries are here of.
    fn check_ask(&self, ask: &Ask<T>, owned: &Range<usize>) -> Result<()> {
        check_size("the number of kinds of what is asked", ask.items.len(), ask.scalars_only.len())?;
        let numbers = ask.items.len() * padded(self.model.factors);
        check_size("the number of factors of what is asked", numbers, ask.vectors.len())?;
        for &item in &ask.items {
            let shares = self.shares[owned.clone()].get(item as usize);
            if shares.is_none_or(|&share| share == Share::Nothing) {
                let (name, expected) = ("item", "one that there are entries of");
                return Err(Error::InvalidParameter { name, expected, value: f64::from(item) });
            }
        }
        Ok(())
    }

    /// Takes the steps that the workers' answers allow, and returns what is asked next: of nobody anything when all is done.
    pub(crate) fn advance(&mut self, answers: &[Answers<T>]) -> Result<Vec<Ask<T>>> {
        let (width, steps) = (padded(self.model.factors), self.steps());
        let (Some(owned), Some(basis)) = (&mut self.owned, &self.basis) else { return Ok(Vec::new()) };
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
        owned.advance(&asked, answers, &rules, width)?;
        Ok(self.asks())
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

/// Does some tasks, unless that is not wanted any more.
fn work<'a, T: Real, G: Stored<T>>(
    entries: Entries<'a, T>,
    tasks: &[Task<'_, T>],
    hands: &mut Hands<'a, T, G>,
    interrupted: &(dyn Fn() -> bool + Sync),
) -> Result<Answers<T>> {
    if interrupted() {
        return Err(Error::Interrupted);
    }
    Ok(kernel::dispatch(Work { entries, tasks, hands }))
}

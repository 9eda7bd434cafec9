//! What workers learn about each other before a fit.

use std::ops::Range;

use crate::error::{Result, check_size};
use crate::kernel::Real;
use crate::models::als::parts::messages::{Counts, Nodes, Presence, nodes};
use crate::models::als::parts::owned::Place;
use crate::models::als::parts::part::{Local, Part, Share, Travels};
use crate::models::als::parts::routes::Of;
use crate::models::als::parts::segments::{EVERY_LEAF, Segments};
use crate::models::als::parts::tree::Sum;

impl<T: Real> Part<T> {
    /// What is here of every item.
    pub(crate) fn counts(local: Local<'_, T>) -> Counts {
        let rows = || (0..local.item_users.rows()).map(|item| local.item_users.row(item).values);
        let counting = |values: &[T]| values.iter().filter(|&&r| r != T::ZERO).count() as u32;
        Counts {
            stored: rows().map(|values| values.len() as u32).collect(),
            counting: rows().map(counting).collect(),
            liked: rows().map(|values| values.iter().any(|&r| r > T::ZERO)).collect(),
        }
    }

    /// Takes what all workers have of the items that this one owns, and returns for each worker what it has in the end.
    pub(crate) fn meet(&mut self, counts: &[Counts]) -> Result<Vec<Vec<Share>>> {
        let own = self.items_of(self.rank).len();
        check_size("the number of workers that count", self.workers.len(), counts.len())?;
        for Counts { stored, counting, liked } in counts {
            for length in [stored.len(), counting.len(), liked.len()] {
                check_size("the number of items that a worker counts", own, length)?;
            }
        }
        let sum = |item: usize| counts.iter().map(|counts| counts.counting[item]).sum();
        self.facts.counts = (0..own).map(sum).collect();
        self.facts.liked = (0..own).map(|item| counts.iter().any(|counts| counts.liked[item])).collect();
        let holders: Vec<usize> =
            (0..own).map(|item| counts.iter().filter(|counts| counts.stored[item] > 0).count()).collect();
        let share = |counts: &Counts, item: usize| match (counts.stored[item], holders[item]) {
            (0, _) => Share::Nothing,
            (_, 1) => Share::All,
            _ => Share::Part,
        };
        Ok(counts.iter().map(|counts| (0..own).map(|item| share(counts, item)).collect()).collect())
    }

    /// What the objective takes from all users and items together: the weights of the entries, by leaves of users, and the
    /// smallest regularization of a user and of an item with entries.
    pub(crate) fn facts(&self, local: Local<'_, T>) -> (Nodes, [f64; 2]) {
        let objective = self.model.objective();
        let first = self.cut.users[self.leaves().start];
        let weight = |user: usize| -> f64 {
            local.user_items.row(user).values.iter().map(|r| objective.entry(r.to_f64()).weight).sum()
        };
        let weights = self.leaves().map(|leaf| {
            let users = self.cut.users[leaf] - first..self.cut.users[leaf + 1] - first;
            (leaf, vec![users.map(weight).sum()])
        });
        let users = self.count(Of::Users);
        let of_users = objective.smallest_regularization(&local.user_items, self.shares.len());
        let of_items = match self.travels {
            Travels::Users => objective.smallest_regularization(&local.item_users, users),
            Travels::Sums => {
                let counts = self.facts.counts.iter().filter(|&&count| count > 0);
                let each = counts.map(|&count| objective.regularization_of(count as usize, users));
                each.fold(f64::INFINITY, f64::min)
            }
        };
        (nodes(&self.cover, weights), [of_users, of_items])
    }

    /// Takes what this worker has of the items of each owner, and returns what these have to know.
    pub(crate) fn present(&mut self, local: Local<'_, T>, shares: &[Vec<Share>]) -> Result<Vec<Presence>> {
        let items = self.shares.len();
        self.shares = shares.concat();
        check_size("the number of items that owners know of", items, self.shares.len())?;
        let needs = |owner: usize| {
            let owned = if owner == self.rank { 0..0 } else { self.items_of(owner) };
            let shares = self.shares[owned].iter().enumerate();
            shares.filter(|(_, share)| **share != Share::Nothing).map(|(at, _)| at as u32).collect()
        };
        self.routes[Of::Items as usize].needs = (0..self.workers.len()).map(needs).collect();
        let owners = 0..self.workers.len();
        let presence: Vec<_> =
            owners.clone().map(|owner| self.presence(local, self.items_of(owner))).collect();
        for (owner, presence) in owners.zip(&presence) {
            let (first, mut constants) = (self.items_of(owner).start, &presence.constants[..]);
            for (&item, &length) in presence.items.iter().zip(&presence.lengths) {
                if length == 0 {
                    self.constants[first + item as usize] = constants[0];
                }
                constants = &constants[usize::from(length.max(1))..];
            }
        }
        Ok(presence)
    }

    fn presence(&self, local: Local<'_, T>, owned: Range<usize>) -> Presence {
        let objective = self.model.objective();
        let mut found = Presence { items: vec![], lengths: vec![], nodes: vec![], constants: vec![] };
        let (mut segments, mut sums, whole) = (Segments::new(), Vec::new(), [EVERY_LEAF]);
        for item in owned.clone().filter(|&item| self.shares[item] != Share::Nothing) {
            let (row, is_all) = (local.item_users.row(item), self.shares[item] == Share::All);
            let nodes = if is_all { &whole[..] } else { &self.cover };
            segments.cut(row.indices, &self.leaf_of, nodes);
            segments.sum(|at| [objective.entry(row.values[at].to_f64()).target], &mut sums);
            found.items.push((item - owned.start) as u32);
            found.constants.extend_from_slice(sums.as_flattened());
            let nodes = if is_all { &[][..] } else { &segments.nodes };
            found.lengths.push(nodes.len() as u16);
            found.nodes.extend(nodes.iter().map(|&leaf| leaf as u16));
        }
        found
    }

    /// Takes what all workers have of the items that this one owns.
    pub(crate) fn meet_presence(&mut self, presence: Vec<Presence>) -> Result<()> {
        let own = self.items_of(self.rank).len();
        check_size("the number of workers that are present", self.workers.len(), presence.len())?;
        let mut constants: Vec<Sum<f64>> = (0..own).map(|_| Sum::new(1)).collect();
        let mut places: Vec<Vec<Place>> = Vec::new();
        for presence in presence {
            presence.check(own)?;
            let Presence { items, lengths, nodes, constants: targets } = presence;
            let (mut nodes, mut targets) = (&nodes[..], &targets[..]);
            let place = |(item, length): (u32, u16)| {
                let (own, others) = nodes.split_at(usize::from(length));
                nodes = others;
                for leaf in own.iter().copied().chain(own.is_empty().then_some(0)) {
                    constants[item as usize].push(usize::from(leaf), &targets[..1]);
                    targets = &targets[1..];
                }
                Place { item, nodes: own.to_vec() }
            };
            places.push(items.into_iter().zip(lengths).map(place).collect());
        }
        let needed = |(rank, places): (usize, &Vec<Place>)| {
            let others = if rank == self.rank { &[] } else { &places[..] };
            others.iter().map(|place| place.item).collect()
        };
        self.routes[Of::Items as usize].needed = places.iter().enumerate().map(needed).collect();
        self.facts.places = places;
        self.facts.constants = constants
            .into_iter()
            .map(|mut sum| {
                let mut constant = [0.0];
                sum.finish(&mut constant);
                constant[0]
            })
            .collect();
        Ok(())
    }
}

//! What workers learn about each other before a fit.

use std::ops::Range;

use crate::kernel::Real;
use crate::models::als::parts::messages::{Counts, Presence};
use crate::models::als::parts::owned::Place;
use crate::models::als::parts::part::{Local, Part, Share};
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
    pub(crate) fn meet(&mut self, counts: &[Counts]) -> Vec<Vec<Share>> {
        let own = self.items_of(self.rank).len();
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
        counts.iter().map(|counts| (0..own).map(|item| share(counts, item)).collect()).collect()
    }

    /// Takes what this worker has of the items of each owner, and returns what these have to know.
    pub(crate) fn present(&mut self, local: Local<'_, T>, shares: &[Vec<Share>]) -> Vec<Presence> {
        self.shares = shares.concat();
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
        presence
    }

    fn presence(&self, local: Local<'_, T>, owned: Range<usize>) -> Presence {
        let objective = self.model.objective();
        let mut found = Presence { items: vec![], lengths: vec![], nodes: vec![], constants: vec![] };
        for item in owned.clone().filter(|&item| self.shares[item] != Share::Nothing) {
            let row = local.item_users.row(item);
            let (mut sums, mut first) = (Vec::new(), 0);
            for node in &self.cover {
                let leaf = |at: usize| usize::from(self.leaf_of[row.indices[at] as usize]);
                let (mut sum, mut constant) = (Sum::new(1), [0.0]);
                let mut at = first;
                while at < row.indices.len() && leaf(at) < node.end {
                    let (this, mut targets) = (leaf(at), 0.0);
                    while at < row.indices.len() && leaf(at) == this {
                        targets += objective.entry(row.values[at].to_f64()).target;
                        at += 1;
                    }
                    sum.push(this, &[targets]);
                }
                first = at;
                if sum.finish(&mut constant) {
                    sums.push((node.start, constant[0]));
                }
            }
            found.items.push((item - owned.start) as u32);
            if self.shares[item] == Share::All {
                let (mut sum, mut constant) = (Sum::new(1), [0.0]);
                for &(leaf, targets) in &sums {
                    sum.push(leaf, &[targets]);
                }
                sum.finish(&mut constant);
                found.lengths.push(0);
                found.constants.push(constant[0]);
            } else {
                found.lengths.push(sums.len() as u16);
                found.nodes.extend(sums.iter().map(|&(leaf, _)| leaf as u16));
                found.constants.extend(sums.iter().map(|&(_, targets)| targets));
            }
        }
        found
    }

    /// Takes what all workers have of the items that this one owns.
    pub(crate) fn meet_presence(&mut self, presence: Vec<Presence>) {
        let own = self.items_of(self.rank).len();
        let mut constants: Vec<Sum<f64>> = (0..own).map(|_| Sum::new(1)).collect();
        self.facts.places = presence
            .into_iter()
            .map(|Presence { items, lengths, nodes, constants: targets }| {
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
                items.into_iter().zip(lengths).map(place).collect()
            })
            .collect();
        self.facts.constants = constants
            .into_iter()
            .map(|mut sum| {
                let mut constant = [0.0];
                sum.finish(&mut constant);
                constant[0]
            })
            .collect();
    }
}

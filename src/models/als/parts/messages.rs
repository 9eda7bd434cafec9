//! What workers tell each other.

use std::ops::Range;

use crate::error::{Error, Result, check_size};
use crate::kernel::Real;
use crate::models::als::parts::tree::Sum;

/// Sums over nodes: the first leaf of each, and its sum.
pub(crate) type Nodes = Vec<(usize, Vec<f64>)>;

/// The sum over all leaves, from the nodes of all workers in their order. Empty without any.
pub(crate) fn total<'a>(nodes: impl IntoIterator<Item = &'a Nodes>) -> Vec<f64> {
    let mut nodes = nodes.into_iter().flatten().peekable();
    let length = nodes.peek().map_or(0, |(_, value)| value.len());
    let (mut sum, mut out) = (Sum::new(length), vec![0.0; length]);
    nodes.for_each(|(leaf, value)| sum.push(*leaf, value));
    sum.finish(&mut out);
    out
}

/// Sums over the nodes that these leaves are, from a sum for each leaf.
pub(crate) fn nodes(cover: &[Range<usize>], leaves: impl Iterator<Item = (usize, Vec<f64>)>) -> Nodes {
    let mut leaves = leaves.peekable();
    let mut found = Nodes::new();
    for node in cover {
        let Some((_, first)) = leaves.peek() else { break };
        let length = first.len();
        let (mut sum, mut out) = (Sum::new(length), vec![0.0; length]);
        while let Some((leaf, value)) = leaves.next_if(|(leaf, _)| node.contains(leaf)) {
            sum.push(leaf, &value);
        }
        if sum.finish(&mut out) {
            found.push((node.start, out));
        }
    }
    found
}

/// What a worker has of each of some items.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Counts {
    /// The number of its entries, and of those that count.
    pub(crate) stored: Vec<u32>,
    pub(crate) counting: Vec<u32>,
    /// Whether one of its users likes it.
    pub(crate) liked: Vec<bool>,
}

/// What a worker has of the items of an owner, as it tells that owner.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Presence {
    /// Their numbers among the owner's, increasing.
    pub(crate) items: Vec<u32>,
    /// How many nodes each of them has sums for: 0 if all entries are here.
    pub(crate) lengths: Vec<u16>,
    /// The first leaves of those nodes, item after item.
    pub(crate) nodes: Vec<u16>,
    /// `Σ c p²` over each of them, or all entries.
    pub(crate) constants: Vec<f64>,
}

impl Presence {
    /// Fails unless this is about so many items, and has what it should of each.
    pub(super) fn check(&self, items: usize) -> Result<()> {
        check_size("the number of lengths of a presence", self.items.len(), self.lengths.len())?;
        let sum = |least: u16| self.lengths.iter().map(|&length| usize::from(length.max(least))).sum();
        check_size("the number of nodes of a presence", sum(0), self.nodes.len())?;
        check_size("the number of constants of a presence", sum(1), self.constants.len())?;
        match self.items.iter().find(|&&item| item as usize >= items) {
            Some(&item) => {
                let (name, expected) = ("item", "one that its owner has");
                Err(Error::InvalidParameter { name, expected, value: f64::from(item) })
            }
            None => Ok(()),
        }
    }
}

/// What an owner asks of a worker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask<T> {
    /// Numbers of items among the owner's, increasing.
    pub(crate) items: Vec<u32>,
    /// Whether just the scalars are wanted, for each of them.
    pub(crate) scalars_only: Vec<bool>,
    /// Starts or directions, of the padded length.
    pub(crate) vectors: Vec<T>,
}

/// The rows that a worker needs of another, by their numbers among its own, increasing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Needs {
    pub(crate) users: Vec<u32>,
    pub(crate) items: Vec<u32>,
}

/// Whitened rows as they are stored for gathering.
pub(crate) enum Whitened<T: Real> {
    Full(Vec<T>),
    Compact(Vec<T::Compact>),
}

/// The same, as whoever gets them reads them.
#[derive(Clone, Copy)]
pub(crate) enum Received<'a, T: Real> {
    Full(&'a [T]),
    Compact(&'a [T::Compact]),
}

#[cfg(test)]
impl<T: Real> Whitened<T> {
    pub(super) fn received(&self) -> Received<'_, T> {
        match self {
            Self::Full(rows) => Received::Full(rows),
            Self::Compact(rows) => Received::Compact(rows),
        }
    }
}

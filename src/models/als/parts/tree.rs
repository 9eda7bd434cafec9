//! The one order in which sums over leaves are made.
//!
//! A fit is cut into leaves, parts of the users and of the items whose number has nothing to do with the workers that hold them. A sum
//! over leaves follows the binary tree over their numbers: a node is the sum of its two halves, and where one of them has
//! nothing, it is the other one. So whoever adds up which nodes, the bits are the same.

use std::ops::{AddAssign, Range};

/// How far up the tree the paths of two leaves meet.
pub(super) fn meeting(a: usize, b: usize) -> u32 {
    usize::BITS - (a ^ b).leading_zeros()
}

/// The largest nodes that together are these leaves: what a worker with them can add up alone.
pub(crate) fn cover(leaves: Range<usize>) -> Vec<Range<usize>> {
    let mut nodes = Vec::new();
    let mut first = leaves.start;
    while first < leaves.end {
        let largest = if first == 0 { usize::MAX } else { 1 << first.trailing_zeros() };
        let fits = 1 << (leaves.end - first).ilog2();
        nodes.push(first..first + largest.min(fits));
        first += largest.min(fits);
    }
    nodes
}

/// A sum of vectors of one length, which come in the order of their leaves, or nodes in that of their first ones.
pub(crate) struct Sum<V> {
    /// What is not yet added to what came before: each meets the next one lower than the one before it.
    leaves: Vec<usize>,
    values: Vec<V>,
    length: usize,
}

impl<V: Copy + AddAssign> Sum<V> {
    pub(crate) fn new(length: usize) -> Self {
        Self { leaves: Vec::new(), values: Vec::new(), length }
    }

    /// The next leaf or node.
    #[inline(always)]
    pub(crate) fn push(&mut self, leaf: usize, value: &[V]) {
        assert_eq!(value.len(), self.length, "the length of a part of a sum");
        while let [.., before, last] = self.leaves[..]
            && meeting(before, last) < meeting(last, leaf)
        {
            self.add_last();
        }
        self.leaves.push(leaf);
        self.values.extend_from_slice(value);
    }

    /// Writes the sum of all that came, and is empty again. Without any, `out` stays what it is, and the answer is no.
    #[inline(always)]
    pub(crate) fn finish(&mut self, out: &mut [V]) -> bool {
        while self.leaves.len() > 1 {
            self.add_last();
        }
        let any = self.leaves.pop().is_some();
        if any {
            out.copy_from_slice(&self.values);
            self.values.clear();
        }
        any
    }

    #[inline(always)]
    fn add_last(&mut self) {
        let at = self.values.len() - self.length;
        let (before, last) = self.values.split_at_mut(at);
        for (sum, &value) in before[at - self.length..].iter_mut().zip(&*last) {
            *sum += value;
        }
        self.values.truncate(at);
        self.leaves.pop();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The sum of a node by its definition.
    fn by_definition(values: &[Option<f32>]) -> Option<f32> {
        if values.len() == 1 {
            return values[0];
        }
        let (left, right) = values.split_at(values.len() / 2);
        match (by_definition(left), by_definition(right)) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        }
    }

    fn sum(parts: impl IntoIterator<Item = (usize, f32)>) -> Option<f32> {
        let mut sum = Sum::new(1);
        parts.into_iter().for_each(|(leaf, value)| sum.push(leaf, &[value]));
        let mut out = [f32::NAN];
        sum.finish(&mut out).then_some(out[0])
    }

    proptest! {
        #[test]
        fn however_leaves_are_dealt_the_bits_are_those_of_the_definition(
            values in prop::collection::vec(prop::option::of(-1.0_f32..1.0), 64),
            mut cuts in prop::collection::vec(0..65_usize, 0..7),
        ) {
            cuts.extend([0, 64]);
            cuts.sort_unstable();
            let here = |leaves: Range<usize>| leaves.filter_map(|leaf| values[leaf].map(|value| (leaf, value)));
            let nodes = cuts.windows(2).flat_map(|cut| cover(cut[0]..cut[1]));
            let parts = nodes.filter_map(|node| sum(here(node.clone())).map(|value| (node.start, value)));
            let (expected, found) = (by_definition(&values), sum(parts));
            prop_assert_eq!(found.map(f32::to_bits), expected.map(f32::to_bits));
            prop_assert_eq!(sum(here(0..64)).map(f32::to_bits), expected.map(f32::to_bits));
        }
    }

    #[test]
    fn nodes_are_as_large_as_they_can_be() {
        assert_eq!(cover(0..64).len(), 1);
        assert_eq!(cover(0..48), [0..32, 32..48]);
        assert_eq!(cover(21..42), [21..22, 22..24, 24..32, 32..40, 40..42]);
        assert!(cover(5..5).is_empty());
    }
}

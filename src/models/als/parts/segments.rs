//! The entries of an item by leaves, and how the sums of these become sums over nodes.

use std::ops::Range;

use crate::kernel::Segment;
use crate::models::als::parts::tree::meeting;

/// The node of a tree of any size that has all leaves.
pub(super) const EVERY_LEAF: Range<usize> = 0..usize::MAX;

/// A segment for each leaf that has entries, with the sums that follow the [tree](super::tree).
pub(super) struct Segments {
    pub(super) all: Vec<Segment>,
    /// The first leaves of the nodes that have entries.
    pub(super) nodes: Vec<usize>,
    /// How many sums there are at a time.
    pub(super) most: usize,
    /// The leaves whose sums are not yet added to those before them.
    open: Vec<usize>,
}

impl Segments {
    pub(super) fn new() -> Self {
        Self { all: vec![], nodes: vec![], most: 0, open: vec![] }
    }

    /// Takes the entries of these users, in their order, for sums over these nodes.
    pub(super) fn cut(&mut self, users: &[i32], leaf_of: &[u16], nodes: &[Range<usize>]) {
        let Self { all, nodes: found, most, open } = self;
        all.clear();
        found.clear();
        *most = 0;
        let leaf = |at: usize| users.get(at).map(|&user| usize::from(leaf_of[user as usize]));
        let mut at = 0;
        for node in nodes {
            while let Some(this) = leaf(at).filter(|this| *this < node.end) {
                while leaf(at) == Some(this) {
                    at += 1;
                }
                let mut merges = 0;
                while let [.., before, last] = open[..]
                    && meeting(before, last) < meeting(last, this)
                {
                    open.pop();
                    merges += 1;
                }
                if let Some(before) = all.last_mut().filter(|_| merges > 0) {
                    before.merges = merges;
                }
                open.push(this);
                all.push(Segment { end: at, merges: 0 });
                *most = (*most).max(found.len() + open.len());
            }
            if let Some(last) = all.last_mut().filter(|_| !open.is_empty()) {
                last.merges = open.len() - 1;
                found.push(node.start);
                open.clear();
            }
        }
    }

    /// The sums of something over each of the nodes, for which there is a term for each entry.
    #[inline(always)]
    pub(super) fn sum<const N: usize>(&self, term: impl Fn(usize) -> [f64; N], out: &mut Vec<[f64; N]>) {
        out.clear();
        let mut start = 0;
        for segment in &self.all {
            out.push((start..segment.end).fold([0.0; N], |sum, at| plus(sum, term(at))));
            for _ in 0..segment.merges {
                let last = out.pop().unwrap_or([0.0; N]);
                if let Some(before) = out.last_mut() {
                    *before = plus(*before, last);
                }
            }
            start = segment.end;
        }
    }
}

#[inline(always)]
fn plus<const N: usize>(mut a: [f64; N], b: [f64; N]) -> [f64; N] {
    for (a, b) in a.iter_mut().zip(b) {
        *a += b;
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::als::parts::tree::{Sum, cover};

    /// The sum over each node by the [`Sum`] that everyone else uses.
    fn by_sums(leaves: &[u16], values: &[f32], nodes: &[Range<usize>]) -> Vec<f64> {
        let mut found = Vec::new();
        for node in nodes {
            let mut sum = Sum::new(1);
            for leaf in node.start..node.end.min(64) {
                let own = leaves.iter().zip(values).filter(|(own, _)| usize::from(**own) == leaf);
                let own: Vec<f64> = own.map(|(_, &value)| f64::from(value)).collect();
                if !own.is_empty() {
                    sum.push(leaf, &[own.iter().fold(0.0, |sum, value| sum + value)]);
                }
            }
            let mut out = [0.0];
            if sum.finish(&mut out) {
                found.push(out[0]);
            }
        }
        found
    }

    #[test]
    fn sums_over_nodes_are_those_of_the_tree() {
        let mut random = 1_u32;
        let mut segments = Segments::new();
        for round in 0..200 {
            let mut next = || {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                random >> 8
            };
            let (first, end) = [(0, 64), (5, 23), (63, 64), (16, 48)][round % 4];
            let mut leaves: Vec<u16> =
                (0..=next() % 90).map(|_| (first + next() % (end - first)) as u16).collect();
            leaves.sort_unstable();
            let values: Vec<f32> = leaves.iter().map(|_| next() as f32 / 1e6).collect();
            let users: Vec<i32> = (0..leaves.len() as i32).collect();
            for nodes in [cover(first as usize..end as usize), vec![EVERY_LEAF]] {
                segments.cut(&users, &leaves, &nodes);
                let (expected, mut found) = (by_sums(&leaves, &values, &nodes), Vec::new());
                segments.sum(|at| [f64::from(values[at])], &mut found);
                assert_eq!(found.as_flattened(), expected);
                assert_eq!(segments.nodes.len(), expected.len());
                assert!(segments.most <= segments.nodes.len() + 7);
            }
        }
    }
}

//! Running queries over the panels of an index.

use crate::kernel::vector::dot;
use crate::kernel::{PANEL, QUERIES, Real, Simd, WithSimd};
use crate::rank::filter::Denied;
use crate::rank::index::Index;
use crate::rank::scoring::{Query, Scoring};
use crate::rank::selection::Selection;

/// Numbers of panels in a chunk, which stays in the second-level cache while all queries of a block run over it.
const CHUNK: usize = 1 << 16;

/// Which of the chunks are looked at: each `of`-th one, from `number` on.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) of: usize,
    pub(crate) number: usize,
}

/// The screened search of a block of queries.
pub(crate) struct Screening<'a, 'b, T> {
    pub(crate) denied: &'a Denied,
    pub(crate) scoring: Scoring<'a, T>,
    pub(crate) index: &'a Index,
    pub(crate) queries: &'a [Query<'a, T>],
    pub(crate) selections: &'a mut [Selection<'b, T>],
    pub(crate) part: Part,
}

/// What the screen compares with: `threshold − slack`, rounded down.
#[inline(always)]
pub(crate) fn lowered(threshold: f64, slack: f64) -> f32 {
    let lowered = threshold - slack;
    if lowered.is_nan() { f32::NEG_INFINITY } else { (lowered as f32).next_down() }
}

/// The sums of a screen, and which of them are not below their thresholds.
pub(crate) struct Passed {
    masks: [u32; QUERIES],
    sums: [[f32; PANEL]; QUERIES],
}

impl Passed {
    pub(crate) fn new() -> Self {
        Self { masks: [0; QUERIES], sums: [[0.0; PANEL]; QUERIES] }
    }

    #[inline(always)]
    pub(crate) fn screen<S: Simd>(
        &mut self,
        simd: S,
        index: &Index,
        panel: usize,
        heads: &[f32],
        thresholds: &[f32],
    ) {
        index.packed.screen(panel).run(simd, heads, thresholds, &mut self.masks, &mut self.sums);
    }

    /// The next candidate that query `m` of the screen may have to score: its position in the order of the
    /// index, and its score but for rounding. `head` and `rest` are the query's coordinates.
    #[inline(always)]
    pub(crate) fn next<S: Simd>(
        &mut self,
        simd: S,
        index: &Index,
        panel: usize,
        m: usize,
        [head, rest]: [&[f32]; 2],
        threshold: f32,
    ) -> Option<(usize, f32)> {
        while self.masks[m] != 0 {
            let lane = self.masks[m].trailing_zeros() as usize;
            self.masks[m] &= self.masks[m] - 1;
            let position = panel * PANEL + lane;
            // The last panel may have lanes without a candidate.
            if position >= index.order.len() {
                return None;
            }
            let (tail, others) = index.packed.rest(position);
            let sum = self.sums[m][lane] - head[index.packed.depth] * tail + dot(simd, rest, others);
            if sum >= threshold || sum.is_nan() {
                return Some((position, sum));
            }
        }
        None
    }
}

impl<T: Real> WithSimd for Screening<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { denied, scoring, index, queries, selections, part } = self;
        let mut turned = index.turned();
        for query in queries {
            index.turn(query.vector, query.scale, &mut turned);
        }
        let panels = index.packed.reach.len();
        let per_chunk = (CHUNK / (PANEL * (index.f + 1))).max(1);
        let mut active: Vec<usize> = (0..queries.len()).collect();
        let mut heads = Vec::with_capacity(QUERIES * (index.packed.depth + 1));
        let mut passed = Passed::new();
        for first in (part.number * per_chunk..panels).step_by(part.of * per_chunk) {
            active.retain(|&q| {
                let most =
                    turned.norms[q][0] * index.packed.reach[first][0] + index.slack(turned.norms[q], first);
                most >= selections[q].threshold() || most.is_nan()
            });
            if active.is_empty() {
                break;
            }
            for group in active.chunks(QUERIES) {
                heads.clear();
                let (mut slacks, mut thresholds) = ([0.0; QUERIES], [0.0; QUERIES]);
                for (m, &q) in group.iter().enumerate() {
                    heads.extend_from_slice(turned.head(q));
                    slacks[m] = index.slack(turned.norms[q], first);
                    thresholds[m] = lowered(selections[q].threshold(), slacks[m]);
                }
                for panel in first..panels.min(first + per_chunk) {
                    passed.screen(simd, index, panel, &heads, &thresholds[..group.len()]);
                    for (m, &q) in group.iter().enumerate() {
                        let query = [turned.head(q), turned.rest(q)];
                        while let Some((position, _)) =
                            passed.next(simd, index, panel, m, query, thresholds[m])
                        {
                            scoring.consider(&queries[q], index.order[position], denied, &mut selections[q]);
                            thresholds[m] = lowered(selections[q].threshold(), slacks[m]);
                        }
                    }
                }
            }
        }
    }
}

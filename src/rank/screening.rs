//! Running queries over the panels of an index.

use crate::kernel::{PANEL, QUERIES, Real, Screen, Simd, WithSimd};
use crate::rank::index::{Index, Turned, depths, norm_up};
use crate::rank::search::{Query, Scoring, Search};
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
    pub(crate) search: &'a Search<'a>,
    pub(crate) scoring: Scoring<'a, T>,
    pub(crate) index: &'a Index,
    pub(crate) queries: &'a [Query<'a, T>],
    pub(crate) selections: &'a mut [Selection<'b, T>],
    pub(crate) part: Part,
    /// The number of the depth.
    pub(crate) depth: usize,
}

/// What the screen compares with: `threshold − slack`, rounded down.
#[inline(always)]
pub(crate) fn lowered(threshold: f64, slack: f64) -> f32 {
    let lowered = threshold - slack;
    if lowered.is_nan() { f32::NEG_INFINITY } else { (lowered as f32).next_down() }
}

/// The first `depth` coordinates of a query and the norm of the rest.
pub(crate) fn cut(turned: &Turned, depth: usize, out: &mut Vec<f32>) {
    out.extend_from_slice(&turned.coordinates[..depth]);
    out.push(norm_up(&turned.coordinates[depth..]));
}

impl<T: Real> WithSimd for Screening<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { search, scoring, index, queries, selections, part, depth: number } = self;
        let depth = depths(index.f)[number];
        let mut turned = Turned::default();
        let (mut cuts, mut norms) = (Vec::with_capacity(queries.len() * (depth + 1)), Vec::new());
        for query in queries {
            index.turn(query.vector, query.scale, &mut turned);
            cut(&turned, depth, &mut cuts);
            norms.push(turned.norms);
        }
        let panels = index.reach.len();
        let per_chunk = (CHUNK / (PANEL * (depth + 1))).max(1);
        let mut active: Vec<usize> = (0..queries.len()).collect();
        let mut rows = Vec::with_capacity(QUERIES * (depth + 1));
        for first in (part.number * per_chunk..panels).step_by(part.of * per_chunk) {
            active.retain(|&q| {
                let most = norms[q][0] * index.reach[first][0] + index.slack(norms[q], first);
                // Not the other way round: NaN stays.
                !(most < selections[q].threshold())
            });
            if active.is_empty() {
                break;
            }
            for group in active.chunks(QUERIES) {
                rows.clear();
                let (mut slacks, mut thresholds) = ([0.0; QUERIES], [0.0; QUERIES]);
                for (m, &q) in group.iter().enumerate() {
                    rows.extend_from_slice(&cuts[q * (depth + 1)..(q + 1) * (depth + 1)]);
                    slacks[m] = index.slack(norms[q], first);
                    thresholds[m] = lowered(selections[q].threshold(), slacks[m]);
                }
                for panel in first..panels.min(first + per_chunk) {
                    let mut masks = [0; QUERIES];
                    let screen = Screen { panel: index.panel(panel), depth, tails: index.tails(number, panel) };
                    screen.run(simd, &rows, &thresholds[..group.len()], &mut masks);
                    let ids = &index.order[panel * PANEL..index.order.len().min((panel + 1) * PANEL)];
                    for (m, &q) in group.iter().enumerate() {
                        let mut mask = masks[m];
                        if mask == 0 {
                            continue;
                        }
                        while mask != 0 {
                            let lane = mask.trailing_zeros() as usize;
                            mask &= mask - 1;
                            // The last panel may have lanes without a candidate.
                            if let Some(&id) = ids.get(lane) {
                                search.consider(&scoring, &queries[q], id, &mut selections[q]);
                            }
                        }
                        thresholds[m] = lowered(selections[q].threshold(), slacks[m]);
                    }
                }
            }
        }
    }
}

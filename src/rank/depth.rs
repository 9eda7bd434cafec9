//! How many coordinates a search should take: a choice, because data differ.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::kernel::{self, PANEL, QUERIES, Real, Screen, Simd, WithSimd};
use crate::rank::filter::{Candidates, Denied};
use crate::rank::index::{DEPTHS, Index, Turned, depths};
use crate::rank::screening::{Part, Screening, cut, lowered};
use crate::rank::search::{Query, Scoring, Search};
use crate::rank::selection::Selection;

/// Queries that are tried.
const SAMPLE: usize = 24;

/// Every so many panels are counted.
const STRIDE: usize = 7;

/// Numbers of results that a depth is chosen for.
pub(crate) const SIZES: [usize; 2] = [10, 100];

/// The costs of one more coordinate of one candidate, and of scoring one that passes; only the ratio matters.
/// Measured on one machine at 64 factors: 16 multiplications in a register take as long as 1/50 of a score.
const COORDINATE: f64 = 1.0;
const SCORE: f64 = 160.0;

/// The depth with the least cost for some of `queries`, for each of [`SIZES`].
pub(crate) fn choose<T: Real>(index: &Index, queries: DenseView<'_, T>, scoring: Scoring<'_, T>) -> [usize; 2] {
    let sample = queries.rows().min(SAMPLE);
    SIZES.map(|n| {
        let costs: Vec<[f64; DEPTHS.len()]> = (0..sample)
            .into_par_iter()
            .map(|at| {
                // From everywhere: neighbours may be alike.
                let row = at * queries.rows() / sample;
                let scale = index.inverse_norms.as_ref().map_or(1.0, |norms| norms[row]);
                let query = Query { vector: queries.row(row), scale, liked: &[], own: None };
                kernel::dispatch(Costs { index, scoring, query, n })
            })
            .collect();
        let total = |depth: usize| costs.iter().map(|costs| costs[depth]).sum::<f64>();
        (0..DEPTHS.len()).min_by(|&a, &b| total(a).total_cmp(&total(b))).unwrap_or(DEPTHS.len() - 1)
    })
}

/// What one query costs with each depth, once its threshold is what it is in the end.
struct Costs<'a, T> {
    index: &'a Index,
    scoring: Scoring<'a, T>,
    query: Query<'a, T>,
    n: usize,
}

impl<T: Real> WithSimd for Costs<'_, T> {
    type Output = [f64; DEPTHS.len()];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f64; DEPTHS.len()] {
        let Self { index, scoring, query, n } = self;
        let search = Search {
            candidates: Candidates::All(index.order.len()),
            denied: Denied::nobody(),
            n,
            at_least: f64::NEG_INFINITY,
            groups: None,
        };
        let mut selections = [Selection::new(n, T::NEG_INFINITY, None)];
        let part = Part { of: 1, number: 0 };
        let queries = [query];
        let found = Screening {
            search: &search, scoring, index, queries: &queries, selections: &mut selections, part, depth: DEPTHS.len() / 2,
        };
        found.with_simd(simd);
        let threshold = selections[0].threshold();
        let mut turned = Turned::default();
        index.turn(query.vector, query.scale, &mut turned);
        let mut costs = [0.0; DEPTHS.len()];
        for (number, (cost, depth)) in costs.iter_mut().zip(depths(index.f)).enumerate() {
            let mut coordinates = Vec::new();
            cut(&turned, depth, &mut coordinates);
            for panel in (0..index.reach.len()).step_by(STRIDE) {
                let slack = index.slack(turned.norms, panel);
                if turned.norms[0] * index.reach[panel][0] + slack < threshold {
                    break;
                }
                let mut masks = [0; QUERIES];
                let screen = Screen { panel: index.panel(panel), depth, tails: index.tails(number, panel) };
                screen.run(simd, &coordinates, &[lowered(threshold, slack)], &mut masks);
                *cost += COORDINATE * (PANEL * (depth + 1)) as f64 + SCORE * f64::from(masks[0].count_ones());
            }
        }
        costs
    }
}

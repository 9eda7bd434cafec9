//! How many coordinates a search should screen: a choice, because data differ.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::kernel::{self, Real};
use crate::rank::basis::Basis;

/// Queries that are tried.
const SAMPLE: usize = 8;

/// The number of results that they are tried with.
const RESULTS: usize = 20;

/// Every so many candidates are counted.
const STRIDE: usize = 7;

/// What a candidate costs: for each coordinate in the screen; once it has passed; and then for each coordinate.
/// In cycles of a machine with AVX-512; only the ratios matter.
const SCREENED: f64 = 0.07;
const PASSED: f64 = 18.0;
const MULTIPLIED: f64 = 0.12;

/// The depths to choose from, in eighths of the number of factors.
const EIGHTHS: [usize; 6] = [2, 3, 4, 5, 6, 8];

/// The depth with the least cost for some of `queries`, given all candidates in the basis.
pub(crate) fn choose<T: Real>(
    basis: &Basis,
    queries: DenseView<'_, T>,
    inverse_norms: Option<&[f64]>,
    turned: &[f32],
) -> usize {
    let f = queries.columns();
    let depths = EIGHTHS.map(|eighths| (f * eighths).div_ceil(8));
    let sample = queries.rows().min(SAMPLE);
    let costs: Vec<[f64; EIGHTHS.len()]> = (0..sample)
        .into_par_iter()
        .map(|at| {
            // From everywhere: neighbours may be alike.
            let row = at * queries.rows() / sample;
            let mut query = vec![0.0; f];
            let scale = inverse_norms.map_or(1.0, |norms| norms[row]);
            basis.turn_query(queries.row(row), scale, &mut Vec::new(), &mut query);
            cost(&query, turned, depths)
        })
        .collect();
    let total = |depth: usize| costs.iter().map(|costs| costs[depth]).sum::<f64>();
    let best = (0..EIGHTHS.len()).min_by(|&a, &b| total(a).total_cmp(&total(b)));
    best.map_or(f, |best| depths[best])
}

/// What one query costs with each depth, once it knows its worst result.
fn cost(query: &[f32], turned: &[f32], depths: [usize; EIGHTHS.len()]) -> [f64; EIGHTHS.len()] {
    let f = query.len();
    let mut scores: Vec<f32> =
        turned.chunks_exact(f).map(|candidate| kernel::dot(query, candidate)).collect();
    let worst = scores.len().saturating_sub(RESULTS);
    let mut costs = [0.0; EIGHTHS.len()];
    if scores.is_empty() {
        return costs;
    }
    let threshold = *scores.select_nth_unstable_by(worst, f32::total_cmp).1;
    let norm = |x: &[f32]| kernel::dot(x, x).sqrt();
    for candidate in turned.chunks_exact(f).step_by(STRIDE) {
        if norm(query) * norm(candidate) < threshold {
            continue;
        }
        for (cost, &depth) in costs.iter_mut().zip(&depths) {
            let ((head, rest), (query, query_rest)) = (candidate.split_at(depth), query.split_at(depth));
            *cost += SCREENED * depth as f64;
            if kernel::dot(head, query) + norm(rest) * norm(query_rest) >= threshold {
                *cost += PASSED + MULTIPLIED * (f - depth) as f64;
            }
        }
    }
    costs
}

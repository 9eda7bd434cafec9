//! How many coordinates a search should screen: a choice, because data differ.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::kernel::{self, Real, Simd, WithSimd};
use crate::rank::basis::Basis;
use crate::rank::turning::TurnedCandidates;

/// Queries that are tried.
const SAMPLE: usize = 8;

/// The number of results that they are tried with.
const RESULTS: usize = 20;

/// Candidates that are scored before the worst result is looked at again.
const BLOCK: usize = 1024;

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
    candidates: &TurnedCandidates,
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
            kernel::dispatch(Trial { query: &query, candidates, depths })
        })
        .collect();
    let total = |depth: usize| costs.iter().map(|costs| costs[depth]).sum::<f64>();
    let best = (0..EIGHTHS.len()).min_by(|&a, &b| total(a).total_cmp(&total(b)));
    best.map_or(f, |best| depths[best])
}

/// One query, and what it costs with each depth once it knows its worst result.
struct Trial<'a> {
    query: &'a [f32],
    candidates: &'a TurnedCandidates,
    depths: [usize; EIGHTHS.len()],
}

impl Trial<'_> {
    /// The worst result: the search goes on in order of falling norms until none can be better.
    #[inline(always)]
    fn threshold(&self, length: f32) -> f32 {
        let (mut best, mut threshold) = (Vec::with_capacity(BLOCK + RESULTS), f32::NEG_INFINITY);
        for ids in self.candidates.order.chunks(BLOCK) {
            if length * (self.candidates.norms[ids[0] as usize][0] as f32) < threshold {
                break;
            }
            best.extend(ids.iter().map(|&id| kernel::dot(self.query, self.candidates.row(id))));
            if best.len() >= RESULTS {
                threshold = *best.select_nth_unstable_by(RESULTS - 1, |a: &f32, b| b.total_cmp(a)).1;
                best.truncate(RESULTS);
            }
        }
        threshold
    }
}

impl WithSimd for Trial<'_> {
    type Output = [f64; EIGHTHS.len()];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let Self { query, candidates, depths } = &self;
        let norm = |x: &[f32]| kernel::dot(x, x).sqrt();
        let length = norm(query);
        let threshold = self.threshold(length);
        let rests = depths.map(|depth| norm(&query[depth..]));
        let mut costs = [0.0; EIGHTHS.len()];
        for &id in candidates.order.iter().step_by(STRIDE) {
            if length * (candidates.norms[id as usize][0] as f32) < threshold {
                break;
            }
            let candidate = candidates.row(id);
            for ((cost, &depth), query_rest) in costs.iter_mut().zip(depths).zip(rests) {
                let (head, rest) = candidate.split_at(depth);
                *cost += SCREENED * depth as f64;
                if kernel::dot(head, &query[..depth]) + norm(rest) * query_rest >= threshold {
                    *cost += PASSED + MULTIPLIED * rest.len() as f64;
                }
            }
        }
        costs
    }
}

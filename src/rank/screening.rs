//! Running queries over the panels of an index.

use std::ops::Range;

use crate::kernel::{PANEL, QUERIES, Real, Simd, WithSimd, bytes};
use crate::rank::filter::Denied;
use crate::rank::index::{Demands, Index, Queries};
use crate::rank::scoring::{Query, Scoring};
use crate::rank::selection::Selection;

/// Bytes of panels in a chunk, which stays in the second-level cache while all queries of a block run over it.
const CHUNK: usize = 1 << 17;

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

/// The sums of a screen, and which of them are not below their bounds.
pub(crate) struct Passed {
    masks: [u32; QUERIES],
    sums: [[i16; PANEL]; QUERIES],
}

impl Passed {
    pub(crate) fn new() -> Self {
        Self { masks: [0; QUERIES], sums: [[0; PANEL]; QUERIES] }
    }

    /// Whether any query has a candidate in this panel that is not below its bound.
    #[inline(always)]
    pub(crate) fn screen<S: Simd>(
        &mut self,
        simd: S,
        index: &Index,
        panel: usize,
        queries: &[u8],
        bounds: &[i16],
    ) -> bool {
        index.packed.screen(panel).run(simd, queries, bounds, &mut self.masks, &mut self.sums)
    }

    /// Those of query `m`: their ids, and their sums.
    #[inline(always)]
    pub(crate) fn of<'a>(
        &'a self,
        index: &'a Index,
        panel: usize,
        m: usize,
    ) -> impl Iterator<Item = (i32, i16)> + 'a {
        let mut mask = self.masks[m];
        // The last panel may have lanes without a candidate.
        let ids = &index.order[panel * PANEL..];
        std::iter::from_fn(move || {
            let lane = mask.trailing_zeros() as usize;
            mask &= mask.wrapping_sub(1);
            (lane < PANEL).then_some(lane).and_then(|lane| Some((*ids.get(lane)?, self.sums[m][lane])))
        })
    }
}

/// A candidate that has passed, and whose factors are on their way.
struct Expected {
    m: usize,
    id: i32,
    sum: i16,
}

impl<T: Real> Screening<'_, '_, T> {
    /// Runs up to [`QUERIES`] queries over panels.
    #[inline(always)]
    fn group<S: Simd>(
        &mut self,
        simd: S,
        rounded: &Queries,
        group: &[usize],
        panels: Range<usize>,
        work: &mut Work,
    ) {
        let Self { denied, scoring, index, queries, selections, .. } = self;
        let Work { bytes, passed, expected } = work;
        bytes.clear();
        for &q in group {
            bytes.extend_from_slice(rounded.bytes(q));
        }
        let mut demands = Demands::default();
        for (m, &q) in group.iter().enumerate() {
            demands.set(m, rounded.about[q], selections[q].threshold());
        }
        // One panel more, in which those that passed in the last one are scored.
        for panel in panels.start..=panels.end {
            let mut any = false;
            if panel < panels.end {
                let about = &index.packed.about[panel];
                let bounds = demands.least_sums(about);
                any = passed.screen(simd, index, panel, bytes, &bounds[..group.len()]);
            }
            for Expected { m, id, sum } in expected.drain(..) {
                // What was found meanwhile may have ruled it out.
                if sum >= demands.least_sum(m, &index.packed.about[panel - 1]) {
                    let q = group[m];
                    scoring.consider(simd, &queries[q], id, denied, &mut selections[q]);
                    demands.set(m, rounded.about[q], selections[q].threshold());
                }
            }
            if any {
                for m in 0..group.len() {
                    for (id, sum) in passed.of(index, panel, m) {
                        scoring.expect(id);
                        expected.push(Expected { m, id, sum });
                    }
                }
            }
        }
    }
}

/// What a group of queries needs.
struct Work {
    bytes: Vec<u8>,
    passed: Passed,
    expected: Vec<Expected>,
}

impl<T: Real> WithSimd for Screening<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (index, part) = (self.index, self.part);
        let mut rounded = index.queries();
        for query in self.queries {
            index.round(query.vector, query.scale, &mut rounded);
        }
        let panels = index.packed.about.len();
        let per_chunk = (CHUNK / (PANEL * bytes(index.f))).max(1);
        let mut active: Vec<usize> = (0..self.queries.len()).collect();
        let mut work = Work { bytes: vec![], passed: Passed::new(), expected: vec![] };
        for first in (part.number * per_chunk..panels).step_by(part.of * per_chunk) {
            let selections = &self.selections;
            active.retain(|&q| index.reaches(rounded.about[q], first, selections[q].threshold()));
            if active.is_empty() {
                break;
            }
            for group in active.chunks(QUERIES) {
                self.group(simd, &rounded, group, first..panels.min(first + per_chunk), &mut work);
            }
        }
    }
}

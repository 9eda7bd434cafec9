//! Which of many candidates can score at least so much with a few queries: the inner loop of every search.
//!
//! Candidates lie in panels of [`PANEL`]: coordinate after coordinate, each with its `PANEL` values. A tile of
//! queries and candidates stays in registers while the coordinates run, gets a last product (the bound on what
//! the coordinates left out could add), and is compared there. Scores never reach memory.

use pulp::Simd;

use super::WIDTH;
use super::lanes::{Lanes, load, not_below, store};

/// Candidates in a panel: two of the widest registers.
pub(crate) const PANEL: usize = 32;

/// Queries that share the reading of a panel.
pub(crate) const QUERIES: usize = 8;

/// A panel, and what to take of it.
#[derive(Clone, Copy)]
pub(crate) struct Screen<'a> {
    /// At least `depth` times `PANEL` numbers.
    pub(crate) panel: &'a [f32],
    /// The coordinates that are taken.
    pub(crate) depth: usize,
    /// `PANEL` numbers: how large the rest of each candidate is.
    pub(crate) tails: &'a [f32],
}

impl Screen<'_> {
    /// For each of up to [`QUERIES`] queries, a bit for each candidate that is not below its threshold: where
    /// `Σ_{k < depth} q_k c_k + q_tail c_tail ≥ threshold`, or where that is NaN. The sums of queries that have
    /// such a candidate go to `sums`.
    ///
    /// `queries` are rows of `depth + 1` numbers, the last one the tail.
    #[inline(always)]
    pub(crate) fn run<S: Simd>(
        &self,
        simd: S,
        queries: &[f32],
        thresholds: &[f32],
        masks: &mut [u32; QUERIES],
        sums: &mut [[f32; PANEL]; QUERIES],
    ) {
        let count = thresholds.len();
        assert!(count <= QUERIES && queries.len() == count * (self.depth + 1), "the lengths of the queries");
        assert!(
            self.panel.len() >= self.depth * PANEL && self.tails.len() == PANEL,
            "the lengths of a panel"
        );
        match S::F32_LANES {
            16 if count == QUERIES => self.tile::<S, QUERIES, 2>(simd, queries, thresholds, masks, sums),
            16 => self.tiles::<S, 4, 2>(simd, queries, thresholds, masks, sums),
            8 => self.tiles::<S, 3, 4>(simd, queries, thresholds, masks, sums),
            4 => self.tiles::<S, 2, 8>(simd, queries, thresholds, masks, sums),
            _ => self.tiles::<S, 1, 32>(simd, queries, thresholds, masks, sums),
        }
    }

    /// Tiles of `M` queries, then of two and of one.
    #[inline(always)]
    fn tiles<S: Simd, const M: usize, const V: usize>(
        &self,
        simd: S,
        queries: &[f32],
        thresholds: &[f32],
        masks: &mut [u32],
        found: &mut [[f32; PANEL]],
    ) {
        let (count, stride) = (thresholds.len(), self.depth + 1);
        let whole = count / M * M;
        for first in (0..whole).step_by(M) {
            let (queries, thresholds) = (&queries[first * stride..], &thresholds[first..]);
            self.tile::<S, M, V>(simd, queries, thresholds, &mut masks[first..], &mut found[first..]);
        }
        let pairs = if M > 2 { (count - whole) / 2 * 2 } else { 0 };
        for first in (whole..whole + pairs).step_by(2) {
            let (queries, thresholds) = (&queries[first * stride..], &thresholds[first..]);
            self.tile::<S, 2, V>(simd, queries, thresholds, &mut masks[first..], &mut found[first..]);
        }
        for first in whole + pairs..count {
            let (queries, thresholds) = (&queries[first * stride..], &thresholds[first..]);
            self.tile::<S, 1, V>(simd, queries, thresholds, &mut masks[first..], &mut found[first..]);
        }
    }

    /// `M` queries by `V` registers of candidates.
    #[inline(always)]
    fn tile<S: Simd, const M: usize, const V: usize>(
        &self,
        simd: S,
        queries: &[f32],
        thresholds: &[f32],
        masks: &mut [u32],
        found: &mut [[f32; PANEL]],
    ) {
        let (depth, lanes) = (self.depth, S::F32_LANES);
        assert!(queries.len() >= M * (depth + 1) && V * lanes == PANEL, "the lengths of a tile");
        let mut sums = [[f32::splat(simd, 0.0); V]; M];
        for (k, row) in self.panel.chunks_exact(PANEL).take(depth).enumerate() {
            self.add::<S, M, V>(simd, queries, k, row, &mut sums);
        }
        self.add::<S, M, V>(simd, queries, depth, self.tails, &mut sums);
        for m in 0..M {
            let threshold = f32::splat(simd, thresholds[m]);
            masks[m] = 0;
            for v in 0..V {
                masks[m] |= not_below(simd, sums[m][v], threshold) << (v * lanes);
            }
            if masks[m] != 0 {
                for v in 0..V {
                    store::<S, f32>(&mut found[m], v * lanes, sums[m][v]);
                }
            }
        }
    }

    /// Adds the products of coordinate `k` of the queries with that of the candidates.
    ///
    /// The queries stay in registers, and one register of candidates at a time: with the sums, three queries take just
    /// the 16 registers that AVX2 has. With all candidates of a row in registers two sums went to memory and back.
    #[inline(always)]
    fn add<S: Simd, const M: usize, const V: usize>(
        &self,
        simd: S,
        queries: &[f32],
        k: usize,
        row: &[f32],
        sums: &mut [[S::f32s; V]; M],
    ) {
        let stride = self.depth + 1;
        let queries: [S::f32s; M] = std::array::from_fn(|m| {
            // SAFETY: m < M and k < stride, and there are M rows of stride.
            f32::splat(simd, unsafe { *queries.get_unchecked(m * stride + k) })
        });
        for v in 0..V {
            let candidates = load::<S, f32>(row, v * S::F32_LANES);
            for m in 0..M {
                sums[m][v] = <f32 as Lanes>::mul_add(simd, queries[m], candidates, sums[m][v]);
            }
        }
    }
}

const _: () = assert!(PANEL.is_multiple_of(WIDTH) && PANEL <= 32);

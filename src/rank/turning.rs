//! Candidates in the basis of an index, with their norms, and in which order they are packed.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::kernel::{self, Buffer, Real, Simd, WithSimd, padded};
use crate::rank::basis::Basis;

/// Candidates that a thread takes at a time: enough tiles for the cost of handing them out to vanish.
const ROWS_PER_TURN: usize = 256;

/// All candidates, turned and rounded to f32.
pub(crate) struct TurnedCandidates {
    f: usize,
    rows: Buffer<f32>,
    /// Of each `|ỹ|`, and the larger of it and `|y|`; rounded up.
    pub(crate) norms: Vec<[f64; 2]>,
    /// The candidates in order of falling norm.
    pub(crate) order: Vec<i32>,
}

impl TurnedCandidates {
    /// Turns `candidates`, times `scales` if there are any.
    pub(crate) fn new<T: Real>(basis: &Basis, candidates: DenseView<'_, T>, scales: Option<&[f64]>) -> Self {
        let (f, len) = (candidates.columns(), candidates.rows());
        let mut rows = Buffer::<f32>::new::<f32>(len * f);
        let mut norms = vec![[0.0_f64; 2]; len];
        rows.as_mut_slice()
            .par_chunks_mut((ROWS_PER_TURN * f).max(1))
            .zip(norms.par_chunks_mut(ROWS_PER_TURN))
            .enumerate()
            .for_each(|(block, (out, norms))| {
                let first = block * ROWS_PER_TURN;
                let scales = scales.map(|scales| &scales[first..]);
                kernel::dispatch(Turn { basis, candidates, scales, first, out, norms });
            });
        let order = falling(&norms);
        Self { f, rows, norms, order }
    }

    /// A turned candidate.
    #[inline(always)]
    pub(crate) fn row(&self, id: i32) -> &[f32] {
        &self.rows.as_slice()[id as usize * self.f..][..self.f]
    }
}

/// The candidates from the largest norm to the smallest, NaN before all others.
fn falling(norms: &[[f64; 2]]) -> Vec<i32> {
    // Norms are not negative, so their bits are in their order. In f32 and with the id they are a key that is compared
    // fast: candidates whose norms round to the same number may be in any order, as a panel's reach is that of all
    // behind it.
    let mut keys: Vec<u64> = norms
        .par_iter()
        .enumerate()
        .map(|(id, norm)| u64::from(!(norm[0] as f32).to_bits()) << 32 | id as u64)
        .collect();
    keys.par_sort_unstable();
    keys.par_iter().map(|&key| key as u32 as i32).collect()
}

/// Turns a block of candidates.
struct Turn<'a, T> {
    basis: &'a Basis,
    candidates: DenseView<'a, T>,
    /// What the candidates from `first` on are multiplied by, if not by 1.
    scales: Option<&'a [f64]>,
    first: usize,
    out: &'a mut [f32],
    norms: &'a mut [[f64; 2]],
}

impl<T: Real> WithSimd for Turn<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { basis, candidates, scales, first, out, norms } = self;
        let f = candidates.columns();
        let mut tile = Tile::new(f);
        for start in (0..norms.len()).step_by(Tile::ROWS) {
            let rows = (start..norms.len().min(start + Tile::ROWS))
                .map(|at| (candidates.row(first + at), scales.map_or(1.0, |scales| scales[at])));
            tile.turn(simd, basis, rows, |at, row, norm| {
                out[(start + at) * f..][..f].copy_from_slice(row);
                norms[start + at] = norm;
            });
        }
    }
}

/// Candidates that are turned together: a panel of them, which in f64 stays in the first-level cache up to 64 factors and
/// in the second-level one up to a thousand.
pub(crate) struct Tile {
    f: usize,
    given: Vec<f64>,
    wide: Vec<f64>,
    row: Vec<f32>,
}

impl Tile {
    /// The most candidates at a time.
    pub(crate) const ROWS: usize = 32;

    pub(crate) fn new(f: usize) -> Self {
        Self { f, given: vec![], wide: vec![0.0; Self::ROWS * padded(f)], row: vec![0.0; f] }
    }

    /// Turns candidates, each times a number, and tells of each one's place among them, what it is in the basis, and
    /// its norms.
    #[inline(always)]
    pub(crate) fn turn<'a, S: Simd, T: Real>(
        &mut self,
        simd: S,
        basis: &Basis,
        candidates: impl Iterator<Item = (&'a [T], f64)>,
        mut tell: impl FnMut(usize, &[f32], [f64; 2]),
    ) {
        let Self { f, given, wide, row } = self;
        given.clear();
        let mut count = 0;
        for (candidate, scale) in candidates {
            given.extend(candidate.iter().map(|value| value.to_f64() * scale));
            count += 1;
        }
        let wide = &mut wide[..count * padded(*f)];
        basis.turn_candidates(simd, given, wide);
        for (at, (given, wide)) in given.chunks_exact(*f).zip(wide.chunks_exact(padded(*f))).enumerate() {
            for (row, &value) in row.iter_mut().zip(wide) {
                *row = value as f32;
            }
            tell(at, row, norms_of(kernel::dot(given, given).sqrt(), row));
        }
    }
}

/// `|x̃|`, and the larger of it and `|x|`, rounded up.
#[inline(always)]
pub(crate) fn norms_of(norm: f64, turned: &[f32]) -> [f64; 2] {
    let turned = norm_f64(turned);
    // Written so that NaN and infinity stay.
    [turned, if norm <= turned { turned } else { norm * (1.0 + 1e-9) }]
}

/// The norm, rounded up a little.
#[inline(always)]
fn norm_f64(x: &[f32]) -> f64 {
    kernel::dot_f64(x, x).sqrt() * (1.0 + 1e-9)
}

/// The norm, rounded up to f32.
#[inline(always)]
pub(crate) fn norm_up(x: &[f32]) -> f32 {
    let norm = norm_f64(x);
    if norm == 0.0 { 0.0 } else { (norm as f32).next_up() }
}

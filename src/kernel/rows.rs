//! Rows that lie one after the other in full precision: their dot products with a vector, and their weighted sum.
//!
//! The two halves of what an iterative solver does in each step. Rows are a multiple of
//! [`WIDTH`](super::WIDTH) long.

use pulp::Simd;

use super::lanes::{load, store};
use super::prefetch::Ahead;
use super::{Real, Stored};

/// Rows whose dot products are summed together.
pub(crate) const GROUP: usize = 4;

/// `scores_j = rows_j · v` for a multiple of four rows.
#[inline(always)]
pub(crate) fn score<S: Simd, T: Real, G: Stored<T>>(
    simd: S,
    rows: &[T],
    v: &[T],
    ahead: &mut Ahead<'_, G>,
    scores: &mut [T],
) {
    assert_eq!(rows.len(), scores.len() * v.len(), "the lengths of scores");
    assert!(scores.len().is_multiple_of(GROUP), "the number of rows");
    score_with(simd, v, scores, Contiguous { rows, width: v.len(), ahead });
}

/// Where [`score_with`] gets its rows from. `c` is the number of a register in the row.
pub(super) trait Source<T: Real> {
    /// Called before the rows from `j` on are read.
    fn begin(&mut self, j: usize);
    /// Register `c` of row `j + k`, `j` being the last one of `begin`.
    fn read<S: Simd>(&mut self, simd: S, k: usize, c: usize) -> T::Vector<S>;
}

struct Contiguous<'a, 'b, 'c, T, G> {
    /// The group and those after it.
    rows: &'a [T],
    width: usize,
    ahead: &'b mut Ahead<'c, G>,
}

impl<T: Real, G: Stored<T>> Source<T> for Contiguous<'_, '_, '_, T, G> {
    #[inline(always)]
    fn begin(&mut self, j: usize) {
        if j > 0 {
            self.rows = &self.rows[GROUP * self.width..];
        }
        self.ahead.ask();
    }

    #[inline(always)]
    fn read<S: Simd>(&mut self, _: S, k: usize, c: usize) -> T::Vector<S> {
        load::<S, T>(self.rows, k * self.width + c * T::lanes::<S>())
    }
}

/// Dot products of the rows of a source with `v`. Where registers allow, `v` stays in them: with AVX2 up to eight
/// registers of it beside those for four sums and what is read.
#[inline(always)]
pub(super) fn score_with<S: Simd, T: Real>(simd: S, v: &[T], scores: &mut [T], source: impl Source<T>) {
    let count = v.len() / T::lanes::<S>();
    let many = T::lanes::<S>() == super::WIDTH;
    let some = many || size_of::<T::Vector<S>>() >= 32;
    match count {
        1 => score_held::<S, T, 1>(simd, v, scores, source),
        2 => score_held::<S, T, 2>(simd, v, scores, source),
        3 => score_held::<S, T, 3>(simd, v, scores, source),
        4 => score_held::<S, T, 4>(simd, v, scores, source),
        5 if some => score_held::<S, T, 5>(simd, v, scores, source),
        6 if some => score_held::<S, T, 6>(simd, v, scores, source),
        7 if some => score_held::<S, T, 7>(simd, v, scores, source),
        8 if some => score_held::<S, T, 8>(simd, v, scores, source),
        16 if many => score_held::<S, T, 16>(simd, v, scores, source),
        _ => score_loaded(simd, v, scores, source),
    }
}

#[inline(always)]
fn score_held<S: Simd, T: Real, const C: usize>(
    simd: S,
    v: &[T],
    scores: &mut [T],
    mut source: impl Source<T>,
) {
    let zero = T::splat(simd, T::ZERO);
    let mut held = [zero; C];
    for (c, held) in held.iter_mut().enumerate() {
        *held = load::<S, T>(v, c * T::lanes::<S>());
    }
    for (group, scores) in scores.chunks_exact_mut(GROUP).enumerate() {
        source.begin(group * GROUP);
        let mut sums = [zero; GROUP];
        for c in 0..C {
            for k in 0..GROUP {
                sums[k] = T::mul_add(simd, source.read(simd, k, c), held[c], sums[k]);
            }
        }
        scores.copy_from_slice(&T::sum4(simd, sums));
    }
}

#[inline(always)]
fn score_loaded<S: Simd, T: Real>(simd: S, v: &[T], scores: &mut [T], mut source: impl Source<T>) {
    for (group, scores) in scores.chunks_exact_mut(GROUP).enumerate() {
        source.begin(group * GROUP);
        let mut sums = [T::splat(simd, T::ZERO); GROUP];
        for c in 0..v.len() / T::lanes::<S>() {
            let v = load::<S, T>(v, c * T::lanes::<S>());
            for k in 0..GROUP {
                sums[k] = T::mul_add(simd, source.read(simd, k, c), v, sums[k]);
            }
        }
        scores.copy_from_slice(&T::sum4(simd, sums));
    }
}

/// `out += Σ_j coefficients_j rows_j` for a multiple of four rows, the sum staying in registers, eight of them at a time.
#[inline(always)]
pub(crate) fn add_rows<S: Simd, T: Real>(simd: S, rows: &[T], coefficients: &[T], out: &mut [T]) {
    assert_eq!(rows.len(), coefficients.len() * out.len(), "the lengths of a sum of rows");
    assert!(coefficients.len().is_multiple_of(GROUP), "the number of rows");
    let count = out.len() / T::lanes::<S>();
    let mut first = 0;
    while first < count {
        match count - first {
            1 => add_columns::<S, T, 1, 4>(simd, rows, coefficients, out, first),
            2 => add_columns::<S, T, 2, 2>(simd, rows, coefficients, out, first),
            3 => add_columns::<S, T, 3, 2>(simd, rows, coefficients, out, first),
            4 => add_columns::<S, T, 4, 2>(simd, rows, coefficients, out, first),
            5 => add_columns::<S, T, 5, 1>(simd, rows, coefficients, out, first),
            6 => add_columns::<S, T, 6, 1>(simd, rows, coefficients, out, first),
            7 => add_columns::<S, T, 7, 1>(simd, rows, coefficients, out, first),
            _ => add_columns::<S, T, 8, 1>(simd, rows, coefficients, out, first),
        }
        first += 8;
    }
}

/// `C` registers of the sum from number `first` on. `M` sums side by side make the chain from one to the next
/// shorter than the work.
#[inline(always)]
fn add_columns<S: Simd, T: Real, const C: usize, const M: usize>(
    simd: S,
    rows: &[T],
    coefficients: &[T],
    out: &mut [T],
    first: usize,
) {
    let (lanes, width) = (T::lanes::<S>(), out.len());
    let zero = T::splat(simd, T::ZERO);
    let mut sums = [[zero; C]; M];
    for c in 0..C {
        sums[0][c] = load::<S, T>(out, (first + c) * lanes);
    }
    for (rows, coefficients) in rows.chunks_exact(M * width).zip(coefficients.chunks_exact(M)) {
        for m in 0..M {
            let by = T::splat(simd, coefficients[m]);
            for c in 0..C {
                let row = load::<S, T>(rows, m * width + (first + c) * lanes);
                sums[m][c] = T::mul_add(simd, row, by, sums[m][c]);
            }
        }
    }
    for c in 0..C {
        let mut sum = sums[0][c];
        for other in &sums[1..] {
            sum = T::plus(simd, sum, other[c]);
        }
        store::<S, T>(out, (first + c) * lanes, sum);
    }
}

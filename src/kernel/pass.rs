//! The pass that every iterative solver makes over a row's system, and the rows that it keeps.
//!
//! ```text
//! s_j = z_j · v        out += Σ_j (a t_j − d_j s_j) z_j
//! ```
//!
//! The first pass gathers the rows and writes them down in full precision, one after the other; the passes after
//! it read them there, from the first-level cache mostly. Of a system that is too large for that, every pass
//! gathers the rows again. Dot products and sums take turns every few rows, so that those are still in the cache.

use std::ops::Range;

use pulp::Simd;

use super::lanes::{load, store};
use super::prefetch::Ahead;
use super::rows::{GROUP, add_rows, score};
#[cfg(any(feature = "python", test))]
use super::segments::{Part, Segment, Walk};
use super::{Gathered, Real, Stored, WIDTH};

/// The most rows between the dot products and the sum, and their bytes: half of a first-level cache of 32 KiB.
const CHUNK: usize = 64;
const CHUNK_BYTES: usize = 1 << 14;

/// The largest system that is kept: half of a second-level cache.
const KEPT_BYTES: usize = 1 << 19;

/// Rows taken together: a multiple of [`WIDTH`].
const fn chunk<T>(width: usize) -> usize {
    let rows = CHUNK_BYTES / (width * size_of::<T>()) / WIDTH * WIDTH;
    if rows > CHUNK {
        CHUNK
    } else if rows < WIDTH {
        WIDTH
    } else {
        rows
    }
}

/// How many numbers of scratch a pass needs at least, and how many it can use to keep the rows.
pub(crate) const fn pass_scratch<T>(width: usize) -> [usize; 2] {
    let (least, most) = (chunk::<T>(width) * width, KEPT_BYTES / size_of::<T>());
    [least, if most > least { most } else { least }]
}

/// Passes over one system.
pub(crate) struct Pass<'a, 'b, T, G> {
    entries: Gathered<'a, T, G>,
    ahead: &'b mut Ahead<'a, G>,
    scratch: &'b mut [T],
    /// Rows taken together.
    chunk: usize,
    /// Whether the whole system fits into the scratch, and whether it is there already.
    fits: bool,
    kept: bool,
}

impl<'a, 'b, T: Real, G: Stored<T>> Pass<'a, 'b, T, G> {
    /// `scratch` has a length between the two of [`pass_scratch`].
    #[inline(always)]
    pub(crate) fn new(
        entries: Gathered<'a, T, G>,
        ahead: &'b mut Ahead<'a, G>,
        scratch: &'b mut [T],
    ) -> Self {
        let width = entries.width();
        let chunk = chunk::<T>(width);
        assert!(scratch.len() >= chunk * width, "the length of the scratch");
        let fits = entries.len().next_multiple_of(GROUP) * width <= scratch.len();
        Self { entries, ahead, scratch, chunk, fits, kept: false }
    }

    /// Sets `scores` to the dot products with `v`, and with `sum = (a, out)` adds `Σ_j (a t_j − d_j s_j) z_j` to `out`.
    ///
    /// `scores` is padded as the coefficients are; the padding is left with whatever finite numbers.
    #[inline(always)]
    pub(crate) fn make<S: Simd>(
        &mut self,
        simd: S,
        v: &[T],
        scores: &mut [T],
        mut sum: Option<(T, &mut [T])>,
    ) {
        for first in (0..self.entries.len()).step_by(self.chunk) {
            let filled = self.score_chunk(simd, first, v, scores);
            if let Some((a, out)) = &mut sum {
                assert_eq!(out.len(), self.entries.width(), "the width of the result");
                let coefficients = self.coefficients(simd, first..first + filled, *a, scores);
                let rows = &self.scratch[self.place(first)..][..filled * out.len()];
                add_rows(simd, rows, &coefficients[..filled], out);
            }
        }
        self.kept = self.fits;
    }

    /// Likewise, with the sums of consecutive [segments](Segment) of entries. `out` is a stack of sums, which has room for all that
    /// are there at a time: each segment puts its own on it, and then has the topmost ones added to each other. Terms of a
    /// segment are added one after the other, so that its bits do not depend on what is beside it.
    #[cfg(any(feature = "python", test))]
    #[inline(always)]
    pub(crate) fn make_segments<S: Simd>(
        &mut self,
        simd: S,
        v: &[T],
        scores: &mut [T],
        (a, segments, out): (T, &[Segment], &mut [T]),
    ) {
        let (n, width) = (self.entries.len(), self.entries.width());
        assert!(segments.last().is_none_or(|last| last.end == n), "the segments of a pass");
        let mut walk = Walk::default();
        for first in (0..n).step_by(self.chunk) {
            let filled = self.score_chunk(simd, first, v, scores);
            let coefficients = &self.coefficients(simd, first..first + filled, a, scores);
            let (rows, count) = (&self.scratch[self.place(first)..], filled.min(n - first));
            walk.over(simd, Part { rows, coefficients, width, first, count }, segments, out);
        }
        self.kept = self.fits;
    }

    /// Scores of a chunk from `first` on; returns how many there are, a multiple of the group.
    #[inline(always)]
    fn score_chunk<S: Simd>(&mut self, simd: S, first: usize, v: &[T], scores: &mut [T]) -> usize {
        assert_eq!(scores.len(), self.entries.weights.len(), "the length of the scores");
        let filled = self.chunk.min((self.entries.len() - first).next_multiple_of(GROUP));
        let place = self.place(first);
        let rows = &mut self.scratch[place..][..filled * self.entries.width()];
        let scores = &mut scores[first..first + filled];
        if self.kept {
            score(simd, rows, v, self.ahead, scores);
        } else {
            self.entries.copy_and_score(simd, first, v, self.ahead, rows, scores);
        }
        filled
    }

    /// `a t − d s` of a chunk whose scores are known.
    #[inline(always)]
    fn coefficients<S: Simd>(&self, simd: S, chunk: Range<usize>, a: T, scores: &[T]) -> [T; CHUNK] {
        let (a, minus) = (T::splat(simd, a), T::splat(simd, -T::ONE));
        let mut coefficients = [T::ZERO; CHUNK];
        let (first, filled) = (chunk.start, chunk.len());
        let (t, d, s) = (&self.entries.targets[first..], &self.entries.weights[first..], &scores[first..]);
        for at in (0..filled).step_by(T::lanes::<S>()) {
            let product = T::times(simd, load::<S, T>(d, at), load::<S, T>(s, at));
            let coefficient = T::mul_add(simd, a, load::<S, T>(t, at), T::times(simd, minus, product));
            store::<S, T>(&mut coefficients, at, coefficient);
        }
        coefficients
    }

    #[inline(always)]
    fn place(&self, first: usize) -> usize {
        if self.fits { first * self.entries.width() } else { 0 }
    }
}

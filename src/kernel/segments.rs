//! Sums of consecutive segments of rows, and sums of these along a tree.

use pulp::Simd;

use super::Real;
use super::lanes::{load, store};

/// Consecutive entries that have a sum of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Where they end.
    pub(crate) end: usize,
    /// How often the last two sums become one after this one.
    pub(crate) merges: usize,
}

/// Rows that follow each other, of all that there are.
#[derive(Clone, Copy)]
pub(super) struct Part<'a, T> {
    /// With the coefficients of each.
    pub(super) rows: &'a [T],
    pub(super) coefficients: &'a [T],
    pub(super) width: usize,
    /// The number of the first one, and how many there are.
    pub(super) first: usize,
    pub(super) count: usize,
}

/// How far the sums have come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Walk {
    /// The segment that is next, and the place of its sum on the stack.
    segment: usize,
    top: usize,
    /// Whether a part of that sum is there already.
    is_begun: bool,
}

impl Walk {
    /// Goes on with another part of the rows. `stack` has a row for each sum that is there at a time.
    #[inline(always)]
    pub(super) fn over<S: Simd, T: Real>(
        &mut self,
        simd: S,
        part: Part<'_, T>,
        segments: &[Segment],
        stack: &mut [T],
    ) {
        let Part { rows, coefficients, width, count, .. } = part;
        assert!(rows.len() >= count * width && coefficients.len() >= count, "the rows of a part");
        let (registers, start) = (width / T::lanes::<S>(), *self);
        for first in (0..registers).step_by(8) {
            *self = start;
            match registers - first {
                1 => self.columns::<S, T, 1>(simd, part, segments, stack, first),
                2 => self.columns::<S, T, 2>(simd, part, segments, stack, first),
                3 => self.columns::<S, T, 3>(simd, part, segments, stack, first),
                4 => self.columns::<S, T, 4>(simd, part, segments, stack, first),
                5 => self.columns::<S, T, 5>(simd, part, segments, stack, first),
                6 => self.columns::<S, T, 6>(simd, part, segments, stack, first),
                7 => self.columns::<S, T, 7>(simd, part, segments, stack, first),
                _ => self.columns::<S, T, 8>(simd, part, segments, stack, first),
            }
        }
    }

    /// `C` registers of the sums from number `first` on. Terms are added one after the other, so that the bits of a segment do not
    /// depend on where parts end.
    #[inline(always)]
    fn columns<S: Simd, T: Real, const C: usize>(
        &mut self,
        simd: S,
        part: Part<'_, T>,
        segments: &[Segment],
        stack: &mut [T],
        first: usize,
    ) {
        let Part { rows, coefficients, width, first: from, count } = part;
        let lanes = T::lanes::<S>();
        let mut j = 0;
        for segment in &segments[self.segment..] {
            let place = |top: usize, c: usize| top * width + (first + c) * lanes;
            assert!((self.top + 1) * width <= stack.len(), "the room of a stack of sums");
            let mut sums = [T::splat(simd, T::ZERO); C];
            if self.is_begun {
                for c in 0..C {
                    sums[c] = load::<S, T>(stack, place(self.top, c));
                }
            }
            let end = count.min(segment.end - from);
            while j < end {
                let by = T::splat(simd, coefficients[j]);
                for c in 0..C {
                    let row = load::<S, T>(rows, j * width + (first + c) * lanes);
                    sums[c] = T::mul_add(simd, row, by, sums[c]);
                }
                j += 1;
            }
            self.is_begun = segment.end > from + count;
            let merges = if self.is_begun { 0 } else { segment.merges };
            assert!(merges <= self.top, "the sums that become one");
            for _ in 0..merges {
                self.top -= 1;
                for c in 0..C {
                    sums[c] = T::plus(simd, load::<S, T>(stack, place(self.top, c)), sums[c]);
                }
            }
            for c in 0..C {
                store::<S, T>(stack, place(self.top, c), sums[c]);
            }
            if self.is_begun {
                break;
            }
            self.top += 1;
            self.segment += 1;
            if j == count {
                break;
            }
        }
    }
}

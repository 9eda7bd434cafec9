//! The pass that every iterative solver makes over a row: dot and axpy fused, over gathered rows.
//!
//! ```text
//! out += Σ_j (a t_j − d_j (z_j · v)) z_j        returns Σ_j t_j (z_j · v)
//! ```
//!
//! A gathered row is read from memory once and used twice. Four rows go together, so that their dot products
//! overlap and are summed in one go; where they fit, they stay in registers between the two uses.

use pulp::Simd;

use super::lanes::{load, store};
use super::prefetch::prefetch;
use super::stored::read;
use super::{Real, Stored};

/// Rows taken together.
const GROUP: usize = 4;

/// The gathered rows of one system and their coefficients.
#[derive(Clone, Copy)]
pub(crate) struct Gathered<'a, T, G> {
    /// All rows of the fixed side.
    fixed: &'a [G],
    width: usize,
    /// Which of them take part: each below `fixed.len() / width`.
    indices: &'a [i32],
    /// `d`, one for each index.
    pub(crate) weights: &'a [T],
    /// `t`, one for each index.
    pub(crate) targets: &'a [T],
}

impl<'a, T: Real, G: Stored<T>> Gathered<'a, T, G> {
    /// The rows `indices` of `fixed`, whose rows are `width` long, with their coefficients `d` and `t`.
    #[inline(always)]
    pub(crate) fn new(
        fixed: &'a [G],
        width: usize,
        indices: &'a [i32],
        weights: &'a [T],
        targets: &'a [T],
    ) -> Self {
        let n = indices.len();
        assert!(weights.len() == n && targets.len() == n, "the lengths of the coefficients");
        assert!(width > 0 && width.is_multiple_of(super::WIDTH), "the width of the rows");
        // The kernels read without further checks. As unsigned numbers, negative indices are too large as well.
        let largest = indices.iter().fold(0, |largest, &index| largest.max(index as u32));
        assert!((largest as usize) < fixed.len() / width, "an index of a gathered row");
        Self { fixed, width, indices, weights, targets }
    }

    /// The number of entries.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.indices.len()
    }

    #[inline(always)]
    fn row(&self, j: usize) -> &'a [G] {
        let start = self.indices[j] as usize * self.width;
        // SAFETY: `new` has checked that every index is below the number of rows of this width.
        unsafe { self.fixed.get_unchecked(start..start + self.width) }
    }

    /// The pass. `ahead` are rows that will be gathered later: one of them is asked for with each entry.
    #[inline(always)]
    pub(crate) fn residual<S: Simd>(&self, simd: S, a: T, v: &[T], ahead: &[i32], out: &mut [T]) -> T {
        assert!(v.len() == self.width && out.len() == self.width, "the width of the vectors");
        match self.width / T::lanes::<S>() {
            1 => self.pass(simd, a, v, ahead, out, Held::<1>),
            2 => self.pass(simd, a, v, ahead, out, Held::<2>),
            3 => self.pass(simd, a, v, ahead, out, Held::<3>),
            4 => self.pass(simd, a, v, ahead, out, Held::<4>),
            8 if T::lanes::<S>() == super::WIDTH => self.pass(simd, a, v, ahead, out, Pairs::<8>),
            _ => self.pass(simd, a, v, ahead, out, Reread),
        }
    }

    #[inline(always)]
    fn pass<S: Simd>(&self, simd: S, a: T, v: &[T], ahead: &[i32], out: &mut [T], way: impl Way) -> T {
        let n = self.indices.len();
        let whole = n - n % GROUP;
        let mut total = T::ZERO;
        let mut ahead = ahead.chunks(GROUP);
        for j in (0..whole).step_by(GROUP) {
            self.prefetch(ahead.next().unwrap_or(&[]));
            total += way.add(simd, &self.group(j, a), v, out);
        }
        if whole < n {
            total += way.add(simd, &self.last_group(whole, a), v, out);
        }
        self.prefetch(ahead.next().unwrap_or(&[]));
        total
    }

    /// Asks for the rows `indices`.
    #[inline(always)]
    pub(crate) fn prefetch(&self, indices: &[i32]) {
        for &index in indices {
            prefetch(self.fixed, index as usize * self.width, self.width);
        }
    }

    /// The four entries from `j` on.
    #[inline(always)]
    fn group(&self, j: usize, a: T) -> Group<'a, T, G> {
        let (d, t) = (&self.weights[j..j + GROUP], &self.targets[j..j + GROUP]);
        Group {
            a,
            rows: [self.row(j), self.row(j + 1), self.row(j + 2), self.row(j + 3)],
            weights: [d[0], d[1], d[2], d[3]],
            targets: [t[0], t[1], t[2], t[3]],
        }
    }

    /// The entries from `j` on, fewer than four. The last one is repeated with coefficients of 0.
    #[inline(always)]
    fn last_group(&self, j: usize, a: T) -> Group<'a, T, G> {
        let n = self.indices.len();
        let last = self.row(n - 1);
        let mut group =
            Group { a, rows: [last; GROUP], weights: [T::ZERO; GROUP], targets: [T::ZERO; GROUP] };
        for k in 0..n - j {
            group.rows[k] = self.row(j + k);
            group.weights[k] = self.weights[j + k];
            group.targets[k] = self.targets[j + k];
        }
        group
    }

    /// Copies the rows `range` in full precision to `out`, one after the other.
    #[inline(always)]
    pub(crate) fn copy_rows<S: Simd>(&self, simd: S, range: std::ops::Range<usize>, out: &mut [T]) {
        for (j, out) in range.zip(out.chunks_exact_mut(self.width)) {
            let row = self.row(j);
            for at in (0..self.width).step_by(T::lanes::<S>()) {
                store::<S, T>(out, at, read::<S, T, G>(simd, row, at));
            }
        }
    }
}

/// Four gathered rows and their coefficients.
struct Group<'a, T, G> {
    a: T,
    rows: [&'a [G]; GROUP],
    weights: [T; GROUP],
    targets: [T; GROUP],
}

impl<T: Real, G> Group<'_, T, G> {
    /// What each row is multiplied by, given its dot product, and the group's part of the returned sum.
    #[inline(always)]
    fn coefficients(&self, scores: [T; GROUP]) -> ([T; GROUP], T) {
        let (d, t) = (&self.weights, &self.targets);
        let total = (t[0] * scores[0] + t[1] * scores[1]) + (t[2] * scores[2] + t[3] * scores[3]);
        let mut coefficients = [T::ZERO; GROUP];
        for k in 0..GROUP {
            coefficients[k] = self.a * t[k] - d[k] * scores[k];
        }
        (coefficients, total)
    }
}

/// How a group is read twice.
trait Way: Copy {
    fn add<S: Simd, T: Real, G: Stored<T>>(
        self,
        simd: S,
        group: &Group<'_, T, G>,
        v: &[T],
        out: &mut [T],
    ) -> T;
}

/// Four rows of `C` registers each, kept between the two uses.
#[derive(Clone, Copy)]
struct Held<const C: usize>;

impl<const C: usize> Way for Held<C> {
    #[inline(always)]
    fn add<S: Simd, T: Real, G: Stored<T>>(
        self,
        simd: S,
        group: &Group<'_, T, G>,
        v: &[T],
        out: &mut [T],
    ) -> T {
        let lanes = T::lanes::<S>();
        let zero = T::splat(simd, T::ZERO);
        let mut z = [[zero; C]; GROUP];
        let mut sums = [zero; GROUP];
        for c in 0..C {
            let v = load::<S, T>(v, c * lanes);
            for k in 0..GROUP {
                z[k][c] = read::<S, T, G>(simd, group.rows[k], c * lanes);
                sums[k] = T::mul_add(simd, z[k][c], v, sums[k]);
            }
        }
        let (coefficients, total) = group.coefficients(T::sum4(simd, sums));
        let mut factors = [zero; GROUP];
        for k in 0..GROUP {
            factors[k] = T::splat(simd, coefficients[k]);
        }
        for c in 0..C {
            let mut sum = load::<S, T>(out, c * lanes);
            for k in 0..GROUP {
                sum = T::mul_add(simd, z[k][c], factors[k], sum);
            }
            store::<S, T>(out, c * lanes, sum);
        }
        total
    }
}

/// Four rows of `C` registers each, two at a time kept between the two uses.
#[derive(Clone, Copy)]
struct Pairs<const C: usize>;

impl<const C: usize> Way for Pairs<C> {
    #[inline(always)]
    fn add<S: Simd, T: Real, G: Stored<T>>(
        self,
        simd: S,
        group: &Group<'_, T, G>,
        v: &[T],
        out: &mut [T],
    ) -> T {
        let lanes = T::lanes::<S>();
        let zero = T::splat(simd, T::ZERO);
        let mut total = T::ZERO;
        for first in [0, 2] {
            let mut z = [[zero; C]; 2];
            let mut sums = [zero; GROUP];
            for c in 0..C {
                let v = load::<S, T>(v, c * lanes);
                for k in 0..2 {
                    z[k][c] = read::<S, T, G>(simd, group.rows[first + k], c * lanes);
                    sums[2 * (c % 2) + k] = T::mul_add(simd, z[k][c], v, sums[2 * (c % 2) + k]);
                }
            }
            let sums = T::sum4(simd, sums);
            let mut factors = [zero; 2];
            for k in 0..2 {
                let score = sums[k] + sums[2 + k];
                let (d, t) = (group.weights[first + k], group.targets[first + k]);
                factors[k] = T::splat(simd, group.a * t - d * score);
                total += t * score;
            }
            for c in 0..C {
                let sum = T::mul_add(simd, z[1][c], factors[1], load::<S, T>(out, c * lanes));
                store::<S, T>(out, c * lanes, T::mul_add(simd, z[0][c], factors[0], sum));
            }
        }
        total
    }
}

/// Four rows that are too long for the registers: read again from the first-level cache.
#[derive(Clone, Copy)]
struct Reread;

impl Way for Reread {
    #[inline(always)]
    fn add<S: Simd, T: Real, G: Stored<T>>(
        self,
        simd: S,
        group: &Group<'_, T, G>,
        v: &[T],
        out: &mut [T],
    ) -> T {
        let lanes = T::lanes::<S>();
        let rows = &group.rows;
        let mut sums = [T::splat(simd, T::ZERO); GROUP];
        for c in 0..v.len() / lanes {
            let v = load::<S, T>(v, c * lanes);
            for k in 0..GROUP {
                sums[k] = T::mul_add(simd, read::<S, T, G>(simd, rows[k], c * lanes), v, sums[k]);
            }
        }
        let (coefficients, total) = group.coefficients(T::sum4(simd, sums));
        let mut factors = [T::splat(simd, T::ZERO); GROUP];
        for k in 0..GROUP {
            factors[k] = T::splat(simd, coefficients[k]);
        }
        for c in 0..v.len() / lanes {
            let at = c * lanes;
            let mut sum = load::<S, T>(out, at);
            for k in 0..GROUP {
                sum = T::mul_add(simd, read::<S, T, G>(simd, rows[k], at), factors[k], sum);
            }
            store::<S, T>(out, at, sum);
        }
        total
    }
}

//! Small dense products: the Gram matrix of a few rows, and rows times a square matrix.
//!
//! Both keep a tile of the result in registers while they run over the inner dimension. One operand is packed
//! into panels of [`WIDTH`] columns, row after row, so that the inner loop reads it in order.

use pulp::Simd;

use super::lanes::{load, registers, store};
use super::stored::write;
use super::{Real, Stored, WIDTH};

/// The length of a row once it is padded with zeros to whole panels.
pub(crate) const fn padded(f: usize) -> usize {
    f.next_multiple_of(WIDTH)
}

/// Packs rows of length `f` into panels: panel `p` holds columns `16 p .. 16 p + 16` of every row, in order.
pub(crate) fn pack<T: Real>(rows: &[T], f: usize, panels: &mut [T]) {
    let count = rows.len() / f;
    assert_eq!(panels.len(), count * padded(f), "the length of the panels");
    if count == 0 {
        return;
    }
    for (p, panel) in panels.chunks_exact_mut(count * WIDTH).enumerate() {
        let columns = p * WIDTH..f.min((p + 1) * WIDTH);
        for (row, packed) in rows.chunks_exact(f).zip(panel.chunks_exact_mut(WIDTH)) {
            let (values, padding) = packed.split_at_mut(columns.len());
            values.copy_from_slice(&row[columns.clone()]);
            padding.fill(T::ZERO);
        }
    }
}

/// `out = rows · matrix`: rows of length `f`, the `f × padded(f)` matrix in panels, rows out padded.
#[inline(always)]
pub(crate) fn rotate<S: Simd, T: Real, G: Stored<T>>(
    simd: S,
    rows: &[T],
    panels: &[T],
    f: usize,
    out: &mut [G],
) {
    let width = padded(f);
    assert_eq!(panels.len(), f * width, "the length of the panels");
    assert_eq!(rows.len() / f * width, out.len(), "the lengths of a rotation");
    // Two panels times as many rows as leave registers for what is multiplied.
    match (T::lanes::<S>(), registers(simd)) {
        (16, _) => rotate_tiles::<S, T, G, 8, 1>(simd, rows, panels, f, out),
        (8, 32) => rotate_tiles::<S, T, G, 4, 2>(simd, rows, panels, f, out),
        (8, _) => rotate_tiles::<S, T, G, 3, 2>(simd, rows, panels, f, out),
        (4, 32) => rotate_tiles::<S, T, G, 2, 4>(simd, rows, panels, f, out),
        (4, _) => rotate_tiles::<S, T, G, 1, 4>(simd, rows, panels, f, out),
        (2, _) => rotate_tiles::<S, T, G, 1, 8>(simd, rows, panels, f, out),
        _ => rotate_tiles::<S, T, G, 1, 16>(simd, rows, panels, f, out),
    }
}

/// Tiles of `M` rows by two panels of `V` registers, which share the reading of the rows.
#[inline(always)]
fn rotate_tiles<S: Simd, T: Real, G: Stored<T>, const M: usize, const V: usize>(
    simd: S,
    rows: &[T],
    panels: &[T],
    f: usize,
    out: &mut [G],
) {
    let width = padded(f);
    let count = rows.len() / f;
    let tall = count - count % M;
    for (p, pair) in panels.chunks(2 * f * WIDTH).enumerate() {
        let (left, right) = pair.split_at(f * WIDTH);
        let right = if right.is_empty() { left } else { right };
        let two = pair.len() > left.len();
        for first in (0..tall).step_by(M) {
            rotate_tile::<S, T, G, M, V>(
                simd,
                &rows[first * f..],
                f,
                [left, right],
                two,
                &mut out[first * width + 2 * p * WIDTH..],
                width,
            );
        }
        for first in tall..count {
            rotate_tile::<S, T, G, 1, V>(
                simd,
                &rows[first * f..],
                f,
                [left, right],
                two,
                &mut out[first * width + 2 * p * WIDTH..],
                width,
            );
        }
    }
}

/// One tile: `M` rows from `rows`, to two panels of `out` or only the first of them.
#[inline(always)]
fn rotate_tile<S: Simd, T: Real, G: Stored<T>, const M: usize, const V: usize>(
    simd: S,
    rows: &[T],
    f: usize,
    [left, right]: [&[T]; 2],
    two: bool,
    out: &mut [G],
    width: usize,
) {
    let lanes = T::lanes::<S>();
    assert!(
        rows.len() >= M * f && left.len() == f * WIDTH && right.len() == f * WIDTH,
        "the lengths of a tile"
    );
    let zero = T::splat(simd, T::ZERO);
    let mut sums = [[[zero; V]; 2]; M];
    for k in 0..f {
        // The rows stay in registers, and one register of a panel at a time: of 16 registers there is none to spare.
        let mut x = [zero; M];
        for i in 0..M {
            // SAFETY: i < M and k < f, and there are M rows of f.
            x[i] = T::splat(simd, unsafe { *rows.get_unchecked(i * f + k) });
        }
        for v in 0..V {
            for (p, panel) in [left, right].into_iter().enumerate() {
                let column = load::<S, T>(panel, k * WIDTH + v * lanes);
                for i in 0..M {
                    sums[i][p][v] = T::mul_add(simd, x[i], column, sums[i][p][v]);
                }
            }
        }
    }
    for i in 0..M {
        for v in 0..V {
            write::<S, T, G>(simd, out, i * width + v * lanes, sums[i][0][v]);
            if two {
                write::<S, T, G>(simd, out, i * width + WIDTH + v * lanes, sums[i][1][v]);
            }
        }
    }
}

/// `gram += left ᵀ right` for `count` packed rows of each; the panels on and below the diagonal only.
///
/// `gram` is `width × width`, row-major, in f64: short sums are made in `T` and added up in f64.
#[inline(always)]
pub(crate) fn gram<S: Simd, T: Real>(simd: S, left: &[T], right: &[T], count: usize, gram: &mut [f64]) {
    match T::lanes::<S>() {
        16 => gram_tiles::<S, T, 16, 1>(simd, left, right, count, gram),
        8 => gram_tiles::<S, T, 4, 2>(simd, left, right, count, gram),
        4 => gram_tiles::<S, T, 2, 4>(simd, left, right, count, gram),
        2 => gram_tiles::<S, T, 2, 8>(simd, left, right, count, gram),
        _ => gram_tiles::<S, T, 1, 16>(simd, left, right, count, gram),
    }
}

#[inline(always)]
fn gram_tiles<S: Simd, T: Real, const M: usize, const V: usize>(
    simd: S,
    left: &[T],
    right: &[T],
    count: usize,
    gram: &mut [f64],
) {
    let size = count * WIDTH;
    if size == 0 {
        return;
    }
    let width = left.len() / count;
    assert!(left.len() == right.len() && gram.len() == width * width, "the lengths of a Gram matrix");
    for (p, left) in left.chunks_exact(size).enumerate() {
        for (q, right) in right.chunks_exact(size).enumerate().take(p + 1) {
            for i in (0..WIDTH).step_by(M) {
                let sums = tile::<S, T, M, V>(simd, count, right, |m, k| {
                    // SAFETY: i + m < WIDTH as M divides it, and k < count; the panel holds count x WIDTH.
                    unsafe { *left.get_unchecked(k * WIDTH + i + m) }
                });
                for (m, sums) in sums.iter().enumerate() {
                    let mut row = [T::ZERO; WIDTH];
                    for (v, &sum) in sums.iter().enumerate() {
                        store::<S, T>(&mut row, v * T::lanes::<S>(), sum);
                    }
                    let start = (p * WIDTH + i + m) * width + q * WIDTH;
                    for (gram, sum) in gram[start..start + WIDTH].iter_mut().zip(row) {
                        *gram += sum.to_f64();
                    }
                }
            }
        }
    }
}

/// `Σ_k left(i, k) panel[k]` for `M` values of `i` and the `V` registers of a panel's row.
#[inline(always)]
fn tile<S: Simd, T: Real, const M: usize, const V: usize>(
    simd: S,
    inner: usize,
    panel: &[T],
    left: impl Fn(usize, usize) -> T,
) -> [[T::Vector<S>; V]; M] {
    assert_eq!(panel.len(), inner * WIDTH, "the length of a panel");
    let zero = T::splat(simd, T::ZERO);
    let mut sums = [[zero; V]; M];
    for k in 0..inner {
        let mut right = [zero; V];
        for v in 0..V {
            right[v] = load::<S, T>(panel, k * WIDTH + v * T::lanes::<S>());
        }
        for i in 0..M {
            let left = T::splat(simd, left(i, k));
            for v in 0..V {
                sums[i][v] = T::mul_add(simd, left, right[v], sums[i][v]);
            }
        }
    }
    sums
}

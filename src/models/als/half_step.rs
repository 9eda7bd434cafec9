//! Solving all rows of one side with the other side fixed.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::kernel::{self, Buffer, Real, Simd, Stored, WithSimd, padded, rotate};
use crate::models::als::basis::{Basis, Square};
use crate::models::als::block::{Block, Worker};
use crate::models::als::features::Prior;
use crate::models::als::long_row;
use crate::models::als::relaxation::Relaxation;
use crate::models::als::side::{Given, Opposite, Plan, ROWS_PER_BLOCK, Side, Solved};
use crate::models::als::system::Fixed;

/// What a half-step leaves behind.
pub(crate) struct Outcome<T> {
    /// The objective without the regularization of the fixed side: the rows' residuals give it for free,
    /// since with `r = b − A x` a row contributes `Σ c p² − b·x − r·x`.
    pub(crate) loss: f64,
    /// `Q`: the solutions are in the basis that the fixed side has after a product with it.
    pub(crate) turn: Square,
    /// The coefficients of the features that it was given, in the basis of the solutions.
    pub(crate) coefficients: Option<Vec<T>>,
}

/// What half-steps write to besides the solutions. Kept from one to the next, because pages fresh from the system
/// cost more than what is written to them.
pub(crate) struct Memory<T: Real> {
    /// The turned rows of the fixed side, in either form.
    pub(crate) full: Buffer<T>,
    pub(crate) compact: Buffer<T::Compact>,
    /// Where the solutions came from, in the basis that they are in, if they are to be relaxed later.
    pub(crate) starts: Vec<T>,
}

impl<T: Real> Memory<T> {
    pub(crate) fn new() -> Self {
        Self { full: Buffer::new::<T>(0), compact: Buffer::new::<T>(0), starts: Vec::new() }
    }
}

/// Replaces `x` by the solutions for the rows with the other side fixed, starting from `x · from`.
///
/// `from` is the rotation that takes the basis of `x` to that of the other side. The new solutions are in its basis
/// after the turn that is returned; turning them back is left to whoever needs it, and mostly nobody does.
pub(crate) fn half_step<T: Real>(
    given: Given<'_, T>,
    x: &mut [T],
    fixed: Opposite<'_, T>,
    from: &Square,
    plan: &Plan,
    memory: &mut Memory<T>,
    interrupted: &(dyn Fn() -> bool + Sync),
) -> Result<Outcome<T>> {
    let f = plan.factors;
    let (rows, objective) = (given.rows, &plan.objective);
    let lambda = objective.smallest_regularization(rows, fixed.count);
    let Some(basis) = Basis::new::<T>(fixed.gram, f, objective.unobserved_weight, lambda) else {
        return Ok(Outcome { loss: f64::NAN, turn: Square::identity(f), coefficients: None });
    };
    let Turns { warm, scale } = Turns::between(from, &basis);
    let prior = given.known.map(|known| Prior::new(known, &warm, &basis));
    let Memory { full, compact, starts } = memory;
    if matches!(plan.relaxation, Relaxation::Later(_)) {
        starts.resize(x.len(), T::ZERO);
    }
    let side = Side {
        rows,
        plan,
        columns: fixed.count,
        basis: &basis,
        warm: &warm,
        scale: &scale,
        prior: prior.as_ref(),
        interrupted,
    };
    let loss = match T::COMPACT_MAX {
        Some(largest) if plan.compacts::<T>() => {
            solve_with(&side, x, starts, fixed.y, compact, sigma(largest, objective.unobserved_weight))
        }
        _ => solve_with(&side, x, starts, fixed.y, full, 1.0),
    }?;
    let coefficients = prior.map(|prior| prior.turned(&scale, f));
    Ok(Outcome { loss, turn: basis.q, coefficients })
}

/// The changes of basis that solutions go through.
pub(crate) struct Turns<T> {
    /// From the basis of the old ones to the whitened one: `P Q W⁻¹`, packed.
    pub(crate) warm: Vec<T>,
    /// `W`, padded: from whitened solutions to those that are kept.
    pub(crate) scale: Vec<T>,
}

impl<T: Real> Turns<T> {
    /// `from` is the rotation that takes the basis of the old solutions to that of the fixed side.
    pub(crate) fn between(from: &Square, basis: &Basis) -> Self {
        let warm = from.times(&basis.q.scaled(&basis.inverse_w())).packed();
        let mut scale = vec![T::ZERO; padded(basis.w.len())];
        for (scale, &w) in scale.iter_mut().zip(&basis.w) {
            *scale = T::from_f64(w);
        }
        Self { warm, scale }
    }
}

/// The power of two that compact rows, whose numbers are at most `largest`, are stored multiplied by.
///
/// A whitened row z has `|z|² = yᵀ (w0 YᵀY + λI)⁻¹ y ≤ 1 / w0`, so with this factor nothing overflows, and numbers down to a
/// billionth of the largest possible one keep all their bits.
pub(crate) fn sigma(largest: f64, unobserved_weight: f64) -> f64 {
    (largest / 2.0 * unobserved_weight.sqrt()).log2().floor().exp2()
}

/// Turns `y` into the whitened basis, stored as `G` times `sigma`, and solves every row.
fn solve_with<T: Real, G: Stored<T>>(
    side: &Side<'_, T>,
    x: &mut [T],
    starts: &mut [T],
    y: &[T],
    turned: &mut Buffer<G>,
    sigma: f64,
) -> Result<f64> {
    let f = side.plan.factors;
    let rows = turned_into(y, &whitened(side.basis, sigma), turned);
    let fixed = Fixed { rows, width: padded(f), sigma };
    let long = long_row::solve_all(side, x, fixed)?;
    let later = matches!(side.plan.relaxation, Relaxation::Later(_));
    let mut starts = starts.chunks_mut(ROWS_PER_BLOCK * f);
    let rows = x.chunks_mut(ROWS_PER_BLOCK * f).map(|x| (x, if later { starts.next() } else { None }));
    let blocks = (0..).step_by(ROWS_PER_BLOCK).zip(rows).collect();
    Ok(solve_blocks(side, fixed, blocks, &long)?.iter().sum())
}

/// What takes the rows of the fixed side to the whitened basis, times `sigma`.
pub(crate) fn whitened(basis: &Basis, sigma: f64) -> Square {
    let scaled: Vec<f64> = basis.w.iter().map(|w| w * sigma).collect();
    basis.q.scaled(&scaled)
}

/// The number of a block's first row, the rows, and where they came from, if that is to be written down.
pub(crate) type Rows<'a, T> = (usize, (&'a mut [T], Option<&'a mut [T]>));

/// Solves blocks of rows, none of which is larger than [`ROWS_PER_BLOCK`], and returns the loss of each.
pub(crate) fn solve_blocks<T: Real, G: Stored<T>>(
    side: &Side<'_, T>,
    fixed: Fixed<'_, G>,
    blocks: Vec<Rows<'_, T>>,
    long: &Solved<T>,
) -> Result<Vec<f64>> {
    blocks
        .into_par_iter()
        .map_init(
            || Worker::new(fixed, side.plan),
            |worker, (first, (x, starts))| {
                if (side.interrupted)() {
                    return Err(Error::Interrupted);
                }
                Ok(kernel::dispatch(Block { side, worker, first, x, starts, long }))
            },
        )
        .collect()
}

/// The rows of `y` times a packed matrix, stored in this memory.
fn rotated<'a, T: Real, G: Stored<T>>(y: &[T], panels: &[T], f: usize, memory: &'a mut Buffer<G>) -> &'a [G] {
    let out = memory.first(y.len() / f * padded(f));
    rotate_into(y, panels, f, out);
    out
}

/// The rows of `y` times a packed matrix, padded.
pub(crate) fn rotate_into<T: Real, G: Stored<T>>(y: &[T], panels: &[T], f: usize, out: &mut [G]) {
    out.par_chunks_mut(ROWS_PER_BLOCK * padded(f))
        .zip(y.par_chunks(ROWS_PER_BLOCK * f))
        .for_each(|(out, rows)| kernel::dispatch(Rotate { rows, panels, f, out }));
}

/// The rows of `y` times a square matrix, padded and stored in this memory.
pub(crate) fn turned_into<'a, T: Real, G: Stored<T>>(
    y: &[T],
    turn: &Square,
    memory: &'a mut Buffer<G>,
) -> &'a [G] {
    rotated(y, &turn.packed(), turn.f, memory)
}

struct Rotate<'a, T, G> {
    rows: &'a [T],
    panels: &'a [T],
    f: usize,
    out: &'a mut [G],
}

impl<T: Real, G: Stored<T>> WithSimd for Rotate<'_, T, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        rotate(simd, self.rows, self.panels, self.f, self.out);
    }
}

/// `x · turn` for every row, in place.
pub(crate) fn turn_rows<T: Real>(x: &mut [T], turn: &Square) {
    let (f, panels) = (turn.f, turn.packed());
    x.par_chunks_mut(ROWS_PER_BLOCK * f).for_each(|rows| {
        let mut out = vec![T::ZERO; rows.len() / f * padded(f)];
        kernel::dispatch(Rotate { rows, panels: &panels, f, out: &mut out });
        for (row, out) in rows.chunks_exact_mut(f).zip(out.chunks_exact(padded(f))) {
            row.copy_from_slice(&out[..f]);
        }
    });
}

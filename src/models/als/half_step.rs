//! Solving all rows of one side with the other side fixed.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::kernel::{self, Buffer, Real, Simd, Stored, WithSimd, padded, rotate};
use crate::models::als::basis::{Basis, Square};
use crate::models::als::block::{Block, Worker};
use crate::models::als::long_row;
use crate::models::als::relaxation::Relaxation;
use crate::models::als::side::{Opposite, Plan, ROWS_PER_BLOCK, Side};
use crate::models::als::system::Fixed;
use crate::sparse::CsrView;

/// What a half-step leaves behind.
pub(crate) struct Outcome {
    /// The objective without the regularization of the fixed side: the rows' residuals give it for free,
    /// since with `r = b − A x` a row contributes `Σ c p² − b·x − r·x`.
    pub(crate) loss: f64,
    /// `Q`: the solutions are in the basis that the fixed side has after a product with it.
    pub(crate) turn: Square,
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

/// Replaces `x` by the solutions for `rows` with the other side fixed, starting from `x · from`.
///
/// `from` is the rotation that takes the basis of `x` to that of the other side. The new solutions are in its basis
/// after the turn that is returned; turning them back is left to whoever needs it, and mostly nobody does.
pub(crate) fn half_step<T: Real>(
    rows: &CsrView<'_, T>,
    x: &mut [T],
    fixed: Opposite<'_, T>,
    from: &Square,
    plan: &Plan,
    memory: &mut Memory<T>,
    interrupted: &(dyn Fn() -> bool + Sync),
) -> Result<Outcome> {
    let f = plan.factors;
    let objective = &plan.objective;
    let lambda = objective.smallest_regularization(rows, fixed.count);
    let Some(basis) = Basis::new::<T>(fixed.gram, f, objective.unobserved_weight, lambda) else {
        return Ok(Outcome { loss: f64::NAN, turn: Square::identity(f) });
    };
    let warm = from.times(&basis.q.scaled(&basis.inverse_w())).packed::<T>();
    let mut scale = vec![T::ZERO; padded(f)];
    for (scale, &w) in scale.iter_mut().zip(&basis.w) {
        *scale = T::from_f64(w);
    }
    let Memory { full, compact, starts } = memory;
    if matches!(plan.relaxation, Relaxation::Later(_)) {
        starts.resize(x.len(), T::ZERO);
    }
    let side =
        Side { rows, plan, columns: fixed.count, basis: &basis, warm: &warm, scale: &scale, interrupted };
    let loss = match T::COMPACT_MAX {
        Some(largest) if plan.compacts::<T>() => {
            // A whitened row z has |z|² = yᵀ (w0 YᵀY + λI)⁻¹ y ≤ 1 / w0, so with this factor nothing overflows,
            // and numbers down to a billionth of the largest possible one keep all their bits.
            let sigma = (largest / 2.0 * objective.unobserved_weight.sqrt()).log2().floor().exp2();
            solve_with(&side, x, starts, fixed.y, compact, sigma)
        }
        _ => solve_with(&side, x, starts, fixed.y, full, 1.0),
    }?;
    Ok(Outcome { loss, turn: basis.q })
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
    let width = padded(f);
    let scaled: Vec<f64> = side.basis.w.iter().map(|w| w * sigma).collect();
    let panels = side.basis.q.scaled(&scaled).packed();
    let fixed = Fixed { rows: rotated(y, &panels, f, turned), width, sigma };

    let long = long_row::solve_all(side, x, fixed)?;
    let later = matches!(side.plan.relaxation, Relaxation::Later(_));
    let mut starts = starts.chunks_mut(ROWS_PER_BLOCK * f);
    let blocks: Vec<_> =
        x.chunks_mut(ROWS_PER_BLOCK * f).map(|x| (x, if later { starts.next() } else { None })).collect();
    let partial_losses: Vec<f64> = blocks
        .into_par_iter()
        .enumerate()
        .map_init(
            || Worker::new(fixed, side.plan),
            |worker, (block, (x, starts))| {
                if (side.interrupted)() {
                    return Err(Error::Interrupted);
                }
                let first = block * ROWS_PER_BLOCK;
                Ok(kernel::dispatch(Block { side, worker, first, x, starts, long: &long }))
            },
        )
        .collect::<Result<_>>()?;
    Ok(partial_losses.iter().sum())
}

/// The rows of `y` times a packed matrix, stored in this memory.
fn rotated<'a, T: Real, G: Stored<T>>(y: &[T], panels: &[T], f: usize, memory: &'a mut Buffer<G>) -> &'a [G] {
    let width = padded(f);
    let out = memory.first(y.len() / f * width);
    out.par_chunks_mut(ROWS_PER_BLOCK * width)
        .zip(y.par_chunks(ROWS_PER_BLOCK * f))
        .for_each(|(out, rows)| kernel::dispatch(Rotate { rows, panels, f, out }));
    out
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

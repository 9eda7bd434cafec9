//! Over-relaxation: going past the solutions of a half-step, along the way that led to them.
//!
//! With the other side fixed, the objective is a quadratic in a row, and the solution `s` that conjugate gradients
//! or an exact solver find from the start `x₀` is its least point on the line through both. At
//! `x₀ + ω (s − x₀)` it is therefore `L(s) + (ω − 1)² (L(x₀) − L(s))`, which for `0 < ω < 2` is below `L(x₀)`: a
//! relaxed half-step never makes the objective worse. What the half-step itself gives up, the following ones gain
//! many times over, as in successive over-relaxation of linear systems (Young 1954): alternating least squares
//! crawls along valleys where each side waits for the other, and this is the direction of the valley.
//!
//! The first half-steps of a fit still find out where the valleys are, and there the same ω is too much: it grows from
//! half-step to half-step, as the weight of momentum does in accelerated gradients (Nesterov 1983), up to the limit that
//! the caller sets.
//!
//! The loss that a fit reports is that after the solutions, before they are relaxed, so from one epoch to the next it may
//! rise. That was seen with ω of 1.8 from the second half-step on, not with an ω that grows.

use rayon::prelude::*;

use crate::kernel::Real;
use crate::models::als::heavy::Heavy;

/// What a half-step does about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Relaxation {
    /// Nothing.
    None,
    /// Goes past the solutions by this ω.
    AtOnce(f64),
    /// Keeps the solutions and writes down where they came from, so that it can be done by this ω when it is known
    /// that there is a next epoch.
    Later(f64),
}

/// How slowly ω grows. On LastFM-shaped data losses after two and three epochs were the same within .3 % from 4 to 6, and
/// higher after three with 2, 3 and 8.
const SLOWNESS: f64 = 4.0;

/// The ω of half-step number `half_step` of a fit, from 0.
fn grown(limit: f64, half_step: usize) -> f64 {
    let h = half_step as f64;
    limit.min(1.0 + h / (h + SLOWNESS))
}

impl Relaxation {
    /// For the users in an epoch, counted from 1. The first starts are no solutions: nothing to go away from.
    pub(crate) fn of_users(limit: f64, epoch: usize) -> Self {
        let omega = grown(limit, 2 * (epoch - 1));
        if epoch > 1 && is_wanted(omega) { Self::AtOnce(omega) } else { Self::None }
    }

    /// For the items, which are only relaxed when another epoch comes: a fit ends with solutions.
    pub(crate) fn of_items(limit: f64, epoch: usize, epochs: usize) -> Self {
        let omega = grown(limit, 2 * epoch - 1);
        if epoch < epochs && is_wanted(omega) { Self::Later(omega) } else { Self::None }
    }

    /// By how much a row of this load goes past its solution: heavy ones go further.
    pub(crate) fn omega(self, heavy: Heavy, load: f64) -> f64 {
        match self {
            Self::None => 1.0,
            Self::AtOnce(omega) | Self::Later(omega) => heavy.omega(omega, load),
        }
    }

    /// Moves the start that is written down so that what all rows do later is what this one has to do.
    #[inline(always)]
    pub(crate) fn note<T: Real>(self, own: f64, x: &[T], start: &mut [T]) {
        if let Self::Later(omega) = self
            && own.total_cmp(&omega).is_ne()
        {
            relax(start, x, T::from_f64((own - 1.0) / (omega - 1.0)));
        }
    }
}

/// With 1, solutions stay what they are.
fn is_wanted(omega: f64) -> bool {
    omega.total_cmp(&1.0).is_ne()
}

/// Replaces `x` by `start + omega (x − start)`.
#[inline(always)]
pub(crate) fn relax<T: Real>(x: &mut [T], start: &[T], omega: T) {
    for (x, &start) in x.iter_mut().zip(start) {
        *x = start + omega * (*x - start);
    }
}

/// What the items of the epoch before `epoch` were to do later, for all of them, in parallel.
pub(crate) fn relax_items<T: Real>(x: &mut [T], starts: &[T], limit: f64, epoch: usize) {
    const CHUNK: usize = 1 << 14;
    let Relaxation::Later(omega) = Relaxation::of_items(limit, epoch - 1, epoch) else { return };
    let omega = T::from_f64(omega);
    x.par_chunks_mut(CHUNK).zip(starts.par_chunks(CHUNK)).for_each(|(x, starts)| relax(x, starts, omega));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omega_grows_to_its_limit_and_nothing_is_relaxed_without_need() {
        let omegas: Vec<f64> = (0..40).map(|half_step| grown(1.8, half_step)).collect();
        assert!((omegas[0] - 1.0).abs() < 1e-15 && (omegas[4] - 1.5).abs() < 1e-15);
        assert!(omegas.is_sorted() && omegas[16..].iter().all(|omega| (omega - 1.8).abs() < 1e-15));
        assert_eq!(Relaxation::of_users(1.8, 1), Relaxation::None);
        assert_eq!(Relaxation::of_items(1.8, 1, 1), Relaxation::None);
        assert_eq!(Relaxation::of_users(1.1, 9), Relaxation::AtOnce(1.1));
        assert_eq!(Relaxation::of_items(1.0, 3, 9), Relaxation::None);
        assert_eq!(Relaxation::of_items(0.7, 1, 9), Relaxation::Later(0.7));
    }
}

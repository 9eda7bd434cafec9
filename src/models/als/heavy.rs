//! Heavy rows: those whose own entries outweigh by far what they share with all others.
//!
//! In the whitened basis a row's matrix is `E + Zᵀ D Z`, and `E` is the preconditioner. Where the second part is some
//! hundred times the first, as for raw counts that go into the hundred thousands or for large alphas, a few steps of
//! conjugate gradients end far from the solution, and alternating least squares itself crawls: what a row has to give
//! up to fit one entry better is nearly nothing, so that both sides wait for each other. So such rows get as many
//! steps as bring them close to their solutions, and go further past them.
//!
//! How heavy a row is, its load, is told from what is computed anyway: the ratio of both parts along the first
//! direction of conjugate gradients, or the trace of the second part where a row is solved exactly. On data of the size
//! of LastFM-360K no row comes near the limit, on `CiteULike-a` with confidences of 347 none does; on `HetRec` Last.fm
//! with raw counts nearly all do.

use crate::models::als::params::Solver;

/// A row is heavy above this load. From 100 to 1,000 less and less is gained on `HetRec`, and below 100 rows of
/// LastFM-shaped data begin to count, which gain nothing.
const LIMIT: f64 = 100.0;

/// The most steps of conjugate gradients for a heavy row.
const MOST_STEPS: usize = 30;

/// A heavy row has had enough steps when what is left of its residual is this part of its loss.
pub(crate) const ENOUGH: f64 = 0.01;

/// How far heavy rows go from the usual relaxation to 2, at which nothing would be gained any more.
const FURTHER: f64 = 0.5;

/// What a plan does about heavy rows. Callers who choose a solver get what they choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heavy {
    are_told: bool,
}

impl Heavy {
    pub(crate) fn of(solver: Solver) -> Self {
        Self { are_told: solver == Solver::Auto }
    }

    /// Whether a row of this load is heavy.
    pub(crate) fn is(self, load: f64) -> bool {
        self.are_told && load > LIMIT
    }

    /// The most steps for a heavy row, where others have `usual`.
    pub(crate) fn steps(self, usual: usize) -> usize {
        if self.are_told { usual.max(MOST_STEPS) } else { usual }
    }

    /// By how much a row of this load goes past its solution, where others go by `omega`.
    pub(crate) fn omega(self, omega: f64, load: f64) -> f64 {
        if omega > 1.0 && self.is(load) { omega + FURTHER * (2.0 - omega) } else { omega }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_heavy_rows_are_treated_otherwise_and_only_by_default() {
        let auto = Heavy::of(Solver::Auto);
        assert_eq!((auto.steps(3), auto.steps(99)), (MOST_STEPS, 99));
        assert!((auto.omega(1.5, 1e3) - 1.75).abs() < 1e-15);
        assert!((auto.omega(1.5, 10.0) - 1.5).abs() < 1e-15);
        assert!((auto.omega(1.0, 1e9) - 1.0).abs() < 1e-15 && (auto.omega(0.7, 1e9) - 0.7).abs() < 1e-15);
        let chosen = Heavy::of(Solver::ConjugateGradient);
        assert_eq!(chosen.steps(3), 3);
        assert!(!chosen.is(1e9) && !auto.is(f64::NAN));
    }
}

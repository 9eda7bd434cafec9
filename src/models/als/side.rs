//! What the rows of a half-step have in common, and what solving one of them leaves behind.

use std::collections::HashMap;

use crate::kernel::Real;
use crate::models::als::basis::Basis;
use crate::models::als::features::{Known, Prior};
use crate::models::als::heavy::Heavy;
use crate::models::als::objective::{Objective, is_empty};
use crate::models::als::params::Solver;
use crate::models::als::relaxation::Relaxation;
use crate::sparse::CsrView;

/// Rows that a thread takes at a time: turned together, solved one by one.
pub(crate) const ROWS_PER_BLOCK: usize = 64;

/// How the rows of a side are to be solved.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) factors: usize,
    pub(crate) objective: Objective,
    pub(crate) solver: Solver,
    pub(crate) cg_steps: usize,
    pub(crate) relaxation: Relaxation,
    /// Whether the rows that are gathered may be stored in the compact form of their type.
    pub(crate) compact: bool,
}

/// With less weight than this on the unobserved, the bound on the rows says too little about their size.
const SMALLEST_WEIGHT: f64 = 1e-6;

impl Plan {
    /// Whether the rows that are gathered are stored in the compact form of their type.
    pub(crate) fn compacts<T: Real>(&self) -> bool {
        self.compact && T::COMPACT_MAX.is_some() && self.objective.unobserved_weight >= SMALLEST_WEIGHT
    }

    /// What is done about heavy rows.
    pub(crate) fn heavy(&self) -> Heavy {
        Heavy::of(self.solver)
    }
}

/// The rows of a half-step.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a, T> {
    pub(crate) rows: &'a CsrView<'a, T>,
    /// Their features, if they have some.
    pub(crate) known: Option<Known<'a, T>>,
}

/// How many rows take part in a fit: with features those that have entries, as the others are known by their features alone.
pub(crate) fn taking_part<T: Real>(rows: &CsrView<'_, T>, have_features: bool) -> usize {
    if have_features { (0..rows.rows()).filter(|&u| !is_empty(rows.row(u))).count() } else { rows.rows() }
}

/// The fixed side of a half-step.
#[derive(Clone, Copy)]
pub(crate) struct Opposite<'a, T> {
    /// Its factors, row-major: all that the rows have entries for.
    pub(crate) y: &'a [T],
    /// The Gram matrix of the whole side.
    pub(crate) gram: &'a [f64],
    /// The number of rows of the whole side that take part.
    pub(crate) count: usize,
}

/// Everything that the rows of a half-step have in common.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a, T: Real> {
    pub(crate) rows: &'a CsrView<'a, T>,
    pub(crate) plan: &'a Plan,
    /// The number of rows of the fixed side.
    pub(crate) columns: usize,
    pub(crate) basis: &'a Basis,
    /// From the basis of the old solutions to the whitened one: `P Q W⁻¹`, packed.
    pub(crate) warm: &'a [T],
    /// `W`, padded: from whitened solutions to those that are kept.
    pub(crate) scale: &'a [T],
    /// What draws the rows to their features, if they have some.
    pub(crate) prior: Option<&'a Prior<'a, T>>,
    pub(crate) interrupted: &'a (dyn Fn() -> bool + Sync),
}

/// A row's new factors, the old ones in the same basis, and its part of the objective.
pub(crate) struct Solution<T> {
    pub(crate) x: Vec<T>,
    pub(crate) start: Vec<T>,
    pub(crate) loss: f64,
}

/// Rows solved beforehand, by their number.
pub(crate) type Solved<T> = HashMap<usize, Solution<T>>;

/// How many entries ahead of their use rows are asked for: 16 KiB of them, a small part of the second-level cache.
pub(crate) fn prefetch_distance<G>(width: usize) -> usize {
    ((1 << 14) / (width * size_of::<G>())).max(4)
}

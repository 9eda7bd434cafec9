//! The factors that a fit starts from.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::kernel::Real;

/// What a fit starts from; without iterations always uniform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Init {
    /// Items that span what most users have in common, by block power iteration (Halko, Martinsson and
    /// Tropp 2011).
    #[default]
    Sketch,
    /// Uniform random numbers below 0.01, as in `implicit`.
    Uniform,
}

impl Init {
    /// What has this name.
    #[must_use]
    pub fn called(name: &str) -> Option<Self> {
        [Self::Sketch, Self::Uniform].into_iter().find(|one| one.name() == name)
    }

    /// Its name, as Python and files have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sketch => "sketch",
            Self::Uniform => "uniform",
        }
    }
}

/// Small enough that no first score is near 1.
const SCALE: f64 = 0.01;

/// User factors, then item factors, uniform in `[0, 0.01)`, from one generator.
pub(crate) fn draw<T: Real>(users: &mut [T], items: &mut [T], seed: u64) {
    let mut generator = Pcg64::seed_from_u64(seed);
    users.iter_mut().chain(items).for_each(|factor| *factor = T::from_f64(generator.random::<f64>() * SCALE));
}

//! The factors that a fit starts from.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::kernel::Real;

/// Small enough that no first score is near 1.
const SCALE: f64 = 0.01;

/// User factors, then item factors, uniform in `[0, 0.01)`, from one generator.
pub(crate) fn random_factors<T: Real>(users: usize, items: usize, f: usize, seed: u64) -> (Vec<T>, Vec<T>) {
    let mut generator = Pcg64::seed_from_u64(seed);
    let mut draw = |n| (0..n).map(|_| T::from_f64(generator.random::<f64>() * SCALE)).collect();
    (draw(users * f), draw(items * f))
}

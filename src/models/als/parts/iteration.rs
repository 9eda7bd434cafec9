//! Conjugate gradients for a row whose entries may lie anywhere, from sums over them alone.
//!
//! The iteration of [`conjugate_gradient`](crate::models::als::conjugate_gradient), turned inside out: whoever holds entries makes a
//! [`Pass`] over them with the direction, and whoever has its sums takes the step. No scores of single entries are needed, as
//! `Σ d s²` and `Σ t s` say what the scores would.

use crate::kernel::vector::{axpy, direct, dot, multiply, weighted_square};
use crate::kernel::{Real, Simd};
use crate::models::als::conjugate_gradient::NOTHING;
use crate::models::als::heavy::{ENOUGH, Heavy};

/// What comes next for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// A pass with the start: the vector `Σ (t − d s) z` and `Σ t s`.
    Start,
    /// A pass with the direction: the vector `−Σ d s z`, from which `Σ d s²` follows.
    Vector,
    /// A pass with the direction for `Σ d s²` alone: the last step needs no residual after it.
    Scalar,
    /// Nothing: it is solved.
    Nothing,
}

/// How many steps there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    pub(crate) usual: usize,
    pub(crate) heavy: Heavy,
}

/// The numbers of the iteration of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Numbers<T> {
    /// Passes that were made.
    passes: usize,
    /// The number of the last step.
    limit: usize,
    /// The residual's energy `r·z`.
    r_z: T,
    /// `2 b·x − x·A x`, by which the loss is below the row's constant; at the solution it is `b·x`.
    pub(crate) gain: f64,
    /// How far the entries outweigh what the row shares with all others, along the first direction.
    pub(crate) load: f64,
}

impl<T: Real> Numbers<T> {
    pub(crate) fn new(steps: Steps) -> Self {
        Self { passes: 0, limit: steps.usual, r_z: T::ZERO, gain: 0.0, load: 0.0 }
    }
}

/// The vectors of the iteration of one row; each padded. The next pass is made with `p`.
pub(crate) struct Vectors<'a, T> {
    pub(crate) x: &'a mut [T],
    pub(crate) r: &'a mut [T],
    pub(crate) p: &'a mut [T],
}

/// What the steps of a row go by.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a, T> {
    /// The diagonal `E` of the row's matrix, and its inverse.
    pub(crate) e: &'a [T],
    pub(crate) inverse_e: &'a [T],
    /// `Σ c p²`
    pub(crate) constant: f64,
    pub(crate) steps: Steps,
}

/// Scratch of the length of a row.
pub(crate) struct Scratch<T> {
    z: Vec<T>,
    product: Vec<T>,
}

impl<T: Real> Scratch<T> {
    pub(crate) fn new(width: usize) -> Self {
        Self { z: vec![T::ZERO; width], product: vec![T::ZERO; width] }
    }
}

impl<T: Real> Vectors<'_, T> {
    /// Takes the sums of a pass with `p`: a vector and a number, either of which may be anything where it was not asked for.
    #[inline(always)]
    pub(crate) fn advance<S: Simd>(
        &mut self,
        simd: S,
        numbers: &mut Numbers<T>,
        sums: (&[T], f64),
        given: Given<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Next {
        let Self { x, r, p } = self;
        let (Scratch { z, product }, (vector, scalar)) = (scratch, sums);
        let Given { e, inverse_e, constant, steps } = given;
        let step = numbers.passes;
        numbers.passes += 1;
        let mut beta = T::ZERO;
        if step == 0 {
            r.copy_from_slice(vector);
            subtract(simd, e, x, r, z);
            numbers.r_z = multiply(simd, inverse_e, r, z);
            numbers.gain = scalar + dot(simd, x, r).to_f64();
        } else {
            let shared = weighted_square(simd, e, p);
            let is_last = step == numbers.limit;
            let energy = if is_last { scalar } else { -dot(simd, p, vector).to_f64() };
            let curvature = shared.to_f64() + energy;
            if step == 1 {
                numbers.load = curvature / shared.to_f64();
            }
            if curvature <= 0.0 {
                return Next::Nothing;
            }
            let alpha = numbers.r_z.to_f64() / curvature;
            let towards = dot(simd, p, r).to_f64();
            numbers.gain += alpha * (2.0 * towards - alpha * curvature);
            let alpha = T::from_f64(alpha);
            axpy(simd, alpha, p, x);
            if is_last {
                return Next::Nothing;
            }
            product.copy_from_slice(vector);
            subtract(simd, e, p, product, z);
            axpy(simd, alpha, product, r);
            let r_z = multiply(simd, inverse_e, r, z);
            beta = r_z / numbers.r_z;
            numbers.r_z = r_z;
        }
        // Rounding sets this floor: below it a step would only move noise.
        let r_z = numbers.r_z.to_f64();
        if r_z <= T::EPSILON.to_f64().powi(2) * numbers.gain + NOTHING {
            return Next::Nothing;
        }
        let next = step + 1;
        if next == steps.usual && steps.heavy.is(numbers.load) {
            numbers.limit = steps.heavy.steps(steps.usual);
        }
        if next > steps.usual && r_z <= ENOUGH * (constant - numbers.gain) {
            return Next::Nothing;
        }
        direct(simd, beta, z, e, p, product);
        if next == numbers.limit { Next::Scalar } else { Next::Vector }
    }
}

/// `out −= e ∘ v`; `product` is scratch.
#[inline(always)]
fn subtract<S: Simd, T: Real>(simd: S, e: &[T], v: &[T], out: &mut [T], product: &mut [T]) {
    multiply(simd, e, v, product);
    axpy(simd, -T::ONE, product, out);
}

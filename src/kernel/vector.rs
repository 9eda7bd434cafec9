//! Products and sums of vectors whose length is a multiple of [`WIDTH`](super::WIDTH).

use pulp::Simd;

use super::Real;
use super::lanes::{load, store};

/// `a · b`
#[inline(always)]
pub(crate) fn dot<S: Simd, T: Real>(simd: S, a: &[T], b: &[T]) -> T {
    assert_eq!(a.len(), b.len(), "the lengths of a dot product");
    let lanes = T::lanes::<S>();
    let mut sum = T::splat(simd, T::ZERO);
    for c in 0..a.len() / lanes {
        sum = T::mul_add(simd, load::<S, T>(a, c * lanes), load::<S, T>(b, c * lanes), sum);
    }
    T::sum(simd, sum)
}

/// `Σ d a²`
#[inline(always)]
pub(crate) fn weighted_square<S: Simd, T: Real>(simd: S, d: &[T], a: &[T]) -> T {
    assert_eq!(d.len(), a.len(), "the lengths of a weighted square");
    let lanes = T::lanes::<S>();
    let mut sum = T::splat(simd, T::ZERO);
    for c in 0..a.len() / lanes {
        let a = load::<S, T>(a, c * lanes);
        sum = T::mul_add(simd, T::times(simd, load::<S, T>(d, c * lanes), a), a, sum);
    }
    T::sum(simd, sum)
}

/// `y += a x`
#[inline(always)]
pub(crate) fn axpy<S: Simd, T: Real>(simd: S, a: T, x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "the lengths of an axpy");
    let lanes = T::lanes::<S>();
    let a = T::splat(simd, a);
    for c in 0..x.len() / lanes {
        let y_c = load::<S, T>(y, c * lanes);
        store::<S, T>(y, c * lanes, T::mul_add(simd, a, load::<S, T>(x, c * lanes), y_c));
    }
}

/// `out = a ∘ b`, entry by entry; returns `out · b`.
#[inline(always)]
pub(crate) fn multiply<S: Simd, T: Real>(simd: S, a: &[T], b: &[T], out: &mut [T]) -> T {
    assert!(a.len() == b.len() && a.len() == out.len(), "the lengths of a product");
    let lanes = T::lanes::<S>();
    let mut sum = T::splat(simd, T::ZERO);
    for c in 0..a.len() / lanes {
        let b = load::<S, T>(b, c * lanes);
        let product = T::times(simd, load::<S, T>(a, c * lanes), b);
        sum = T::mul_add(simd, product, b, sum);
        store::<S, T>(out, c * lanes, product);
    }
    T::sum(simd, sum)
}

/// The next direction of conjugate gradients: `p = z + β p`, and `out = −e ∘ p`.
#[inline(always)]
pub(crate) fn direct<S: Simd, T: Real>(simd: S, beta: T, z: &[T], e: &[T], p: &mut [T], out: &mut [T]) {
    assert!(z.len() == e.len() && z.len() == p.len() && z.len() == out.len(), "the lengths of a direction");
    let lanes = T::lanes::<S>();
    let (beta, minus) = (T::splat(simd, beta), T::splat(simd, -T::ONE));
    for c in 0..z.len() / lanes {
        let at = c * lanes;
        let next = T::mul_add(simd, beta, load::<S, T>(p, at), load::<S, T>(z, at));
        store::<S, T>(p, at, next);
        store::<S, T>(out, at, T::times(simd, T::times(simd, minus, load::<S, T>(e, at)), next));
    }
}

/// A step of conjugate gradients: `x += α p`, `r += α q`, `z = e⁻¹ ∘ r`; returns `r · z`.
#[inline(always)]
pub(crate) fn advance<S: Simd, T: Real>(
    simd: S,
    alpha: T,
    [p, q, inverse_e]: [&[T]; 3],
    [x, r, z]: [&mut [T]; 3],
) -> T {
    let width = p.len();
    assert!([q.len(), inverse_e.len(), x.len(), r.len(), z.len()] == [width; 5], "the lengths of a step");
    let lanes = T::lanes::<S>();
    let alpha = T::splat(simd, alpha);
    let mut sum = T::splat(simd, T::ZERO);
    for c in 0..width / lanes {
        let at = c * lanes;
        store::<S, T>(x, at, T::mul_add(simd, alpha, load::<S, T>(p, at), load::<S, T>(x, at)));
        let residual = T::mul_add(simd, alpha, load::<S, T>(q, at), load::<S, T>(r, at));
        let preconditioned = T::times(simd, load::<S, T>(inverse_e, at), residual);
        store::<S, T>(r, at, residual);
        store::<S, T>(z, at, preconditioned);
        sum = T::mul_add(simd, residual, preconditioned, sum);
    }
    T::sum(simd, sum)
}

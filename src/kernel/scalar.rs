//! Plain loops over vectors of any length.

use super::{Real, WIDTH};

/// `a · b`, the same bits on every CPU: products and sums are rounded one by one, in an order that depends on
/// the length alone: [`WIDTH`] partial sums, enough for the compiler to use vector registers. As part of a function that is compiled for some instruction set it uses its registers.
#[inline(always)]
pub(crate) fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    dot_in::<T, T>(a, b)
}

/// `a · b` with products and sums in f64.
#[inline(always)]
pub(crate) fn dot_f64<T: Real>(a: &[T], b: &[T]) -> f64 {
    dot_in::<T, f64>(a, b)
}

#[inline(always)]
fn dot_in<T: Real, A: Real>(a: &[T], b: &[T]) -> A {
    assert_eq!(a.len(), b.len(), "the lengths of a dot product");
    let product = |a: T, b: T| A::from_f64(a.to_f64()) * A::from_f64(b.to_f64());
    let ((a_blocks, a_rest), (b_blocks, b_rest)) = (a.as_chunks::<WIDTH>(), b.as_chunks::<WIDTH>());
    let mut sums = [A::ZERO; WIDTH];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..WIDTH {
            sums[lane] += product(a[lane], b[lane]);
        }
    }
    folded(sums, a_rest.iter().zip(b_rest).fold(A::ZERO, |sum, (&a, &b)| sum + product(a, b)))
}

/// The sum of partial sums, which are folded in half again and again, and of what is left over.
#[inline(always)]
pub(super) fn folded<A: Real>(mut sums: [A; WIDTH], rest: A) -> A {
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
    }
    sums[0] + rest
}

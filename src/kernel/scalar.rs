//! Plain loops over vectors of any length.

use super::Real;

/// How many partial sums a dot product keeps: enough for the compiler to use vector registers.
const LANES: usize = 16;

/// `a · b`, the same bits on every CPU: products and sums are rounded one by one, in an order that depends on
/// the length alone. As part of a function that is compiled for some instruction set it uses its registers.
#[inline(always)]
pub(crate) fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    let [product] = dots_in::<T, T, 1>(a, [b]);
    product
}

/// `a · b` with products and sums in f64.
#[inline(always)]
pub(crate) fn dot_f64<T: Real>(a: &[T], b: &[T]) -> f64 {
    let [product] = dots_in::<T, f64, 1>(a, [b]);
    product
}

/// `a · b` for several `b`, each with the bits of [`dot`]: together they keep more sums under way than one alone.
#[inline(always)]
pub(crate) fn dots<T: Real, const N: usize>(a: &[T], bs: [&[T]; N]) -> [T; N] {
    dots_in::<T, T, N>(a, bs)
}

#[inline(always)]
fn dots_in<T: Real, A: Real, const N: usize>(a: &[T], bs: [&[T]; N]) -> [A; N] {
    for b in bs {
        assert_eq!(a.len(), b.len(), "the lengths of a dot product");
    }
    let product = |a: T, b: T| A::from_f64(a.to_f64()) * A::from_f64(b.to_f64());
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let b_blocks = bs.map(|b| &b.as_chunks::<LANES>().0[..a_blocks.len()]);
    let mut sums = [[A::ZERO; LANES]; N];
    for (block, a) in a_blocks.iter().enumerate() {
        for n in 0..N {
            let b = &b_blocks[n][block];
            for lane in 0..LANES {
                sums[n][lane] += product(a[lane], b[lane]);
            }
        }
    }
    std::array::from_fn(|n| {
        let mut sum = A::ZERO;
        for (&a, &b) in a_rest.iter().zip(bs[n].as_chunks::<LANES>().1) {
            sum += product(a, b);
        }
        for half in [8, 4, 2, 1] {
            for lane in 0..half {
                sums[n][lane] += sums[n][lane + half];
            }
        }
        sums[n][0] + sum
    })
}

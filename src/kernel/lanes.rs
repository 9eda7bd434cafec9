//! Vector registers of either number type, on whatever instruction set `S` stands for.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::any::TypeId;

use pulp::Simd;

/// The vector operations that the kernels are written in.
///
/// `S` is proof that the CPU has the instructions: pulp makes one only after asking it. Everything here is
/// `inline(always)`, so that it becomes part of a function compiled for `S`.
pub trait Lanes: Copy + Sized + 'static {
    /// A vector register.
    type Vector<S: Simd>: Copy;

    /// How many numbers a register holds: a power of two up to [`WIDTH`](super::WIDTH).
    fn lanes<S: Simd>() -> usize;

    /// The same number in every lane.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;

    /// `a b + c`, fused where the CPU can.
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// `a + b`
    fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;

    /// `a b`
    fn times<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;

    /// The sum of the lanes.
    fn sum<S: Simd>(simd: S, a: Self::Vector<S>) -> Self;

    /// The sums of the lanes of four registers.
    #[inline(always)]
    fn sum4<S: Simd>(simd: S, [a, b, c, d]: [Self::Vector<S>; 4]) -> [Self; 4] {
        [Self::sum(simd, a), Self::sum(simd, b), Self::sum(simd, c), Self::sum(simd, d)]
    }
}

/// The numbers at `from[at..]`, as many as there are lanes.
///
/// For kernels alone, whose duty it is: the slice is a multiple of `WIDTH` long and `at` a multiple of the
/// lanes below that, so that the whole register lies inside. Checking here would cost as much as the loads.
#[inline(always)]
pub(super) fn load<S: Simd, T: Lanes>(from: &[T], at: usize) -> T::Vector<S> {
    debug_assert!(at + T::lanes::<S>() <= from.len(), "a load past the end");
    // SAFETY: the register lies inside by the duty above; a vector of floats has no invalid bits.
    unsafe { from.as_ptr().add(at).cast::<T::Vector<S>>().read_unaligned() }
}

/// Writes a register to `to[at..]`, under the same duty as [`load`].
#[inline(always)]
pub(super) fn store<S: Simd, T: Lanes>(to: &mut [T], at: usize, value: T::Vector<S>) {
    debug_assert!(at + T::lanes::<S>() <= to.len(), "a store past the end");
    // SAFETY: as for `load`.
    unsafe { to.as_mut_ptr().add(at).cast::<T::Vector<S>>().write_unaligned(value) }
}

macro_rules! lanes {
    ($float:ident, $vector:ident, $lanes:ident, $splat:ident, $fma:ident, $add:ident, $mul:ident, $sum:ident
     $(, $sum4:item)?) => {
        impl Lanes for $float {
            type Vector<S: Simd> = S::$vector;
            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$lanes
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$fma(a, b, c)
            }
            #[inline(always)]
            fn plus<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn times<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$mul(a, b)
            }
            #[inline(always)]
            fn sum<S: Simd>(simd: S, a: S::$vector) -> Self {
                simd.$sum(a)
            }
            $($sum4)?
        }
    };
}

lanes!(
    f64,
    f64s,
    F64_LANES,
    splat_f64s,
    mul_add_e_f64s,
    add_f64s,
    mul_f64s,
    reduce_sum_f64s,
    #[inline(always)]
    fn sum4<S: Simd>(simd: S, a: [S::f64s; 4]) -> [Self; 4] {
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = as_v3(simd) {
            // SAFETY: S is V3, so its vectors are the 256-bit registers.
            let a = unsafe { std::mem::transmute_copy::<[S::f64s; 4], [std::arch::x86_64::__m256d; 4]>(&a) };
            return sum4_avx2_f64(v3, a);
        }
        #[cfg(target_arch = "aarch64")]
        if super::neon::is_neon(simd) {
            return super::neon::sum4_f64::<S>(a);
        }
        a.map(|a| Self::sum(simd, a))
    }
);
lanes!(
    f32,
    f32s,
    F32_LANES,
    splat_f32s,
    mul_add_e_f32s,
    add_f32s,
    mul_f32s,
    reduce_sum_f32s,
    #[inline(always)]
    fn sum4<S: Simd>(simd: S, a: [S::f32s; 4]) -> [Self; 4] {
        #[cfg(target_arch = "x86_64")]
        if let Some(v4) = as_v4(simd) {
            // SAFETY: S is V4, so its vectors are the 512-bit registers.
            let a = unsafe { std::mem::transmute_copy::<[S::f32s; 4], [std::arch::x86_64::__m512; 4]>(&a) };
            return sum4_avx512(v4, a);
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = as_v3(simd) {
            // SAFETY: S is V3, so its vectors are the 256-bit registers.
            let a = unsafe { std::mem::transmute_copy::<[S::f32s; 4], [std::arch::x86_64::__m256; 4]>(&a) };
            return sum4_avx2(v3, a);
        }
        #[cfg(target_arch = "aarch64")]
        if super::neon::is_neon(simd) {
            return super::neon::sum4::<S>(a);
        }
        a.map(|a| Self::sum(simd, a))
    }
);

/// The AVX-512 token, if that is what `simd` is. Decided when the function is compiled for `S`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn as_v4<S: Simd>(simd: S) -> Option<pulp::x86::V4> {
    token(simd)
}

/// The AVX2 token, likewise. Whatever is compiled for it runs with F16C as well: [`dispatch`](super::dispatch) sees to it.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn as_v3<S: Simd>(simd: S) -> Option<pulp::x86::V3> {
    token(simd)
}

/// How many vector registers there are, for tiles that stay in them.
#[inline(always)]
pub(super) fn registers<S: Simd>(simd: S) -> usize {
    #[cfg(target_arch = "x86_64")]
    if as_v4(simd).is_none() {
        return 16;
    }
    let _ = simd;
    32
}

/// `simd` as what it is, if that is a `V`.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
pub(super) fn token<S: Simd, V: Simd>(simd: S) -> Option<V> {
    if TypeId::of::<S>() == TypeId::of::<V>() {
        // SAFETY: the two types are the same one.
        Some(unsafe { std::mem::transmute_copy::<S, V>(&simd) })
    } else {
        None
    }
}

/// Four sums by three levels of adding shuffled halves: 13 instructions instead of 4 times 8.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn sum4_avx512(simd: pulp::x86::V4, [a, b, c, d]: [std::arch::x86_64::__m512; 4]) -> [f32; 4] {
    let (f, sse) = (simd.avx512f, simd.sse);
    let ab = f._mm512_add_ps(f._mm512_unpacklo_ps(a, b), f._mm512_unpackhi_ps(a, b));
    let cd = f._mm512_add_ps(f._mm512_unpacklo_ps(c, d), f._mm512_unpackhi_ps(c, d));
    let (ab, cd) = (f._mm512_castps_pd(ab), f._mm512_castps_pd(cd));
    let low = f._mm512_castpd_ps(f._mm512_unpacklo_pd(ab, cd));
    let high = f._mm512_castpd_ps(f._mm512_unpackhi_pd(ab, cd));
    // Each quarter now holds partial sums of a, b, c, d in this order.
    let quarters = f._mm512_add_ps(low, high);
    let halves = simd.avx._mm256_add_ps(
        f._mm512_castps512_ps256(quarters),
        simd.avx512dq._mm512_extractf32x8_ps::<1>(quarters),
    );
    let sums =
        sse._mm_add_ps(simd.avx._mm256_castps256_ps128(halves), simd.avx._mm256_extractf128_ps::<1>(halves));
    // SAFETY: both are 16 bytes of floats.
    unsafe { std::mem::transmute::<std::arch::x86_64::__m128, [f32; 4]>(sums) }
}

/// Likewise.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn sum4_avx2(simd: pulp::x86::V3, [a, b, c, d]: [std::arch::x86_64::__m256; 4]) -> [f32; 4] {
    let (avx, sse) = (simd.avx, simd.sse);
    let ab = avx._mm256_add_ps(avx._mm256_unpacklo_ps(a, b), avx._mm256_unpackhi_ps(a, b));
    let cd = avx._mm256_add_ps(avx._mm256_unpacklo_ps(c, d), avx._mm256_unpackhi_ps(c, d));
    let (ab, cd) = (avx._mm256_castps_pd(ab), avx._mm256_castps_pd(cd));
    let low = avx._mm256_castpd_ps(avx._mm256_unpacklo_pd(ab, cd));
    let high = avx._mm256_castpd_ps(avx._mm256_unpackhi_pd(ab, cd));
    let halves = avx._mm256_add_ps(low, high);
    let sums = sse._mm_add_ps(avx._mm256_castps256_ps128(halves), avx._mm256_extractf128_ps::<1>(halves));
    // SAFETY: both are 16 bytes of floats.
    unsafe { std::mem::transmute::<std::arch::x86_64::__m128, [f32; 4]>(sums) }
}

/// Likewise.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn sum4_avx2_f64(simd: pulp::x86::V3, [a, b, c, d]: [std::arch::x86_64::__m256d; 4]) -> [f64; 4] {
    let avx = simd.avx;
    let ab = avx._mm256_add_pd(avx._mm256_unpacklo_pd(a, b), avx._mm256_unpackhi_pd(a, b));
    let cd = avx._mm256_add_pd(avx._mm256_unpacklo_pd(c, d), avx._mm256_unpackhi_pd(c, d));
    let low = avx._mm256_permute2f128_pd::<0x20>(ab, cd);
    let high = avx._mm256_permute2f128_pd::<0x31>(ab, cd);
    let sums = avx._mm256_add_pd(low, high);
    // SAFETY: both are 32 bytes of floats.
    unsafe { std::mem::transmute::<std::arch::x86_64::__m256d, [f64; 4]>(sums) }
}

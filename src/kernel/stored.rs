//! How the rows that are gathered lie in memory: in full, or as halves of f32.

use half::f16;
use pulp::Simd;

use super::Real;
use super::lanes::{load, store};

/// A number as it is stored for gathering; read into registers of `T`.
pub trait Stored<T: Real>: Copy + Send + Sync + 'static {
    /// Zero.
    const NOTHING: Self;

    /// The numbers at `from[at..]`, as many as `T` has lanes.
    ///
    /// # Safety
    /// So many numbers lie there.
    unsafe fn load<S: Simd>(simd: S, from: &[Self], at: usize) -> T::Vector<S>;

    /// Rounds a register and writes it to `to[at..]`.
    ///
    /// # Safety
    /// So many numbers lie there.
    unsafe fn store<S: Simd>(simd: S, to: &mut [Self], at: usize, value: T::Vector<S>);
}

/// [`Stored::load`] for kernels, under the same duty as [`load`].
#[inline(always)]
pub(crate) fn read<S: Simd, T: Real, G: Stored<T>>(simd: S, from: &[G], at: usize) -> T::Vector<S> {
    debug_assert!(at + T::lanes::<S>() <= from.len(), "a load past the end");
    // SAFETY: the caller's duty.
    unsafe { G::load(simd, from, at) }
}

/// [`Stored::store`] for kernels, under the same duty as [`load`].
#[inline(always)]
pub(crate) fn write<S: Simd, T: Real, G: Stored<T>>(simd: S, to: &mut [G], at: usize, value: T::Vector<S>) {
    debug_assert!(at + T::lanes::<S>() <= to.len(), "a store past the end");
    // SAFETY: the caller's duty.
    unsafe { G::store(simd, to, at, value) }
}

impl<T: Real> Stored<T> for T {
    const NOTHING: Self = T::ZERO;

    #[inline(always)]
    unsafe fn load<S: Simd>(_: S, from: &[Self], at: usize) -> T::Vector<S> {
        load::<S, T>(from, at)
    }

    #[inline(always)]
    unsafe fn store<S: Simd>(_: S, to: &mut [Self], at: usize, value: T::Vector<S>) {
        store::<S, T>(to, at, value);
    }
}

/// The bits of a number in half precision (IEEE 754 binary16): 11 significant ones, half the memory traffic.
/// A plain integer, because a vector of zeros of those comes from the system without being written.
pub(crate) type Half = u16;

impl Stored<f32> for Half {
    const NOTHING: Self = 0;

    #[inline(always)]
    unsafe fn load<S: Simd>(simd: S, from: &[Self], at: usize) -> S::f32s {
        #[cfg(target_arch = "x86_64")]
        if let Some(v4) = super::lanes::as_v4(simd) {
            // SAFETY: the whole register lies inside, as the caller has seen to: 16 halves, which are 256 bits. S is
            // V4, whose vectors are the 512-bit registers.
            unsafe {
                let bits = from.as_ptr().add(at).cast::<std::arch::x86_64::__m256i>().read_unaligned();
                return std::mem::transmute_copy(&v4.avx512f._mm512_cvtph_ps(bits));
            }
        }
        #[cfg(target_arch = "x86_64")]
        if super::lanes::as_v3(simd).is_some() {
            // SAFETY: likewise, 8 halves, which are 128 bits. S is V3, whose vectors are the 256-bit registers, and which
            // is run together with F16C.
            unsafe {
                let bits = from.as_ptr().add(at).cast::<std::arch::x86_64::__m128i>().read_unaligned();
                return std::mem::transmute_copy(&std::arch::x86_64::_mm256_cvtph_ps(bits));
            }
        }
        #[cfg(target_arch = "aarch64")]
        if super::neon::is_neon(simd) {
            // SAFETY: likewise, 4 halves.
            return unsafe { super::neon::widened::<S>(from.as_ptr().add(at)) };
        }
        let _ = simd;
        let mut wide = [0.0; super::WIDTH];
        for (wide, half) in wide.iter_mut().zip(&from[at..at + S::F32_LANES]) {
            *wide = f16::from_bits(*half).to_f32_const();
        }
        load::<S, f32>(&wide, 0)
    }

    #[inline(always)]
    unsafe fn store<S: Simd>(simd: S, to: &mut [Self], at: usize, value: S::f32s) {
        let lanes = S::F32_LANES;
        let to = &mut to[at..at + lanes];
        #[cfg(target_arch = "x86_64")]
        if let Some(v4) = super::lanes::as_v4(simd) {
            use std::arch::x86_64::{__m256i, _MM_FROUND_TO_NEAREST_INT};
            // SAFETY: as in `load`.
            unsafe {
                let bits =
                    v4.avx512f._mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(std::mem::transmute_copy(&value));
                to.as_mut_ptr().cast::<__m256i>().write_unaligned(bits);
            }
            return;
        }
        #[cfg(target_arch = "x86_64")]
        if super::lanes::as_v3(simd).is_some() {
            use std::arch::x86_64::{__m128i, _MM_FROUND_TO_NEAREST_INT, _mm256_cvtps_ph};
            // SAFETY: as in `load`.
            unsafe {
                let bits = _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(std::mem::transmute_copy(&value));
                to.as_mut_ptr().cast::<__m128i>().write_unaligned(bits);
            }
            return;
        }
        #[cfg(target_arch = "aarch64")]
        if super::neon::is_neon(simd) {
            // SAFETY: as in `load`.
            unsafe { super::neon::halved::<S>(value, to.as_mut_ptr()) };
            return;
        }
        let _ = simd;
        let mut wide = [0.0; super::WIDTH];
        store::<S, f32>(&mut wide, 0, value);
        for (half, &wide) in to.iter_mut().zip(&wide) {
            *half = f16::from_f32_const(wide).to_bits();
        }
    }
}

/// Rounds numbers, a multiple of [`WIDTH`](super::WIDTH) of them, to how they are stored.
pub(crate) fn compact<T: Real, G: Stored<T>>(from: &[T], to: &mut [G]) {
    struct Compact<'a, T, G>(&'a [T], &'a mut [G]);
    impl<T: Real, G: Stored<T>> pulp::WithSimd for Compact<'_, T, G> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            for at in (0..self.0.len()).step_by(T::lanes::<S>()) {
                write::<S, T, G>(simd, self.1, at, load::<S, T>(self.0, at));
            }
        }
    }
    assert!(from.len() == to.len() && from.len().is_multiple_of(super::WIDTH), "the lengths of a rounding");
    super::dispatch(Compact(from, to));
}

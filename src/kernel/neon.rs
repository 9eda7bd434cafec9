//! What has a form of its own on 64-bit Arm. Every CPU of that kind has these instructions.

use std::arch::aarch64::{
    float32x4_t, float64x2_t, uint16x4_t, uint32x4_t, vaddvq_u32, vandq_u32, vcltq_f32, vmvnq_u32,
    vpaddq_f32, vpaddq_f64,
};
use std::arch::asm;

use pulp::Simd;
use pulp::aarch64::Neon;

use super::lanes::token;

/// Whether `simd` is NEON. Decided when the function is compiled for `S`.
#[inline(always)]
pub(super) fn is_neon<S: Simd>(simd: S) -> bool {
    token::<S, Neon>(simd).is_some()
}

/// The sums of the lanes of four registers of NEON: each addition takes neighbours together.
#[inline(always)]
pub(super) fn sum4<S: Simd>(a: [S::f32s; 4]) -> [f32; 4] {
    // SAFETY: the vectors of NEON are the 128-bit registers, all of whose bits are floats.
    unsafe {
        let [a, b, c, d] = std::mem::transmute_copy::<[S::f32s; 4], [float32x4_t; 4]>(&a);
        let sums = vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d));
        std::mem::transmute::<float32x4_t, [f32; 4]>(sums)
    }
}

/// Likewise.
#[inline(always)]
pub(super) fn sum4_f64<S: Simd>(a: [S::f64s; 4]) -> [f64; 4] {
    // SAFETY: as in `sum4`.
    unsafe {
        let [a, b, c, d] = std::mem::transmute_copy::<[S::f64s; 4], [float64x2_t; 4]>(&a);
        std::mem::transmute::<[float64x2_t; 2], [f64; 4]>([vpaddq_f64(a, b), vpaddq_f64(c, d)])
    }
}

/// One bit for each lane of `a` that is not below that of `b`; NaN is not below anything.
#[inline(always)]
pub(super) fn not_below<S: Simd>(a: S::f32s, b: S::f32s) -> u32 {
    // SAFETY: as in `sum4`; any bits are integers.
    unsafe {
        let [a, b] = std::mem::transmute_copy::<[S::f32s; 2], [float32x4_t; 2]>(&[a, b]);
        let bits = std::mem::transmute::<[u32; 4], uint32x4_t>([1, 2, 4, 8]);
        vaddvq_u32(vandq_u32(vmvnq_u32(vcltq_f32(a, b)), bits))
    }
}

/// Four halves, widened.
///
/// # Safety
/// `from` has four.
#[inline(always)]
pub(super) unsafe fn widened<S: Simd>(from: *const u16) -> S::f32s {
    // SAFETY: the caller's duty; the instruction is one of the first version of the architecture, and the vectors of
    // NEON are the 128-bit registers. Its intrinsic takes a type that is not stable.
    unsafe {
        let bits = from.cast::<uint16x4_t>().read_unaligned();
        let wide: float32x4_t;
        asm!("fcvtl {0:v}.4s, {1:v}.4h", out(vreg) wide, in(vreg) bits, options(pure, nomem, nostack));
        std::mem::transmute_copy(&wide)
    }
}

/// Four numbers rounded to halves.
///
/// # Safety
/// There is room for four.
#[inline(always)]
pub(super) unsafe fn halved<S: Simd>(value: S::f32s, to: *mut u16) {
    // SAFETY: as in `widened`.
    unsafe {
        let wide: float32x4_t = std::mem::transmute_copy(&value);
        let bits: uint16x4_t;
        asm!("fcvtn {0:v}.4h, {1:v}.4s", out(vreg) bits, in(vreg) wide, options(pure, nomem, nostack));
        to.cast::<uint16x4_t>().write_unaligned(bits);
    }
}

/// Asks for the line of memory that this address lies in, into the second-level cache.
#[inline(always)]
pub(super) fn prefetch(address: *const i8) {
    // SAFETY: a prefetch reads nothing that could be seen, and never fails.
    unsafe {
        asm!("prfm pldl2keep, [{}]", in(reg) address, options(readonly, nostack, preserves_flags));
    }
}

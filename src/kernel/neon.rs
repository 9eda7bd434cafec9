//! What has a form of its own on 64-bit Arm. Every CPU of that kind has these instructions.

use std::arch::aarch64::{
    float32x4_t, float64x2_t, uint8x16_t, uint16x4_t, uint16x8_t, vaddvq_u16, vandq_u8, vandq_u16, vceqq_u8,
    vcgeq_s16, vdupq_n_s8, vdupq_n_s16, vdupq_n_u8, vdupq_n_u32, vget_low_s8, vld1q_s8, vmlal_high_s8,
    vmlal_s8, vpaddq_f32, vpaddq_f64, vpaddq_s16, vpaddq_u8, vreinterpretq_s8_u32, vst1q_s16, vsubq_s8,
};
use std::arch::asm;

use pulp::Simd;
use pulp::aarch64::Neon;

use super::lanes::token;
use super::screen::{OFFSET, PANEL};

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

/// One query of a [`Screen`](super::screen::Screen): a bit for each candidate whose sum is not below the bound, and the sums.
///
/// The sums of the four coordinates that lie beside each other stay apart until the end; each fits into 16 bits, as the
/// whole does. `panel` and `query` have lengths that belong together.
#[inline(always)]
pub(super) fn screen(panel: &[i8], query: &[u8], bound: i16, sums: &mut [i16; PANEL]) -> u32 {
    const QUARTERS: usize = 8;
    assert_eq!(panel.len(), query.len() * PANEL, "the length of a panel");
    // SAFETY: every CPU of this kind has NEON; each load is of 16 of the 128 bytes for four coordinates, each store of 8
    // of 32 numbers.
    unsafe {
        let offset = vdupq_n_s8(OFFSET as i8);
        let mut totals = [[vdupq_n_s16(0); 2]; QUARTERS];
        for (four, candidates) in query.as_chunks::<4>().0.iter().zip(panel.as_chunks::<128>().0) {
            let query = vsubq_s8(vreinterpretq_s8_u32(vdupq_n_u32(u32::from_ne_bytes(*four))), offset);
            for quarter in 0..QUARTERS {
                let candidates = vld1q_s8(candidates.as_ptr().add(16 * quarter));
                let [low, high] = totals[quarter];
                totals[quarter] = [
                    vmlal_s8(low, vget_low_s8(candidates), vget_low_s8(query)),
                    vmlal_high_s8(high, candidates, query),
                ];
            }
        }
        let of_four = totals.map(|[low, high]| vpaddq_s16(low, high));
        let bits = std::mem::transmute::<[u16; 8], uint16x8_t>([1, 2, 4, 8, 16, 32, 64, 128]);
        let mut mask = 0;
        // The candidates of a quarter of a panel are those of `place`.
        for (eighth, [a, b]) in [[0, 2], [4, 6], [1, 3], [5, 7]].into_iter().enumerate() {
            let whole = vpaddq_s16(of_four[a], of_four[b]);
            vst1q_s16(sums.as_mut_ptr().add(8 * eighth), whole);
            let passed = vandq_u16(vcgeq_s16(whole, vdupq_n_s16(bound)), bits);
            mask |= u32::from(vaddvq_u16(passed)) << (8 * eighth);
        }
        mask
    }
}

/// A bit for each byte that is the wanted one.
#[inline(always)]
pub(super) fn equal(bytes: &[u8; 64], wanted: u8) -> u64 {
    // SAFETY: every CPU of this kind has NEON; any bits are integers.
    unsafe {
        let quarters = std::mem::transmute::<[u8; 64], [uint8x16_t; 4]>(*bytes);
        let bits = std::mem::transmute::<[u64; 2], uint8x16_t>([0x8040_2010_0804_0201; 2]);
        let [a, b, c, d] = quarters.map(|quarter| vandq_u8(vceqq_u8(quarter, vdupq_n_u8(wanted)), bits));
        let eighths = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
        let [words, _] = std::mem::transmute::<uint8x16_t, [u64; 2]>(vpaddq_u8(eighths, eighths));
        words
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

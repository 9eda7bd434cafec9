//! Where in bytes one of two stands: what splitting lines into fields begins with.

use pulp::Simd;

use super::{WithSimd, dispatch};

/// Bytes that a word has bits for.
pub(crate) const BYTES: usize = 64;

/// Appends a bit for each byte that is `a` or `b`, the first one lowest; the last word may have bits to spare. Returns how many are `b`.
pub(crate) fn marks(bytes: &[u8], a: u8, b: u8, words: &mut Vec<u64>) -> usize {
    dispatch(Mark { bytes, a, b, words })
}

struct Mark<'a> {
    bytes: &'a [u8],
    a: u8,
    b: u8,
    words: &'a mut Vec<u64>,
}

impl WithSimd for Mark<'_> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let Self { bytes, a, b, words } = self;
        let (blocks, rest) = bytes.as_chunks::<BYTES>();
        let mut count = 0;
        let before = words.len();
        // Room first: behind a branch the compiler would take the bits apart, and put bytes together of them.
        words.resize(before + blocks.len(), 0);
        for (bytes, word) in blocks.iter().zip(&mut words[before..]) {
            let (of_a, of_b) = (equal(simd, bytes, a), equal(simd, bytes, b));
            count += of_b.count_ones() as usize;
            *word = of_a | of_b;
        }
        if !rest.is_empty() {
            let mut bytes = [0; BYTES];
            bytes[..rest.len()].copy_from_slice(rest);
            let inside = (1 << rest.len()) - 1;
            let (of_a, of_b) = (equal(simd, &bytes, a) & inside, equal(simd, &bytes, b) & inside);
            count += of_b.count_ones() as usize;
            words.push(of_a | of_b);
        }
        count
    }
}

/// A bit for each byte that is the wanted one.
#[inline(always)]
fn equal<S: Simd>(simd: S, bytes: &[u8; BYTES], wanted: u8) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if super::lanes::as_v3(simd).is_some() || super::lanes::as_v4(simd).is_some() {
        // SAFETY: S proves AVX2, of which AVX-512 is an extension.
        return unsafe { equal_avx2(bytes, wanted) };
    }
    #[cfg(target_arch = "aarch64")]
    if super::neon::is_neon(simd) {
        return super::neon::equal(bytes, wanted);
    }
    let _ = simd;
    bytes.iter().enumerate().fold(0, |bits, (at, &byte)| bits | u64::from(byte == wanted) << at)
}

/// No closure: one would be compiled without AVX2, and each instruction become a call.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn equal_avx2(bytes: &[u8; BYTES], wanted: u8) -> u64 {
    use std::arch::x86_64::{_mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8};
    // Loaded from where they are: as an array that is copied, they would be put together byte by byte.
    // SAFETY: both are 32 of the 64 bytes.
    let (low, high) = unsafe {
        (_mm256_loadu_si256(bytes.as_ptr().cast()), _mm256_loadu_si256(bytes.as_ptr().add(32).cast()))
    };
    let wanted = _mm256_set1_epi8(wanted.cast_signed());
    let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)).cast_unsigned();
    let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)).cast_unsigned();
    u64::from(low) | u64::from(high) << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::cpu::{on, supported};

    #[test]
    fn every_mark_has_its_bit_and_no_other_byte_has() {
        for length in [0, 1, 63, 64, 65, 200] {
            // Among them the byte that fills up the last block.
            for (a, b) in [(b'\t', b'\n'), (0, 7), (200, 0)] {
                let bytes: Vec<u8> = (0..length).map(|at| [a, b, b'x', 0, 255][at * at % 7 % 5]).collect();
                let expected = |wanted: &dyn Fn(u8) -> bool| -> Vec<usize> {
                    (0..length).filter(|&at| wanted(bytes[at])).collect()
                };
                for (name, arch) in supported() {
                    let mut words = vec![];
                    let count = on(arch, Mark { bytes: &bytes, a, b, words: &mut words });
                    let found: Vec<usize> = (0..words.len() * BYTES)
                        .filter(|at| words[at / BYTES] >> (at % BYTES) & 1 != 0)
                        .collect();
                    assert_eq!(found, expected(&|byte| byte == a || byte == b), "{name}, {length} bytes");
                    assert_eq!(count, expected(&|byte| byte == b).len(), "{name}, {length} bytes");
                    assert_eq!(words.len(), length.div_ceil(BYTES));
                }
            }
        }
    }
}

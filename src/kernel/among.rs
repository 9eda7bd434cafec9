//! Which ids of a list are among some others: a bit for each.

use pulp::Simd;

#[cfg(target_arch = "x86_64")]
use super::lanes::{as_v3, as_v4};

/// Ids that are looked at together: the bits of a `u32`.
pub(crate) const IDS: usize = 32;

/// A bit for each of the ids that is among `wanted`. Every one is compared with every other: for few of them.
#[inline(always)]
pub(crate) fn among<S: Simd>(simd: S, ids: &[i32; IDS], wanted: &[i32]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{__m256i, __m512i};
        if let Some(v4) = as_v4(simd) {
            let ids: [__m512i; 2] = pulp::cast(*ids);
            let mut found = [0; 2];
            for &id in wanted {
                let id = v4.avx512f._mm512_set1_epi32(id);
                for half in 0..2 {
                    found[half] |= v4.avx512f._mm512_cmpeq_epi32_mask(ids[half], id);
                }
            }
            return u32::from(found[0]) | u32::from(found[1]) << 16;
        }
        if let Some(v3) = as_v3(simd) {
            let ids: [__m256i; 4] = pulp::cast(*ids);
            let mut found = [v3.avx._mm256_setzero_si256(); 4];
            for &id in wanted {
                let id = v3.avx._mm256_set1_epi32(id);
                for quarter in 0..4 {
                    let equal = v3.avx2._mm256_cmpeq_epi32(ids[quarter], id);
                    found[quarter] = v3.avx2._mm256_or_si256(found[quarter], equal);
                }
            }
            let mut bits = 0;
            for quarter in (0..4).rev() {
                let mask = v3.avx._mm256_movemask_ps(v3.avx._mm256_castsi256_ps(found[quarter]));
                bits = bits << 8 | mask as u32;
            }
            return bits;
        }
    }
    let _ = simd;
    let mut found = [0_i32; IDS];
    for &id in wanted {
        for at in 0..IDS {
            found[at] |= -i32::from(ids[at] == id);
        }
    }
    (0..IDS).fold(0, |bits, at| bits | (found[at] as u32 & 1) << at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::WithSimd;
    use crate::kernel::cpu::{on, supported};

    struct Among<'a>(&'a [i32; IDS], &'a [i32]);

    impl WithSimd for Among<'_> {
        type Output = u32;
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> u32 {
            among(simd, self.0, self.1)
        }
    }

    proptest! {
        #[test]
        fn ids_are_found_as_one_by_one(
            ids in prop::array::uniform32(-2..40_i32), wanted in prop::collection::vec(-1..60_i32, 0..50),
        ) {
            let expected = (0..IDS).fold(0, |bits, at| bits | u32::from(wanted.contains(&ids[at])) << at);
            for (name, arch) in supported() {
                prop_assert_eq!(on(arch, Among(&ids, &wanted)), expected, "{}", name);
            }
        }
    }
}

//! Which of many candidates can score at least so much with a few queries: the inner loop of every search.
//!
//! Both sides are small integers. Their products are summed up in 16 bits, four coordinates of a candidate beside each
//! other, and these sums may well wrap: the whole sum is known to fit (by the inequality of Cauchy and Schwarz, as
//! [`LONGEST`]² < 2¹⁵), and adding modulo 2¹⁶ ends at the right number whatever it passes. So 32 products take two
//! instructions with AVX2, where products of f32 take four, and read a quarter of the memory.
//!
//! Candidates lie in panels of [`PANEL`]: four coordinates of each one after the other, in the order of [`place`], then the
//! next four. A tile of queries and candidates stays in registers while the coordinates run, and is compared there.

use pulp::Simd;

/// Candidates in a panel.
pub(crate) const PANEL: usize = 32;

/// Queries that share the reading of a panel.
pub(crate) const QUERIES: usize = 8;

/// The longest that a vector of bytes may be, on either side.
pub(crate) const LONGEST: f64 = 181.0;

/// The largest coordinate of a query: plus [`OFFSET`] two of them times two of a candidate's fit into 16 bits.
pub(crate) const LARGEST_OF_QUERY: f64 = 63.0;

/// The largest coordinate of a candidate.
pub(crate) const LARGEST_OF_CANDIDATE: f64 = 127.0;

/// What is added to the coordinates of queries: AVX2 multiplies unsigned bytes by signed ones.
pub(crate) const OFFSET: u8 = 64;

/// Coordinates that lie beside each other.
const FOUR: usize = 4;

/// No sum is below the least of these bounds or reaches the greatest.
const BOUNDS: [f64; 2] = [-32_766.0, 32_766.0];

/// Where a candidate lies in a panel: with AVX2, where neighbours are summed up and packed within halves of registers, its
/// bit is then in its place.
pub(crate) const fn place(lane: usize) -> usize {
    lane % 16 / 4 * 8 + lane / 16 * 4 + lane % 4
}

/// How many bytes a vector of `f` coordinates takes: two fours are a turn of the inner loop.
pub(crate) const fn bytes(f: usize) -> usize {
    f.next_multiple_of(2 * FOUR)
}

/// Where coordinate `k` of a candidate lies in a panel.
#[inline(always)]
pub(crate) fn panel_at(lane: usize, k: usize) -> usize {
    (k / FOUR * PANEL + place(lane)) * FOUR + k % FOUR
}

/// The least sum that is not below this number; NaN is below every sum.
///
/// Written so that the compiler does several at once: the integer is read from the last bits of a sum that has no others.
#[inline(always)]
pub(crate) fn least_sum(bound: f64) -> i16 {
    const UNITS: f64 = 1.5 * (1_u64 << 52) as f64;
    let bound = if bound >= BOUNDS[0] { bound.min(BOUNDS[1]) } else { BOUNDS[0] };
    (bound.ceil() + UNITS).to_bits() as i16
}

/// A panel, and what it takes to multiply by it.
#[derive(Clone, Copy)]
pub(crate) struct Screen<'a> {
    /// `PANEL` candidates of [`bytes`] bytes, none longer than [`LONGEST`].
    pub(crate) panel: &'a [i8],
    /// In the order of the panel, the sum of each candidate's coordinates, times −[`OFFSET`] modulo 2¹⁶.
    pub(crate) starts: &'a [u16],
}

impl Screen<'_> {
    /// For each of up to [`QUERIES`] queries, a bit for each candidate whose sum of products is not below its bound. The
    /// sums of such candidates go to `sums`. Returns whether there is any.
    ///
    /// `queries` are rows of as many bytes as a candidate has, plus [`OFFSET`], none longer than [`LONGEST`] without it.
    #[inline(always)]
    pub(crate) fn run<S: Simd>(
        &self,
        simd: S,
        queries: &[u8],
        bounds: &[i16],
        masks: &mut [u32; QUERIES],
        sums: &mut [[i16; PANEL]; QUERIES],
    ) -> bool {
        let (count, width) = (bounds.len(), self.panel.len() / PANEL);
        assert!(
            self.panel.len() == width * PANEL && width.is_multiple_of(2 * FOUR) && self.starts.len() == PANEL,
            "the lengths of a panel"
        );
        assert!(count <= QUERIES && queries.len() == count * width, "the lengths of the queries");
        #[cfg(target_arch = "x86_64")]
        if super::lanes::as_v3(simd).is_some() || super::lanes::as_v4(simd).is_some() {
            // SAFETY: S proves AVX2, of which AVX-512 is an extension.
            return unsafe { avx2(*self, queries, bounds, masks, sums) };
        }
        let _ = simd;
        for (m, query) in queries.chunks_exact(width.max(1)).enumerate() {
            #[cfg(target_arch = "aarch64")]
            if super::neon::is_neon(simd) {
                masks[m] = super::neon::screen(self.panel, query, bounds[m], &mut sums[m]);
                continue;
            }
            masks[m] = self.plain(query, bounds[m], &mut sums[m]);
        }
        masks[..count].iter().any(|&mask| mask != 0)
    }

    /// One query, written down as what it is.
    #[inline(always)]
    pub(super) fn plain(&self, query: &[u8], bound: i16, sums: &mut [i16; PANEL]) -> u32 {
        let mut placed = [0_i32; PANEL];
        for (panel, query) in self.panel.as_chunks::<{ PANEL * FOUR }>().0.iter().zip(query.as_chunks().0) {
            let query: [u8; FOUR] = *query;
            for (sum, candidate) in placed.iter_mut().zip(panel.as_chunks::<FOUR>().0) {
                for k in 0..FOUR {
                    *sum += (i32::from(query[k]) - i32::from(OFFSET)) * i32::from(candidate[k]);
                }
            }
        }
        let mut mask = 0;
        for lane in 0..PANEL {
            sums[lane] = placed[place(lane)] as i16;
            mask |= u32::from(sums[lane] >= bound) << lane;
        }
        mask
    }
}

/// Four queries at a time, and what is left one by one.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(
    screen: Screen<'_>,
    queries: &[u8],
    bounds: &[i16],
    masks: &mut [u32; QUERIES],
    sums: &mut [[i16; PANEL]; QUERIES],
) -> bool {
    const M: usize = 4;
    let width = screen.panel.len() / PANEL;
    masks.fill(0);
    let (fours, rest) = bounds.as_chunks::<M>();
    for (four, bounds) in fours.iter().enumerate() {
        let m = M * four;
        for half in 0..2 {
            let (queries, masks, sums) = (&queries[m * width..], &mut masks[m..], &mut sums[m..]);
            avx2_tile::<M, 1>(screen, half, queries, bounds, masks, sums);
        }
    }
    for (m, bound) in (M * fours.len()..).zip(rest) {
        // A single query mostly reads from memory: in one go.
        let (queries, masks, sums) = (&queries[m * width..], &mut masks[m..], &mut sums[m..]);
        avx2_tile::<1, 2>(screen, 0, queries, &[*bound], masks, sums);
    }
    *masks != [0; QUERIES]
}

/// `M` queries by `H` halves of a panel, two registers each. Adds their bits.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn avx2_tile<const M: usize, const H: usize>(
    Screen { panel, starts }: Screen<'_>,
    first: usize,
    queries: &[u8],
    bounds: &[i16; M],
    masks: &mut [u32],
    sums: &mut [[i16; PANEL]],
) {
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm_storeu_si128, _mm256_add_epi16, _mm256_castsi256_si128,
        _mm256_cmpgt_epi16, _mm256_cvtepu16_epi32, _mm256_extracti128_si256, _mm256_hadd_epi16,
        _mm256_loadu_si256, _mm256_maddubs_epi16, _mm256_movemask_epi8, _mm256_packs_epi16,
        _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256,
    };
    let width = panel.len() / PANEL;
    assert!(starts.len() == PANEL && first + H <= 2 && queries.len() >= M * width, "the lengths of a tile");
    let mut totals = [[[_mm256_setzero_si256(); 2]; H]; M];
    for h in 0..H {
        for v in 0..2 {
            // SAFETY: eight of the 32 numbers.
            let eight = unsafe { _mm_loadu_si128(starts.as_ptr().add(16 * (first + h) + 8 * v).cast()) };
            for m in 0..M {
                totals[m][h][v] = _mm256_cvtepu16_epi32(eight);
            }
        }
    }
    for turn in (0..width).step_by(2 * FOUR) {
        for k in [turn, turn + FOUR] {
            let mut candidates: [[__m256i; 2]; H] = [[_mm256_setzero_si256(); 2]; H];
            for h in 0..H {
                for v in 0..2 {
                    let at = k * PANEL + 64 * (first + h) + 32 * v;
                    // SAFETY: each four of the width have 128 bytes, of which this is one of four times 32.
                    candidates[h][v] = unsafe { _mm256_loadu_si256(panel.as_ptr().add(at).cast()) };
                }
            }
            for m in 0..M {
                // SAFETY: k + 4 <= width, and there are M rows of that width.
                let query = _mm256_set1_epi32(unsafe {
                    queries.as_ptr().add(m * width + k).cast::<i32>().read_unaligned()
                });
                for h in 0..H {
                    for v in 0..2 {
                        let products = _mm256_maddubs_epi16(query, candidates[h][v]);
                        totals[m][h][v] = _mm256_add_epi16(totals[m][h][v], products);
                    }
                }
            }
        }
    }
    for m in 0..M {
        let below = _mm256_set1_epi16(bounds[m] - 1);
        for h in 0..H {
            let [a, b] = totals[m][h];
            let whole = _mm256_hadd_epi16(a, b);
            let passed = _mm256_packs_epi16(_mm256_cmpgt_epi16(whole, below), _mm256_setzero_si256());
            let bits = _mm256_movemask_epi8(passed).cast_unsigned();
            if bits != 0 {
                masks[m] |= bits << (8 * (first + h));
                let eights = [_mm256_castsi256_si128(whole), _mm256_extracti128_si256::<1>(whole)];
                for (at, eight) in eights.into_iter().enumerate() {
                    let sums = &mut sums[m].as_chunks_mut::<8>().0[first + h + 2 * at];
                    // SAFETY: eight numbers.
                    unsafe { _mm_storeu_si128(sums.as_mut_ptr().cast(), eight) };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::WithSimd;
    use crate::kernel::cpu::{on, supported};

    struct Run<'a>(Screen<'a>, &'a [u8], &'a [i16], [u32; QUERIES], [[i16; PANEL]; QUERIES]);

    impl WithSimd for Run<'_> {
        type Output = (bool, [u32; QUERIES], [[i16; PANEL]; QUERIES]);
        fn with_simd<S: Simd>(mut self, simd: S) -> Self::Output {
            (self.0.run(simd, self.1, self.2, &mut self.3, &mut self.4), self.3, self.4)
        }
    }

    #[test]
    fn sums_are_those_of_a_plain_loop_and_wrap_on_the_way_at_most() {
        for f in [1, 3, 4, 7, 24, 64, 130, 1000] {
            // As long as can be: the largest coordinates first, then all alike, of one sign or of both.
            for (which, count) in [1, 2, 3, 5, 7, 8].into_iter().enumerate() {
                let vector = |seed: usize, largest: f64| -> Vec<i32> {
                    let (mut left, mut vector) = (LONGEST * LONGEST, Vec::new());
                    for k in 0..f {
                        let most = left.sqrt().min(largest).floor();
                        let even = (LONGEST / (f as f64).sqrt()).min(most).floor();
                        let size = if seed.is_multiple_of(2) { most } else { even };
                        let negative = match seed % 3 {
                            0 => false,
                            1 => k % 2 == 1,
                            _ => (seed * 31 + k * 17) % 7 < 3,
                        };
                        left -= size * size;
                        vector.push(if negative { -size as i32 } else { size as i32 });
                    }
                    vector
                };
                let candidates: Vec<_> =
                    (0..PANEL).map(|c| vector(c + which, LARGEST_OF_CANDIDATE)).collect();
                let queries: Vec<_> = (0..count).map(|q| vector(q * 5 + which, LARGEST_OF_QUERY)).collect();
                let mut panel = vec![0_i8; bytes(f) * PANEL];
                let mut starts = [0_u16; PANEL];
                for (lane, candidate) in candidates.iter().enumerate() {
                    candidate
                        .iter()
                        .enumerate()
                        .for_each(|(k, &value)| panel[panel_at(lane, k)] = value as i8);
                    starts[place(lane)] = (-i32::from(OFFSET) * candidate.iter().sum::<i32>()) as u16;
                }
                let rows: Vec<u8> = queries
                    .iter()
                    .flat_map(|query| {
                        let padding = vec![0; bytes(f) - f];
                        query
                            .iter()
                            .chain(&padding)
                            .map(|&x| (x + i32::from(OFFSET)) as u8)
                            .collect::<Vec<_>>()
                    })
                    .collect();
                let sums: Vec<Vec<i32>> = queries
                    .iter()
                    .map(|q| candidates.iter().map(|c| q.iter().zip(c).map(|(a, b)| a * b).sum()).collect())
                    .collect();
                let bounds: Vec<i16> = sums.iter().map(|sums| sums[3] as i16).collect();
                let screen = Screen { panel: &panel, starts: &starts };
                for (name, arch) in supported() {
                    let (any, masks, found) =
                        on(arch, Run(screen, &rows, &bounds, [0; QUERIES], [[0; PANEL]; QUERIES]));
                    assert!(any);
                    for (m, sums) in sums.iter().enumerate() {
                        let expected = (0..PANEL).fold(0, |mask, lane| {
                            mask | u32::from(sums[lane] >= i32::from(bounds[m])) << lane
                        });
                        assert_eq!(masks[m], expected, "{name}, f = {f}, query {m} of {count}");
                        for lane in (0..PANEL).filter(|lane| expected >> lane & 1 != 0) {
                            assert_eq!(i32::from(found[m][lane]), sums[lane], "{name}, f = {f}, query {m}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_bound_is_rounded_up_and_nothing_passes_or_fails_by_being_out_of_range() {
        assert_eq!([-2.5, -2.0, 0.0, 0.1, 7.9].map(least_sum), [-2, -2, 0, 1, 8]);
        let longest = (LONGEST * LONGEST) as i16;
        for low in [f64::NAN, f64::NEG_INFINITY, -1e300, -40_000.0] {
            assert!(least_sum(low) <= -longest);
        }
        for high in [f64::INFINITY, 1e300, 40_000.0] {
            assert!(least_sum(high) > longest);
        }
    }
}

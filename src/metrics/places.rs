//! Which places of a list hold relevant items: bits, some places at a time.

use crate::kernel::{IDS, Simd, among};

/// With more relevant items than this, each item of the list is looked up among them instead: so many comparisons in
/// registers of 128 bits take about as long as the steps of 20 searches, most of which are predicted wrongly.
const COMPARED: usize = 48;

/// Up to [`IDS`] places of a list, a bit for each, the first one lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    /// Those that hold an item.
    filled: u32,
    /// Those that hold a relevant one.
    hits: u32,
}

impl Places {
    /// Looks for the first `count` of `ids` among `relevant`. `count` is at least 1; negative ids are empty places;
    /// `relevant` increases and has no negative ones.
    #[inline(always)]
    pub(super) fn of<S: Simd>(simd: S, ids: &[i32; IDS], count: usize, relevant: &[i32]) -> Self {
        let (mut filled, mut hits) = (0, 0);
        for at in 0..IDS {
            filled |= u32::from(ids[at] >= 0) << at;
        }
        if relevant.len() > COMPARED {
            for (at, id) in ids[..count].iter().enumerate() {
                hits |= u32::from(relevant.binary_search(id).is_ok()) << at;
            }
        } else {
            hits = among(simd, ids, relevant);
        }
        let counted = u32::MAX >> (IDS - count);
        Self { filled: filled & counted, hits: hits & counted }
    }

    /// The relevant places, each with the number of those before it that hold something else.
    #[inline(always)]
    pub(super) fn hits(self) -> impl Iterator<Item = (usize, u32)> {
        let mut left = self.hits;
        std::iter::from_fn(move || {
            let place = left.trailing_zeros();
            (left != 0).then(|| {
                left &= left - 1;
                (place as usize, (self.others() & ((1 << place) - 1)).count_ones())
            })
        })
    }

    /// How many places hold an item that is not relevant.
    #[inline(always)]
    pub(super) fn misses(self) -> u32 {
        self.others().count_ones()
    }

    #[inline(always)]
    fn others(self) -> u32 {
        self.filled & !self.hits
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;
    use crate::kernel::{WithSimd, dispatch};

    struct Look<'a>(&'a [i32; IDS], usize, &'a [i32]);

    impl WithSimd for Look<'_> {
        type Output = Places;
        fn with_simd<S: Simd>(self, simd: S) -> Places {
            Places::of(simd, self.0, self.1, self.2)
        }
    }

    #[test]
    fn places_are_those_found_one_by_one() {
        let mut random = rand_pcg::Pcg64::seed_from_u64(1);
        for case in 0..2000 {
            let mut ids = [0; IDS];
            ids.fill_with(|| random.random_range(-1..60));
            let count = random.random_range(1..=IDS);
            let largest = if case % 2 == 0 { 60 } else { 1000 };
            let wanted = random.random_range(0..2 * COMPARED);
            let mut relevant: Vec<i32> = (0..wanted).map(|_| random.random_range(0..largest)).collect();
            relevant.sort_unstable();
            relevant.dedup();

            let (mut hits, mut misses) = (vec![], 0);
            for (place, id) in ids[..count].iter().enumerate() {
                if relevant.contains(id) {
                    hits.push((place, misses));
                } else {
                    misses += u32::from(*id >= 0);
                }
            }
            let places = dispatch(Look(&ids, count, &relevant));
            assert_eq!(places.hits().collect::<Vec<_>>(), hits, "{ids:?} among {relevant:?}");
            assert_eq!(places.misses(), misses);
        }
    }
}

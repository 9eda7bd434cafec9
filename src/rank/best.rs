//! The best N of very many: a buffer that is cut down now and then, cheaper than a heap where much of what comes
//! enters.

use crate::kernel::Real;

/// How many are gathered beyond what is kept before they are cut down, at least.
const SLACK: usize = 32;

/// Keeps the best `n` of what is offered: the higher score first, then the smaller id. NaN is never kept.
pub(crate) struct Best<T: Real> {
    n: usize,
    places: Vec<T::Place>,
    least: Option<T>,
}

impl<T: Real> Best<T> {
    pub(crate) fn new(n: usize) -> Self {
        Self { n, places: Vec::new(), least: None }
    }

    /// What scores less cannot enter; `None` as long as anything can.
    #[inline(always)]
    pub(crate) fn least(&self) -> Option<T> {
        self.least
    }

    /// Hears that what scores less than this need not be kept: `n` others score as much.
    #[inline(always)]
    pub(crate) fn raise(&mut self, least: T) {
        if self.least.is_none_or(|before| before < least) {
            self.least = Some(least);
        }
    }

    /// Offers an id, which the caller offers once.
    #[inline(always)]
    pub(crate) fn offer(&mut self, score: T, id: u32) {
        if score.is_nan() || self.least.is_some_and(|least| score < least) {
            return;
        }
        self.push(score.place(id));
    }

    /// The same for a place.
    #[inline(always)]
    pub(crate) fn offer_place(&mut self, place: T::Place) {
        if self.least.is_none_or(|least| T::of_place(place).0 >= least) {
            self.push(place);
        }
    }

    #[inline(always)]
    fn push(&mut self, place: T::Place) {
        self.places.push(place);
        if self.places.len() >= self.n + self.n.max(SLACK) {
            self.cut();
        }
    }

    /// Takes all that another has gathered, which begins anew; those ids have not been offered here.
    pub(crate) fn merge(&mut self, other: &mut Self) {
        self.places.append(&mut other.places);
        other.least = None;
        self.cut();
    }

    #[inline(never)]
    fn cut(&mut self) {
        if self.places.len() > self.n {
            self.places.select_nth_unstable_by(self.n - 1, |a, b| b.cmp(a));
            self.places.truncate(self.n);
            self.least = Some(T::of_place(self.places[self.n - 1]).0);
        } else if self.places.len() == self.n {
            self.least = self.places.iter().min().map(|&place| T::of_place(place).0);
        }
    }

    /// How many were kept.
    pub(crate) fn len(&self) -> usize {
        self.places.len().min(self.n)
    }

    /// What was kept, in the order of ids.
    pub(crate) fn sorted_by_id(&mut self) -> impl Iterator<Item = (u32, T)> {
        self.cut();
        self.places.sort_unstable_by_key(|&place| T::of_place(place).1);
        self.places.drain(..).map(|place| {
            let (score, id) = T::of_place(place);
            (id, score)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check<T: Real>(scores: &[f64], n: usize) -> Result<(), TestCaseError> {
        let mut sorted: Vec<(usize, T)> =
            scores.iter().map(|&score| T::from_f64(score)).enumerate().filter(|(_, s)| !s.is_nan()).collect();
        sorted.sort_by(|a, b| b.1.partial_cmp(&a.1).expect("no NaN").then(a.0.cmp(&b.0)));
        sorted.truncate(n);
        sorted.sort_by_key(|&(id, _)| id);
        // Directly, and gathered by another list that begins anew after each part.
        let (mut best, mut merged, mut part) = (Best::<T>::new(n), Best::new(n), Best::new(n));
        for (id, &score) in scores.iter().enumerate() {
            let score = T::from_f64(score);
            best.offer(score, id as u32);
            part.offer(score, id as u32);
            if id % 300 == 299 {
                merged.merge(&mut part);
            }
        }
        merged.merge(&mut part);
        let sorted: Vec<(u32, T)> = sorted.into_iter().map(|(id, score)| (id as u32, score)).collect();
        for list in [&mut best, &mut merged] {
            prop_assert_eq!(list.len(), sorted.len());
            prop_assert_eq!(&list.sorted_by_id().collect::<Vec<_>>(), &sorted);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn it_keeps_what_a_sort_would(
            scores in prop::collection::vec(
                prop_oneof![(-4..4_i32).prop_map(f64::from), Just(f64::NAN), Just(f64::INFINITY), -1.0..1.0_f64],
                0..3000,
            ),
            n in 1..40_usize,
        ) {
            check::<f32>(&scores, n)?;
            check::<f64>(&scores, n)?;
        }
    }
}

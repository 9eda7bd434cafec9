//! The best N of very many: a buffer that is cut down now and then, cheaper than a heap where much of what comes
//! enters.

use crate::kernel::Real;

/// How many are gathered before they are cut down, in multiples of what is kept.
const SLACK: usize = 4;
/// The least that are gathered.
const SMALLEST: usize = 512;

/// Keeps the best `n` of what is offered: the higher score first, then the smaller id. NaN is never kept.
pub(crate) struct Best<T: Real> {
    n: usize,
    places: Vec<T::Place>,
    least: Option<T>,
}

impl<T: Real> Best<T> {
    pub(crate) fn new(n: usize) -> Self {
        Self { n, places: Vec::with_capacity((SLACK * n).max(SMALLEST)), least: None }
    }

    /// What scores less cannot enter; `None` as long as anything can.
    #[inline(always)]
    pub(crate) fn least(&self) -> Option<T> {
        self.least
    }

    /// Offers an id, which the caller offers once.
    #[inline(always)]
    pub(crate) fn offer(&mut self, score: T, id: u32) {
        if score.is_nan() || self.least.is_some_and(|least| score < least) {
            return;
        }
        self.places.push(score.place(id));
        if self.places.len() == self.places.capacity() {
            self.cut();
        }
    }

    #[inline(never)]
    fn cut(&mut self) {
        if self.places.len() > self.n {
            self.places.select_nth_unstable_by(self.n, |a, b| b.cmp(a));
            self.places.truncate(self.n);
        }
        if self.places.len() == self.n {
            self.least = self.places.iter().min().map(|&place| T::of_place(place).0);
        }
    }

    /// Takes out what was kept, in the order of ids, and begins anew.
    pub(crate) fn take_by_id(&mut self, ids: &mut Vec<i32>, scores: &mut Vec<T>) {
        self.cut();
        self.places.sort_unstable_by_key(|&place| T::of_place(place).1);
        for &place in &self.places {
            let (score, id) = T::of_place(place);
            ids.push(id as i32);
            scores.push(score);
        }
        self.places.clear();
        self.least = None;
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
        let mut best = Best::<T>::new(n);
        let (mut ids, mut found) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            ids.clear();
            found.clear();
            for (id, &score) in scores.iter().enumerate() {
                best.offer(T::from_f64(score), id as u32);
            }
            best.take_by_id(&mut ids, &mut found);
            prop_assert_eq!(&ids, &sorted.iter().map(|&(id, _)| id as i32).collect::<Vec<_>>());
            prop_assert_eq!(&found, &sorted.iter().map(|&(_, score)| score).collect::<Vec<_>>());
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

//! What the times of many events say together: whether numbers can be seconds, and eight digits dates.

use super::time::{Time, TimeUnit, date_of, date_of_digits};
use crate::error::{Error, Result};

/// Seconds from here on are no time of this world: the year 2286.
const FAR: f64 = 1e10;
/// Each smaller unit has this many times as many.
const STEP: f64 = 1e3;

/// The times of a chunk of events, counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Clock {
    /// Mere numbers, and texts of eight digits.
    numbers: u64,
    digits: u64,
    /// How many of both spell a date.
    dates: u64,
    /// How many of the numbers are no seconds, and the first one.
    far: u64,
    first_far: f64,
    low: f64,
    high: f64,
}

impl Default for Clock {
    fn default() -> Self {
        let (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { numbers: 0, digits: 0, dates: 0, far: 0, first_far: 0.0, low, high }
    }
}

impl Clock {
    #[inline]
    pub(crate) fn see(&mut self, time: Time) {
        let value = time.value();
        self.low = self.low.min(value);
        self.high = self.high.max(value);
        match time {
            Time::Seconds(_) => return,
            Time::Number(_) => self.numbers += 1,
            Time::Digits(_) => self.digits += 1,
        }
        self.dates += u64::from(date_of_digits(value).is_some());
        if value.abs() >= FAR {
            if self.far == 0 {
                self.first_far = value;
            }
            self.far += 1;
        }
    }

    /// Adds what comes after.
    pub(crate) fn add(&mut self, other: &Self) {
        if self.far == 0 {
            self.first_far = other.first_far;
        }
        self.numbers += other.numbers;
        self.digits += other.digits;
        self.dates += other.dates;
        self.far += other.far;
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }

    /// Whether every number is a text of eight digits that spells a date.
    pub(crate) fn are_dates(&self) -> bool {
        self.digits > 0 && self.numbers == 0
    }

    /// Whether the times are mere numbers, of an unknown unit.
    pub(crate) fn are_numbers(&self) -> bool {
        self.numbers > 0
    }

    /// How much time passes from the first to the last.
    pub(crate) fn span(&self) -> f64 {
        (self.high - self.low).max(0.0)
    }

    /// Fails if the numbers cannot be seconds since 1970, as an age needs them.
    pub(crate) fn check_seconds(&self) -> Result<()> {
        let all = self.numbers + self.digits;
        if self.numbers > 0 && self.dates == all {
            return Err(Error::TimesAreDates { time: self.high });
        }
        if 2 * self.far > all {
            let steps = ((self.first_far.abs() / FAR).log10() / STEP.log10()).floor().clamp(0.0, 2.0);
            let unit = TimeUnit::ALL[1 + steps as usize];
            let date = date_of(self.first_far / unit.per_second());
            return Err(Error::TimesAreNoSeconds { time: self.first_far, unit: unit.symbol(), date });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(times: &[Time]) -> Clock {
        let (first, second) = times.split_at(times.len() / 2);
        let mut clocks = [first, second].map(|times| {
            let mut clock = Clock::default();
            for &time in times {
                clock.see(time);
            }
            clock
        });
        let [clock, after] = &mut clocks;
        clock.add(after);
        *clock
    }

    #[test]
    fn numbers_that_are_no_seconds_get_the_likely_unit() {
        for (unit, time) in [("ms", 1.433e12), ("us", 1.433e15), ("ns", 1.433e18)] {
            let clock = seen(&[Time::Number(time), Time::Number(time + 5.0), Time::Number(3.0)]);
            assert_eq!(
                clock.check_seconds(),
                Err(Error::TimesAreNoSeconds { time, unit, date: "2015-05-30".into() })
            );
        }
        assert_eq!(
            seen(&[Time::Number(1.4e9), Time::Number(1.4e9), Time::Number(2.5e11)]).check_seconds(),
            Ok(())
        );
        assert_eq!(seen(&[Time::Seconds(2.5e11); 3]).check_seconds(), Ok(()));
    }

    #[test]
    fn eight_digits_are_dates_in_texts_alone() {
        let times = [20_200_101.0, 20_200_131.0];
        assert!(seen(&times.map(Time::Digits)).are_dates());
        assert_eq!(seen(&times.map(Time::Digits)).check_seconds(), Ok(()));
        let numbers = seen(&times.map(Time::Number));
        assert!(!numbers.are_dates());
        assert_eq!(numbers.check_seconds(), Err(Error::TimesAreDates { time: 20_200_131.0 }));
        let mixed = seen(&[Time::Digits(20_200_101.0), Time::Number(20_200_199.0)]);
        assert!(!mixed.are_dates() && mixed.check_seconds().is_ok());
    }
}

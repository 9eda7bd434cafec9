//! How events are read and what becomes of them.

use std::path::PathBuf;

#[cfg(feature = "python")]
use super::event::Flaw;
use super::time::TimeFormat;
use crate::error::{Error, Result};
#[cfg(feature = "python")]
use crate::labels::Label;
use crate::pool::MAX_THREADS;

/// What several events of the same user and item become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duplicates {
    /// One entry with the sum of their weights.
    #[default]
    Sum,
    /// One entry with their number; weights are not looked at.
    Count,
    /// One entry with the weight of the latest: by time where there are times, otherwise by order.
    Last,
    /// One entry with the largest weight.
    Max,
}

impl Duplicates {
    /// What is called `sum`, `count`, `last` or `max`.
    #[must_use]
    pub fn called(name: &str) -> Option<Self> {
        [Self::Sum, Self::Count, Self::Last, Self::Max].into_iter().find(|one| one.name() == name)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Last => "last",
            Self::Max => "max",
        }
    }
}

/// Where entries are written, instead of being kept in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnDisk {
    /// A folder, which gets `by_user.indptr` (i64), `by_user.indices` (i32), `by_user.values` (f32) and the same `by_item`,
    /// little-endian. One process at a time may write to it: [`lock`](super::lock) sees to that.
    pub folder: PathBuf,
    /// How many events are in memory at a time; each takes up to 60 bytes.
    pub events_at_a_time: usize,
}

/// How old an event is; the latest one has age 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Age {
    /// In seconds: times must be dates, or numbers that are seconds or have a unit.
    Seconds(f64),
    /// In the unit of the times, whatever that is.
    Units(f64),
}

/// What becomes of the events, whatever they are read from.
///
/// ```
/// use penchant::interactions::{Duplicates, ReadOptions};
/// let options = ReadOptions { duplicates: Duplicates::Count, min_items_per_user: 5, ..ReadOptions::default() };
/// assert!(options.check().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOptions {
    /// What several events of the same user and item become.
    pub duplicates: Duplicates,
    /// Whether events have times.
    pub timed: bool,
    /// How times are written.
    pub times: TimeFormat,
    /// The age at which a weight has halved; the latest event has age 0.
    pub half_life: Option<Age>,
    /// Older events are left out, as seen from the latest one. Entries that were read before an update stay.
    pub max_age: Option<Age>,
    /// The weight of each kind of event, if there are kinds. Those of weight 0 do not count at all.
    pub kinds: Vec<(String, f64)>,
    /// Users with fewer items are left out, and items with fewer users, until all that is left has enough.
    pub min_items_per_user: u32,
    /// See `min_items_per_user`.
    pub min_users_per_item: u32,
    /// Whether the events themselves are kept, for splits: 12 bytes for each, 20 with times.
    pub keep_events: bool,
    /// Whether an event that cannot be used is an error; otherwise it is skipped and counted.
    pub strict: bool,
    /// The number of threads; 0 for all that the process may use. The result does not depend on it.
    pub threads: usize,
    /// Where entries are written, if they are not to be kept in memory. The matrix that is returned has none then.
    pub on_disk: Option<OnDisk>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            duplicates: Duplicates::Sum,
            timed: false,
            times: TimeFormat::default(),
            half_life: None,
            max_age: None,
            kinds: Vec::new(),
            min_items_per_user: 1,
            min_users_per_item: 1,
            keep_events: false,
            strict: false,
            threads: 0,
            on_disk: None,
        }
    }
}

impl ReadOptions {
    /// Fails if a number is outside its range.
    pub fn check(&self) -> Result<()> {
        self.times.check()?;
        for (name, age) in [("half_life", self.half_life), ("max_age", self.max_age)] {
            let Some(Age::Seconds(value) | Age::Units(value)) = age else { continue };
            if !(value.is_finite() && value > 0.0) {
                let expected = "positive and finite";
                return Err(Error::InvalidParameter { name, expected, value });
            }
            if !self.timed {
                let expected = "left out, as the events have no time; it was";
                return Err(Error::InvalidParameter { name, expected, value });
            }
        }
        if let Some(&(_, value)) = self.kinds.iter().find(|(_, weight)| !weight.is_finite()) {
            return Err(Error::InvalidParameter { name: "the weight of a kind", expected: "finite", value });
        }
        if self.on_disk.is_some() {
            let age = self.max_age.map_or(0.0, |age| self.in_times(age));
            let events = f64::from(u8::from(self.keep_events));
            for (name, value, usual) in [
                ("max_age", age, 0.0),
                ("min_items_per_user", f64::from(self.min_items_per_user), 1.0),
                ("min_users_per_item", f64::from(self.min_users_per_item), 1.0),
                ("keep_events", events, 0.0),
            ] {
                if value > usual {
                    let expected = "left out where entries are on disk";
                    return Err(Error::InvalidParameter { name, expected, value });
                }
            }
        }
        if self.threads > MAX_THREADS {
            return Err(Error::TooLarge { what: "num_threads", value: self.threads, max: MAX_THREADS });
        }
        Ok(())
    }

    /// An age in the unit in which times are kept: seconds if theirs is known.
    pub(crate) fn in_times(&self, age: Age) -> f64 {
        match (age, self.times.unit) {
            (Age::Units(value), Some(unit)) => value / unit.per_second(),
            (Age::Seconds(value) | Age::Units(value), _) => value,
        }
    }

    /// Whether the time of every entry is needed after reading, to tell which event is the latest.
    pub(crate) fn keeps_times(&self) -> bool {
        self.timed && self.duplicates == Duplicates::Last
    }

    /// The weight of events of this kind. A table may write the kind `4` as `4.0`, and `true` in capitals.
    #[must_use]
    pub fn weight_of_kind(&self, kind: &[u8]) -> Option<f64> {
        let find = |is: &dyn Fn(&[u8]) -> bool| {
            self.kinds.iter().find(|(name, _)| is(name.as_bytes())).map(|&(_, weight)| weight)
        };
        find(&|name| name == kind).or_else(|| {
            if let Some(integer) = kind.strip_suffix(b".0") {
                return find(&|name| name == integer);
            }
            let is_flag = [&b"true"[..], b"false"].iter().any(|flag| kind.eq_ignore_ascii_case(flag));
            if is_flag { find(&|name| name.eq_ignore_ascii_case(kind)) } else { None }
        })
    }

    /// The weight of events whose kind is called so in a table.
    #[cfg(feature = "python")]
    pub(crate) fn weight_of_label<'a>(&self, kind: Label<'a>) -> std::result::Result<f64, Flaw<'a>> {
        match kind {
            Label::Text(text) => {
                self.weight_of_kind(text.as_bytes()).ok_or(Flaw::UnknownKind(text.as_bytes()))
            }
            Label::Integer(number) => {
                let found = self.kinds.iter().find(|(name, _)| name.parse() == Ok(number));
                found.map(|&(_, weight)| weight).ok_or(Flaw::UnknownNumber(number))
            }
            Label::Unsigned(_) => Err(Flaw::NoLabel(super::event::Part::Kind)),
        }
    }
}

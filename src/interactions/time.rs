//! When something happened: dates and times as text, and numbers in a unit.
//!
//! One place for files, tables and columns, so that a text means the same wherever it comes from. Times are kept as
//! seconds since 1970 where that is known; a mere number stays what it is, and [`clock`](super::clock) looks at all
//! of them together.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::Offset;

use crate::error::{Error, Result};

/// What times that are numbers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

impl TimeUnit {
    /// All of them, the largest first.
    pub const ALL: [Self; 4] = [Self::Seconds, Self::Milliseconds, Self::Microseconds, Self::Nanoseconds];

    /// The unit with this symbol.
    #[must_use]
    pub fn called(symbol: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.symbol() == symbol)
    }

    /// How many make a second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        match self {
            Self::Seconds => 1.0,
            Self::Milliseconds => 1e3,
            Self::Microseconds => 1e6,
            Self::Nanoseconds => 1e9,
        }
    }

    /// Its symbol: `s`, `ms`, `us` or `ns`.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Nanoseconds => "ns",
        }
    }
}

/// A time as it was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Time {
    /// Seconds since 1970.
    Seconds(f64),
    /// A mere number: seconds if an age is to be told from it.
    Number(f64),
    /// A text of eight digits that may be a date, such as `20200131`: a date if all texts of the column are.
    Digits(f64),
}

impl Time {
    /// The number that it is.
    #[must_use]
    pub fn value(self) -> f64 {
        let (Self::Seconds(value) | Self::Number(value) | Self::Digits(value)) = self;
        value
    }
}

/// How times are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeFormat {
    /// What numbers count; by default nobody knows.
    pub unit: Option<TimeUnit>,
    /// How texts are written, and integers such as 20200131, in the directives of `strptime`; by default ISO 8601.
    pub pattern: Option<String>,
}

impl TimeFormat {
    /// Fails for a pattern by which no time can be written and read.
    pub fn check(&self) -> Result<()> {
        let Some(pattern) = &self.pattern else { return Ok(()) };
        let wrong = |reason: String| Error::TimePattern { pattern: pattern.clone(), reason };
        if self.unit.is_some() {
            return Err(wrong("numbers with a unit are not written by a pattern; give one of both".into()));
        }
        let time = jiff::Timestamp::constant(1_072_915_139, 0).to_zoned_datetime(jiff::tz::TimeZone::UTC);
        let text = jiff::fmt::strtime::format(pattern, &time).map_err(|error| wrong(error.to_string()))?;
        let read = BrokenDownTime::parse(pattern, &text).and_then(|read| {
            read.to_date().map(drop).or_else(|error| read.to_timestamp().map(drop).map_err(|_| error))
        });
        read.map_err(|error| wrong(error.to_string()))
    }

    /// What a text says, of which `number` knows whether it is one.
    pub(crate) fn of_text(&self, text: &[u8], number: impl Fn(&[u8]) -> Option<f64>) -> Option<Time> {
        let text = text.trim_ascii();
        if let Some(pattern) = &self.pattern {
            return by_pattern(pattern, text).map(Time::Seconds);
        }
        match number(text) {
            Some(number) if self.unit.is_none() && text.len() == 8 && date_of_digits(number).is_some() => {
                Some(Time::Digits(number))
            }
            Some(number) => Some(self.counted(number)),
            None => moment(text).map(Time::Seconds),
        }
    }

    /// What a number says; `None` if it is not written as it should be.
    pub(crate) fn of_number(&self, number: f64) -> Option<Time> {
        match &self.pattern {
            Some(_) if !number.is_finite() => None,
            Some(pattern) => by_pattern(pattern, number.to_string().as_bytes()).map(Time::Seconds),
            None => Some(self.counted(number)),
        }
    }

    fn counted(&self, number: f64) -> Time {
        self.unit.map_or(Time::Number(number), |unit| Time::Seconds(number / unit.per_second()))
    }
}

/// Seconds since 1970 of a text written by a pattern; without a zone it is UTC.
fn by_pattern(pattern: &str, text: &[u8]) -> Option<f64> {
    let read = BrokenDownTime::parse(pattern, text).ok()?;
    if let Ok(date) = read.to_date() {
        let time = read.to_time().unwrap_or_default();
        return Some(seconds(date.to_datetime(time), read.offset().unwrap_or(Offset::UTC)));
    }
    let stamp = read.to_timestamp().ok()?; // of %s
    Some(stamp.as_second() as f64 + f64::from(stamp.subsec_nanosecond()) * 1e-9)
}

/// Seconds since 1970 of an ISO 8601 date or time; without a zone it is UTC.
fn moment(text: &[u8]) -> Option<f64> {
    const PARSER: DateTimeParser = DateTimeParser::new();
    let (text, zone) = match text {
        [text @ .., b' ', b'U', b'T', b'C']
        | [text @ .., b' ', b'G', b'M', b'T']
        | [text @ .., b'U', b'T', b'C'] => (text, Some(Offset::UTC)),
        text => (text, None),
    };
    // A blank before the offset is what several databases and languages write.
    let joined;
    let text = match text.iter().rposition(|&byte| byte == b' ') {
        Some(at) if matches!(text.get(at + 1), Some(b'+' | b'-')) => {
            joined = [&text[..at], &text[at + 1..]].concat();
            joined.as_slice()
        }
        _ => text,
    };
    let pieces = PARSER.parse_pieces(text).ok()?;
    let found = pieces.to_numeric_offset();
    if zone.is_some() && found.is_some() || pieces.time().is_none() && found.is_some() {
        return None;
    }
    let time = pieces.date().to_datetime(pieces.time().unwrap_or_default());
    Some(seconds(time, zone.or(found).unwrap_or(Offset::UTC)))
}

fn seconds(time: DateTime, offset: Offset) -> f64 {
    let days = time.date().duration_since(Date::constant(1970, 1, 1)).as_secs();
    let midnight = days - i64::from(offset.seconds());
    let time = time.time();
    let of_day = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    (midnight + of_day) as f64 + f64::from(time.subsec_nanosecond()) * 1e-9
}

/// Seconds since 1970 of the date that a number such as 20200131 spells, between 1900 and 2100.
pub(crate) fn date_of_digits(number: f64) -> Option<f64> {
    if !(19_000_101.0..=21_001_231.0).contains(&number) || number.fract() != 0.0 {
        return None;
    }
    let digits = number as u32;
    let (year, month, day) = (digits / 10_000, digits / 100 % 100, digits % 100);
    let date = Date::new(year as i16, month as i8, day as i8).ok()?;
    Some(seconds(date.to_datetime(jiff::civil::Time::midnight()), Offset::UTC))
}

/// The date of seconds since 1970, for a message.
pub(crate) fn date_of(seconds: f64) -> String {
    let stamp = jiff::Timestamp::from_second(seconds as i64);
    stamp.map_or_else(|_| format!("{seconds} s"), |stamp| stamp.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<f64> {
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
        TimeFormat::default().of_text(text.as_bytes(), number).map(Time::value)
    }

    #[test]
    fn common_spellings_of_a_moment_agree() {
        let moment = 1_569_888_000.0; // 2019-10-01
        for text in [
            "2019-10-01",
            "2019-10-01 00:00:00 UTC",
            "2019-10-01 00:00:00+00",
            "2019-10-01T00:00:00Z",
            "2019-10-01 02:00:00 +0200",
            "2019-10-01 02:00+02:00",
            "2019-09-30T19:00:00-05",
            " 2019-10-01 00:00 ",
            "2019-10-01 00:00:00.000000001 GMT",
            "20191001T000000",
            "1569888000",
        ] {
            assert_eq!(read(text), Some(moment), "{text}");
        }
        for text in ["", "yesterday", "2019-13-01", "2019-02-29", "10:00", "2019-10-01 25:00", "01.10.2019"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("1969-12-31T23:59:59.25Z"), Some(-0.75));
    }

    #[test]
    fn patterns_read_what_they_write() {
        for (pattern, text, seconds) in [
            ("%d.%m.%Y %H:%M", "01.12.2009 07:45", 1_259_653_500.0),
            ("%m/%d/%Y %H:%M", "12/1/2010 8:26", 1_291_191_960.0),
            ("%Y%m%d", "20200102", 1_577_923_200.0),
            ("%d/%b/%Y:%H:%M:%S %z", "10/Oct/2000:13:55:36 -0700", 971_211_336.0),
            ("%Y-%m-%d %I:%M:%S.%f %p", "2020-01-01 01:00:00.5 PM", 1_577_883_600.5),
            ("%s", "86400", 86_400.0),
        ] {
            let format = TimeFormat { unit: None, pattern: Some(pattern.into()) };
            assert_eq!(format.check(), Ok(()), "{pattern}");
            assert_eq!(format.of_text(text.as_bytes(), |_| None), Some(Time::Seconds(seconds)), "{text}");
            assert_eq!(format.of_text(b"2020", |_| Some(2020.0)).filter(|_| pattern != "%s"), None);
        }
        for pattern in ["%q", "%H:%M", "", "%Z", "day"] {
            assert!(TimeFormat { unit: None, pattern: Some(pattern.into()) }.check().is_err(), "{pattern}");
        }
    }
}

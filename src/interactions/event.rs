//! One event: who, what, how much and when; and what can be wrong with it.

use std::fmt;

use super::time::Time;
use crate::labels::Label;
use crate::labels::spelling::EXACT;

/// The parts of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Who.
    User,
    /// What.
    Item,
    /// How much.
    Weight,
    /// When.
    Time,
    /// What kind of event it was.
    Kind,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Item => "item",
            Self::Weight => "weight",
            Self::Time => "time",
            Self::Kind => "kind",
        })
    }
}

/// Why an event cannot be used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Flaw<'a> {
    /// The line has another number of fields than the first one.
    Fields {
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// A part is empty.
    Missing(Part),
    /// A label is not UTF-8.
    NotUtf8(Part),
    /// A weight or time is not a finite number.
    NotANumber(Part, &'a [u8]),
    /// A time is neither a number nor a date, or not written by the pattern that it should be written by.
    NotATime {
        /// What it is.
        text: &'a [u8],
        /// Whether there is a pattern.
        by_pattern: bool,
    },
    /// A time is a number, but not written by the pattern that it should be written by.
    OddTime(f64),
    /// A label is not an integer, as all labels before it were.
    NotAnInteger(Part, &'a [u8]),
    /// A label is a number that is not an integer, or a float that is too large to tell integers apart.
    NotWhole(Part, f64),
    /// A label consists of bytes that are no text.
    NotText(Part, &'a [u8]),
    /// A label is of a type that is none.
    NoLabel(Part),
    /// The kind of event has no weight.
    UnknownKind(&'a [u8]),
    /// The kind of event is a number without a weight.
    UnknownNumber(i64),
    /// Something follows a closing quote that is neither a separator nor the end of the line.
    AfterQuote,
    /// A quote is opened and never closed.
    OpenQuote,
    /// A line is not a JSON object.
    NotJson,
    /// A list does not have as many items as the count in front of it says.
    Count {
        /// How many there are.
        found: usize,
        /// What the count says.
        count: &'a [u8],
    },
}

impl Flaw<'_> {
    /// Whether the type of a column is wrong rather than one row, so that all must stop.
    pub(crate) fn is_fatal(&self) -> bool {
        match *self {
            Self::NotWhole(_, number) => number.is_finite() && number.abs() > EXACT,
            Self::NotText(..) => true,
            _ => false,
        }
    }
}

/// The beginning of a text, for a message.
fn shown(text: &[u8]) -> String {
    const LENGTH: usize = 40;
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * LENGTH)]);
    match text.char_indices().nth(LENGTH) {
        Some((at, _)) => format!("{:?}...", &text[..at]),
        None => format!("{text:?}"),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    const LENGTH: usize = 20;
    let digits = bytes.iter().take(LENGTH).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    if bytes.len() > LENGTH { format!("{digits}...") } else { digits }
}

/// Whether this is a number where commas are decimal points.
fn has_decimal_comma(text: &[u8]) -> bool {
    let mut parts = text.split(|&byte| byte == b',');
    let are_digits = |part: Option<&[u8]>| {
        part.is_some_and(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit))
    };
    are_digits(parts.next().map(|part| part.strip_prefix(b"-").unwrap_or(part)))
        && are_digits(parts.next())
        && parts.next().is_none()
}

impl fmt::Display for Flaw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Fields { found: 1, expected } => write!(f, "1 field instead of {expected}"),
            Self::Fields { found, expected } => write!(f, "{found} fields instead of {expected}"),
            Self::Missing(part) => write!(f, "no {part}"),
            Self::NotUtf8(part) => write!(f, "the {part} is not UTF-8 (encoding says what else it is)"),
            Self::NotATime { text, by_pattern: true } => {
                write!(f, "the time is {}, not written as time_format says", shown(text))
            }
            Self::NotATime { text, by_pattern: false } => {
                write!(f, "the time is {}, neither a number nor a date as in ISO 8601", shown(text))
            }
            Self::OddTime(time) => write!(f, "the time is {time}, not written as time_format says"),
            Self::NotANumber(part, text) if has_decimal_comma(text) => {
                write!(f, "the {part} is {}, not a finite number (decimal=\",\" makes it one)", shown(text))
            }
            Self::NotANumber(part, text) => write!(f, "the {part} is {}, not a finite number", shown(text)),
            Self::NotAnInteger(part, text) => write!(f, "the {part} is {}, not an integer", shown(text)),
            Self::NotWhole(part, number) if number.abs() > EXACT && number.is_finite() => write!(
                f,
                "the {part} is {number:.0} as a float, and floats above 2^53 cannot tell integers apart; read the \
                 column as integers or texts"
            ),
            Self::NotWhole(part, number) => write!(f, "the {part} is {number}, not an integer"),
            Self::NotText(part, bytes) => write!(
                f,
                "the {part} is the bytes {}, which are no UTF-8; make texts of the column, in hexadecimal for example",
                hexadecimal(bytes)
            ),
            Self::NoLabel(part) => write!(f, "the {part} is neither a text nor an integer"),
            Self::UnknownKind(text) => write!(f, "the kind is {}, which has no weight", shown(text)),
            Self::UnknownNumber(number) => write!(f, "the kind is {number}, which has no weight"),
            Self::AfterQuote => f.write_str("text after a closing quote"),
            Self::OpenQuote => f.write_str("a quote is never closed"),
            Self::NotJson => f.write_str("not a JSON object"),
            Self::Count { found, count } => write!(f, "{found} items, but the count is {}", shown(count)),
        }
    }
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event<'a> {
    /// Who.
    pub user: Label<'a>,
    /// What.
    pub item: Label<'a>,
    /// How much.
    pub weight: f64,
    /// When; any number if nobody asks.
    pub time: Time,
}

/// What an event weighs, and when it was; `None` if it is of a kind that does not count.
///
/// The one rule of all readers: the kind is looked at first, since of an event that does not count nothing else
/// matters. Labels come last, so that events which cannot be used leave none behind.
#[inline]
pub(crate) fn weighed<'a>(
    kind: impl FnOnce() -> Result<f64, Flaw<'a>>,
    weight: impl FnOnce() -> Result<f64, Flaw<'a>>,
    time: impl FnOnce() -> Result<Time, Flaw<'a>>,
) -> Result<Option<(f64, Time)>, Flaw<'a>> {
    let factor = kind()?;
    if factor == 0.0 {
        return Ok(None);
    }
    Ok(Some((factor * weight()?, time()?)))
}

/// Events that can be looked at by number, from several threads.
///
/// `Ok(None)` is an event that does not count, such as one of a kind with weight 0.
///
/// ```
/// use penchant::interactions::{Event, Flaw, Rows, Time};
/// use penchant::labels::Label;
/// struct Plays(Vec<(String, String, u32)>);
/// impl Rows for Plays {
///     fn len(&self) -> usize {
///         self.0.len()
///     }
///     fn event(&self, row: usize) -> Result<Option<Event<'_>>, Flaw<'_>> {
///         let (user, item, plays) = &self.0[row];
///         let (user, item) = (Label::Text(user), Label::Text(item));
///         Ok(Some(Event { user, item, weight: f64::from(*plays), time: Time::Number(0.0) }))
///     }
/// }
/// ```
pub trait Rows: Sync {
    /// How many events there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the labels of users and of items are integers; otherwise they are texts. `None` says nothing, for
    /// columns in which all is missing.
    fn integers(&self) -> (Option<bool>, Option<bool>) {
        (Some(false), Some(false))
    }

    /// The event with this number.
    fn event(&self, row: usize) -> Result<Option<Event<'_>>, Flaw<'_>>;
}

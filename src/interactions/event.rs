//! One event: who, what, how much and when; and what can be wrong with it.

use std::fmt;

use super::labels::Label;

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
    /// A weight or time is not a finite number, or a time no date either.
    NotANumber(Part, &'a [u8]),
    /// A label is not an integer, as all labels before it were.
    NotAnInteger(Part, &'a [u8]),
    /// A label is a number that is not an integer.
    NotWhole(Part, f64),
    /// The kind of event has no weight.
    UnknownKind(&'a [u8]),
    /// Something follows a closing quote that is neither a separator nor the end of the line.
    AfterQuote,
    /// A quote is opened and never closed.
    OpenQuote,
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

impl fmt::Display for Flaw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Fields { found: 1, expected } => write!(f, "1 field instead of {expected}"),
            Self::Fields { found, expected } => write!(f, "{found} fields instead of {expected}"),
            Self::Missing(part) => write!(f, "no {part}"),
            Self::NotUtf8(part) => write!(f, "the {part} is not UTF-8"),
            Self::NotANumber(Part::Time, text) => {
                write!(f, "the time is {}, neither a number nor a date", shown(text))
            }
            Self::NotANumber(part, text) => write!(f, "the {part} is {}, not a finite number", shown(text)),
            Self::NotAnInteger(part, text) => write!(f, "the {part} is {}, not an integer", shown(text)),
            Self::NotWhole(part, number) => write!(f, "the {part} is {number}, not an integer of 64 bits"),
            Self::UnknownKind(text) => write!(f, "the kind is {}, which has no weight", shown(text)),
            Self::AfterQuote => f.write_str("text after a closing quote"),
            Self::OpenQuote => f.write_str("a quote is never closed"),
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
    /// When, in any unit; 0 if nobody asks.
    pub time: f64,
}

/// Events that can be looked at by number, from several threads.
///
/// `Ok(None)` is an event that does not count, such as one of a kind with weight 0.
///
/// ```
/// use penchant::interactions::{Event, Flaw, Label, Rows};
/// struct Plays(Vec<(String, String, u32)>);
/// impl Rows for Plays {
///     fn len(&self) -> usize {
///         self.0.len()
///     }
///     fn event(&self, row: usize) -> Result<Option<Event<'_>>, Flaw<'_>> {
///         let (user, item, plays) = &self.0[row];
///         let (user, item) = (Label::Text(user), Label::Text(item));
///         Ok(Some(Event { user, item, weight: f64::from(*plays), time: 0.0 }))
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

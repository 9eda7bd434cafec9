//! What the lines of a file look like, and which of their fields say what.

use std::path::Path;

use super::record::{Field, Splitter};
use super::report::Place;
use crate::error::{Error, Result};

/// A field of a line: by the name that the first line gives it, or by its place, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// By name.
    Name(String),
    /// By place.
    Place(usize),
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl From<usize> for Column {
    fn from(place: usize) -> Self {
        Self::Place(place)
    }
}

impl std::fmt::Display for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name:?}"),
            Self::Place(place) => place.fmt(f),
        }
    }
}

/// What may enclose a field so that it can hold separators and line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quote {
    /// Double quotes, unless the separator is a tab: such files rarely quote, and titles begin with quotes.
    #[default]
    Auto,
    /// Nothing: a quote is a letter.
    Never,
    /// This character.
    Byte(u8),
}

/// What the lines of a file look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// What separates fields, one character or more. By default a tab in `.tsv` and `.tab`, a comma in `.csv`,
    /// and elsewhere a tab if the first line has one, otherwise a comma. `.gz` after it is looked through.
    pub separator: Option<String>,
    /// What may enclose a field.
    pub quote: Quote,
    /// Whether the first line names the columns.
    pub header: bool,
    /// Who.
    pub user: Column,
    /// What.
    pub item: Column,
    /// How much; 1 if there is no such column.
    pub weight: Option<Column>,
    /// When.
    pub time: Option<Column>,
    /// What kind of event.
    pub kind: Option<Column>,
    /// Whether labels stay texts even if all of them are integers.
    pub texts: bool,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            separator: None,
            quote: Quote::Auto,
            header: true,
            user: Column::Place(0),
            item: Column::Place(1),
            weight: None,
            time: None,
            kind: None,
            texts: false,
        }
    }
}

impl Format {
    pub(crate) fn check(&self) -> Result<()> {
        let separator = self.separator.as_deref().unwrap_or(",").as_bytes();
        let quote = if let Quote::Byte(quote) = self.quote { quote } else { b'"' };
        let wrong = separator.is_empty() || separator.iter().any(|&byte| byte == b'\n' || byte == b'\r');
        if wrong || (self.quote != Quote::Never && separator.contains(&quote)) {
            return Err(Error::Separator { separator: self.separator.clone().unwrap_or_default() });
        }
        Ok(())
    }

    /// How to split the lines of a file that starts with these bytes.
    pub(crate) fn splitter(&self, path: &Path, bytes: &[u8]) -> Splitter {
        let separator = self.separator.as_deref().unwrap_or_else(|| by_name(path, bytes));
        let quote = match self.quote {
            Quote::Byte(quote) => Some(quote),
            Quote::Auto if separator != "\t" => Some(b'"'),
            Quote::Auto | Quote::Never => None,
        };
        Splitter { separator: separator.into(), quote }
    }
}

fn by_name(path: &Path, bytes: &[u8]) -> &'static str {
    let name = path.to_string_lossy().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let first_line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if ends(&[".tsv", ".tab"]) || (!ends(&[".csv"]) && first_line.contains(&b'\t')) { "\t" } else { "," }
}

/// Where in a line the parts of an event stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// How many fields a line has.
    pub(crate) fields: usize,
    pub(crate) user: usize,
    pub(crate) item: usize,
    pub(crate) weight: Option<usize>,
    pub(crate) time: Option<usize>,
    pub(crate) kind: Option<usize>,
}

/// How much of a file its header takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) bytes: usize,
    pub(crate) lines: u64,
}

impl Layout {
    /// Finds the columns in the first line with anything in it; `None` for an empty file without a header.
    pub(crate) fn of(
        format: &Format,
        path: &Path,
        splitter: &Splitter,
        bytes: &[u8],
    ) -> Result<(Option<Self>, Header)> {
        let mut fields: Vec<Field> = Vec::new();
        let mut header = Header::default();
        let first = loop {
            let Some(record) = splitter.record(bytes, header.bytes, true, &mut fields) else { break None };
            if header.bytes == bytes.len() {
                break None;
            }
            if fields.len() != 1 || !fields[0].is_empty() {
                break Some(record);
            }
            header = Header { bytes: record.next, lines: header.lines + record.lines };
        };
        let failed =
            |reason: String| Error::BadRow { place: Place::Line(path, header.lines).name(0), reason };
        let Some(first) = first else {
            return if format.header {
                Err(failed("the file is empty; it should begin with the names of its columns".into()))
            } else {
                Ok((None, header))
            };
        };
        if let Some(flaw) = first.flaw {
            return Err(failed(flaw.to_string()));
        }
        let names: Vec<String> = (fields.iter())
            .map(|field| String::from_utf8_lossy(&field.text(bytes, splitter.quote)).trim().to_owned())
            .collect();
        let find = |column: &Column| match column {
            Column::Place(place) if *place < names.len() => Ok(*place),
            Column::Place(place) => {
                Err(failed(format!("there is no column {place}, as there are {}", names.len())))
            }
            Column::Name(name) if !format.header => {
                Err(failed(format!("a column is called {name:?}, but there is no header to name it")))
            }
            Column::Name(name) => {
                let mut places = names.iter().enumerate().filter(|(_, other)| *other == name);
                match (places.next(), places.next()) {
                    (Some((place, _)), None) => Ok(place),
                    (Some(_), Some(_)) => Err(failed(format!("several columns are called {name:?}"))),
                    _ => Err(failed(format!("no column is called {name:?}; there are {}", listed(&names)))),
                }
            }
        };
        let maybe = |column: &Option<Column>| column.as_ref().map(find).transpose();
        let layout = Self {
            fields: names.len(),
            user: find(&format.user)?,
            item: find(&format.item)?,
            weight: maybe(&format.weight)?,
            time: maybe(&format.time)?,
            kind: maybe(&format.kind)?,
        };
        if format.header {
            header = Header { bytes: first.next, lines: header.lines + first.lines };
        }
        Ok((Some(layout), header))
    }
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let mut list: Vec<String> = names.iter().take(SHOWN).map(|name| format!("{name:?}")).collect();
    if names.len() > SHOWN {
        list.push(format!("and {} more", names.len() - SHOWN));
    }
    list.join(", ")
}

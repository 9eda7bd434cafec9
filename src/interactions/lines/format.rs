//! What the lines of a file look like, and which of their fields say what.

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
    /// Double quotes; where tabs separate fields only around whole fields, as there names often begin with a quote
    /// that means nothing.
    #[default]
    Auto,
    /// Nothing: a quote is a letter.
    Never,
    /// This character.
    Byte(u8),
}

/// What a line holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Content {
    /// One event; a JSON object if the name of the file ends in `.jsonl`, `.ndjson` or `.json`.
    #[default]
    Event,
    /// A user and all of their items. If every line begins with the number of its items, the user is the number of
    /// the line, from 0; that number may also stand between user and items.
    List,
    /// One event, as a JSON object.
    Json,
}

/// What the lines of a file look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// What a line holds.
    pub content: Content,
    /// What separates fields, one character or more; `\s+` stands for any number of blanks. By default a tab in `.tsv`
    /// and `.tab`, a comma in `.csv`, and elsewhere a tab if the first line has one, otherwise a comma, or blanks where
    /// lines are lists. Endings such as `.gz` are looked through, and a first line such as `sep=;` is believed.
    pub separator: Option<String>,
    /// What may enclose a field.
    pub quote: Quote,
    /// Whether the first line names the columns.
    pub header: bool,
    /// How many lines to pass over at the start.
    pub skip: usize,
    /// Lines that begin with this are passed over.
    pub comment: Option<String>,
    /// What stands before the decimals of a number.
    pub decimal: u8,
    /// What groups the thousands of a number.
    pub thousands: Option<String>,
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
            content: Content::Event,
            separator: None,
            quote: Quote::Auto,
            header: true,
            skip: 0,
            comment: None,
            decimal: b'.',
            thousands: None,
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
        let wrong = |what: &'static str, value: &str, expected: &'static str| {
            Err(Error::LineFormat { what, value: value.to_owned(), expected })
        };
        let separator = self.separator.as_deref().unwrap_or(",");
        let quote = if let Quote::Byte(quote) = self.quote { quote } else { b'"' };
        let breaks = separator.is_empty() || separator.contains(['\n', '\r']);
        if breaks || (self.quote != Quote::Never && separator.as_bytes().contains(&quote)) {
            return wrong("sep", separator, "text without line breaks and quotes in it");
        }
        if let Quote::Byte(quote) = self.quote
            && quote.is_ascii_whitespace()
        {
            return wrong("quote", &char::from(quote).to_string(), "a character that is no blank");
        }
        if let Some(comment) =
            self.comment.as_deref().filter(|text| text.is_empty() || text.contains(['\n', '\r']))
        {
            return wrong("comment", comment, "what lines begin with");
        }
        let decimal = char::from(self.decimal).to_string();
        if !self.decimal.is_ascii_punctuation() || b"-+\"".contains(&self.decimal) {
            return wrong("decimal", &decimal, "a character such as ',' or '.'");
        }
        if let Some(thousands) = self.thousands.as_deref() {
            let is_number = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '+';
            if thousands.is_empty() || thousands == decimal || thousands.contains(is_number) {
                return wrong(
                    "thousands",
                    thousands,
                    "a character other than the decimal one, such as '.' or ' '",
                );
            }
        }
        let sizes = self.weight.is_some() && self.quote == Quote::Never;
        if sizes && self.separator.as_deref().is_some_and(|sep| sep == decimal) {
            return wrong(
                "decimal",
                &decimal,
                "another character than the separator, as there are no quotes",
            );
        }
        let others = [&self.weight, &self.time, &self.kind];
        if self.content == Content::List && others.iter().any(|column| column.is_some()) {
            return wrong("layout", "lists", "\"events\" where there are columns of weight, time or kind");
        }
        Ok(())
    }
}

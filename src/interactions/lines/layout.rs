//! Where in a line the parts of an event stand.

use std::borrow::Cow;

use super::format::{Column, Format};
use super::guess::advice;
use super::input::Source;
use super::numbers::Numbers;
use super::splitter::{Field, Splitter};
use crate::error::{Error, Result};
use crate::interactions::options::ReadOptions;
use crate::interactions::report::Place;
use crate::labels::spelling::whole;

/// Where in a line the parts of an event stand. Places behind the last field are those of constants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// How many fields a line has.
    pub(super) fields: usize,
    pub(super) user: usize,
    pub(super) item: usize,
    pub(super) weight: Option<usize>,
    pub(super) time: Option<usize>,
    pub(super) kind: Option<usize>,
}

/// How much of a file its header takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) bytes: usize,
    pub(super) lines: u64,
}

/// The columns of a file that is read.
struct Columns<'a> {
    format: &'a Format,
    source: &'a Source,
    called: Vec<String>,
}

impl Columns<'_> {
    /// The place of a column; what is wrong if there is none.
    fn find(&self, column: &Column) -> std::result::Result<usize, String> {
        let Self { format, source, called: names } = self;
        let name = match column {
            Column::Place(place) if *place < names.len() => return Ok(*place),
            Column::Place(place) => {
                return Err(format!("there is no column {place}, as there are {}", names.len()));
            }
            Column::Name(name) => name,
        };
        let constant = source.constants.iter().position(|(other, _)| other == name);
        if !format.header {
            let place = constant.map(|at| names.len() + at);
            return place
                .ok_or_else(|| format!("a column is called {name:?}, but there is no header to name it"));
        }
        let mut places = names.iter().enumerate().filter(|(_, other)| *other == name);
        match (places.next(), places.next()) {
            (Some((place, _)), None) => Ok(place),
            (Some(_), Some(_)) => Err(format!("several columns are called {name:?}")),
            _ => constant
                .map(|at| names.len() + at)
                .ok_or_else(|| format!("no column is called {name:?}; there are {}", listed(names))),
        }
    }
}

impl Layout {
    /// Finds the columns in the first line with anything in it; `None` for an empty file without a header.
    pub(super) fn of(
        format: &Format,
        source: &Source,
        splitter: &Splitter,
        options: &ReadOptions,
        bytes: &[u8],
        lines: u64,
    ) -> Result<(Option<Self>, Header)> {
        let mut fields: Vec<Field> = Vec::new();
        let mut header = Header { bytes: 0, lines };
        let first = loop {
            let Some(record) = splitter.record(bytes, header.bytes, true, &mut fields) else { break None };
            if header.bytes == bytes.len() {
                break None;
            }
            if fields.len() > 1 || fields.first().is_some_and(|field| !field.is_empty()) {
                break Some(record);
            }
            header = Header { bytes: record.next, lines: header.lines + record.lines };
        };
        let failed =
            |reason: String| Error::BadRow { place: Place::Line(&source.path, header.lines).name(0), reason };
        let Some(first) = first else {
            return if format.header {
                Err(failed("the file is empty; it should begin with the names of its columns".into()))
            } else {
                Ok((None, header))
            };
        };
        let advised =
            |reason: String| failed(reason + &advice(splitter, &bytes[header.bytes..], fields.len()));
        if let Some(flaw) = first.flaw {
            return Err(advised(flaw.to_string()));
        }
        let text = |field: &Field| String::from_utf8_lossy(&field.text(bytes)).trim().to_owned();
        let names = Columns { format, source, called: fields.iter().map(text).collect() };
        let find = |column: &Column| names.find(column).map_err(advised);
        let maybe = |column: &Option<Column>| column.as_ref().map(find).transpose();
        let layout = Self {
            fields: fields.len(),
            user: find(&format.user)?,
            item: find(&format.item)?,
            weight: maybe(&format.weight)?,
            time: maybe(&format.time)?,
            kind: maybe(&format.kind)?,
        };
        if format.header {
            if let Some(reason) = layout.looks_like_an_event(&names, options) {
                return Err(failed(format!("{reason}; if the first line is an event, header=False says so")));
            }
            header = Header { bytes: first.next, lines: header.lines + first.lines };
        }
        Ok((Some(layout), header))
    }

    /// Why the names of columns cannot be names.
    fn looks_like_an_event(&self, names: &Columns<'_>, options: &ReadOptions) -> Option<String> {
        let name = |place: usize| names.called.get(place).map(|name| (place, name.as_bytes()));
        let numbers = Numbers::of(names.format);
        let called = |part: &str, (place, _): (usize, &[u8])| {
            format!("the column of the {part} is called {:?}", names.called[place])
        };
        if let Some(weight) = self.weight.and_then(name).filter(|(_, name)| numbers.read(name).is_some())
            && names.format.weight == self.weight.map(Column::Place)
        {
            return Some(called("weight", weight));
        }
        let is_time = |name: &[u8]| options.times.of_text(name, |text| numbers.read(text)).is_some();
        if let Some(time) = self.time.and_then(name).filter(|(_, name)| is_time(name))
            && names.format.time == self.time.map(Column::Place)
        {
            return Some(called("time", time));
        }
        if let Some(kind) =
            self.kind.and_then(name).filter(|(_, name)| options.weight_of_kind(name).is_some())
            && names.format.kind == self.kind.map(Column::Place)
        {
            return Some(called("kind", kind));
        }
        // Numbers from 0 are what tables call columns without names.
        let is_label =
            |&(place, name): &(usize, &[u8])| whole(name).is_some_and(|whole| whole.bits != place as i64);
        let by_place =
            [&names.format.user, &names.format.item].iter().all(|column| matches!(column, Column::Place(_)));
        let (user, item) = (name(self.user).filter(is_label)?, name(self.item).filter(is_label)?);
        by_place.then(|| format!("{} and {}", called("user", user), called("item", item)))
    }
}

impl Numbers {
    /// As this format has them.
    pub(super) fn of(format: &Format) -> Self {
        Self { decimal: format.decimal, thousands: format.thousands.clone().unwrap_or_default().into_bytes() }
    }
}

/// What stands at a place.
#[inline]
pub(super) fn text_at<'t>(
    fields: &[Field],
    constants: &'t [(String, String)],
    bytes: &'t [u8],
    place: usize,
) -> Cow<'t, [u8]> {
    match fields.get(place) {
        Some(field) => field.text(bytes),
        None => Cow::Borrowed(constants[place - fields.len()].1.as_bytes()),
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

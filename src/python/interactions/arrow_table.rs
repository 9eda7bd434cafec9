//! Columns of Arrow tables as events; the rest of the crate sees [`Rows`]. Columns are validated when they come in,
//! since whoever made them may have made mistakes.

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::Field;

use super::arrow_labels::{self, Labelled, UUID, extension};
use super::arrow_numbers::{self, Numbered, Timed};
use crate::interactions::{Event, Flaw, Part, ReadOptions, Rows, Time, weighed};

/// Types whose values are those of what they are stored as, or that are met here.
const KNOWN: [&str; 3] = [UUID, "arrow.json", "arrow.bool8"];

/// Which columns of a table say what, by place.
#[derive(Debug, Clone, Copy)]
pub(in crate::python) struct Places {
    pub(in crate::python) user: usize,
    pub(in crate::python) item: usize,
    pub(in crate::python) weight: Option<usize>,
    pub(in crate::python) time: Option<usize>,
    pub(in crate::python) kind: Option<usize>,
}

/// A table of events.
pub(in crate::python) struct Table<'o> {
    rows: usize,
    integers: (Option<bool>, Option<bool>),
    users: Box<dyn Labelled>,
    items: Box<dyn Labelled>,
    weights: Option<Box<dyn Numbered>>,
    times: Option<Box<dyn Timed>>,
    kinds: Option<Box<dyn Labelled>>,
    options: &'o ReadOptions,
}

/// A column after a look at it.
fn checked(batch: &RecordBatch, part: Part, place: usize) -> Result<(&ArrayRef, &Field), String> {
    let column = batch.columns().get(place).ok_or_else(|| format!("there is no column {place}"))?;
    let field = batch.schema_ref().field(place);
    if let Some(name) = extension(field).filter(|name| !KNOWN.contains(name)) {
        return Err(format!(
            "the {part} is of the type {name}, which cannot be used; make texts or times of it"
        ));
    }
    let broken = |error| format!("the column of the {part} is broken: {error}");
    column.to_data().validate_full().map_err(broken)?;
    Ok((column, field))
}

fn wrong(part: Part, expected: &str, column: &ArrayRef) -> String {
    format!("the {part} must be {expected}, got {}", column.data_type())
}

impl<'o> Table<'o> {
    /// Looks at the types of the columns, and whether their values are what they should be.
    pub(in crate::python) fn new(
        batch: &RecordBatch,
        places: Places,
        options: &'o ReadOptions,
    ) -> Result<Self, String> {
        let label = |part, place| {
            let (column, field) = checked(batch, part, place)?;
            let (integers, found) = arrow_labels::labels(column, field)
                .ok_or_else(|| wrong(part, "texts or integers", column))?;
            // A column in which all is missing is of no kind, whatever its type.
            Ok::<_, String>((integers.filter(|_| column.null_count() < column.len()), found))
        };
        let (user_integers, users) = label(Part::User, places.user)?;
        let (item_integers, items) = label(Part::Item, places.item)?;
        let weights = places.weight.map(|place| {
            let (column, _) = checked(batch, Part::Weight, place)?;
            arrow_numbers::numbers(column).ok_or_else(|| wrong(Part::Weight, "numbers", column))
        });
        let times = places.time.map(|place| {
            let (column, field) = checked(batch, Part::Time, place)?;
            arrow_numbers::times(column, field)
                .ok_or_else(|| wrong(Part::Time, "times, dates or numbers", column))
        });
        let kinds = places.kind.map(|place| {
            let (column, field) = checked(batch, Part::Kind, place)?;
            arrow_labels::kinds(column, field)
                .ok_or_else(|| wrong(Part::Kind, "texts, integers or booleans", column))
        });
        Ok(Self {
            rows: batch.num_rows(),
            integers: (user_integers, item_integers),
            users,
            items,
            weights: weights.transpose()?,
            times: times.transpose()?,
            kinds: kinds.transpose()?,
            options,
        })
    }
}

impl Rows for Table<'_> {
    fn len(&self) -> usize {
        self.rows
    }

    fn integers(&self) -> (Option<bool>, Option<bool>) {
        self.integers
    }

    fn event(&self, row: usize) -> Result<Option<Event<'_>>, Flaw<'_>> {
        let found = weighed(
            || {
                self.kinds.as_ref().map_or(Ok(1.0), |kinds| {
                    let kind = kinds.label(row).ok_or_else(|| kinds.flaw(Part::Kind, row))?;
                    self.options.weight_of_label(kind)
                })
            },
            || {
                let number = self.weights.as_ref().map_or(Some(1.0), |weights| weights.number(row));
                number.ok_or(Flaw::Missing(Part::Weight))
            },
            || match &self.times {
                Some(times) => times.time(row, &self.options.times),
                None => Ok(Time::Number(0.0)),
            },
        );
        let Some((weight, time)) = found? else { return Ok(None) };
        let user = self.users.label(row).ok_or_else(|| self.users.flaw(Part::User, row))?;
        let item = self.items.label(row).ok_or_else(|| self.items.flaw(Part::Item, row))?;
        Ok(Some(Event { user, item, weight, time }))
    }
}

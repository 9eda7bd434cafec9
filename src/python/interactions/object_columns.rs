//! Columns of Python objects and `NumPy` arrays.

use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

use crate::interactions::{Batch, Event, Events, Flaw, Part, ReadOptions, Rows, Time, weighed};
use crate::labels::Label;
use crate::python::interactions::arrow_labels::whole;
use crate::python::interactions::arrow_numbers::{time_of_number, time_of_text};
use crate::python::interactions::events::{Before, PyReadOptions, Read, known, listened};

/// A column of labels that are Python objects or an array.
#[derive(FromPyObject)]
pub(in crate::python) enum Objects<'py> {
    Integers(PyReadonlyArray1<'py, i64>),
    Unsigned(PyReadonlyArray1<'py, u64>),
    Floats(PyReadonlyArray1<'py, f64>),
    Texts(Vec<Option<PyBackedStr>>),
}

enum LabelColumn<'a> {
    Integers(&'a [i64]),
    Unsigned(&'a [u64]),
    Floats(&'a [f64]),
    Texts(&'a [Option<PyBackedStr>]),
}

impl LabelColumn<'_> {
    fn new<'a>(objects: &'a Objects<'_>) -> PyResult<LabelColumn<'a>> {
        Ok(match objects {
            Objects::Integers(integers) => LabelColumn::Integers(integers.as_slice()?),
            Objects::Unsigned(integers) => LabelColumn::Unsigned(integers.as_slice()?),
            Objects::Floats(floats) => LabelColumn::Floats(floats.as_slice()?),
            Objects::Texts(texts) => LabelColumn::Texts(texts),
        })
    }

    fn len(&self) -> usize {
        match self {
            Self::Integers(integers) => integers.len(),
            Self::Unsigned(integers) => integers.len(),
            Self::Floats(floats) => floats.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    /// `None` if all is missing.
    fn are_integers(&self) -> Option<bool> {
        match self {
            Self::Texts(texts) => texts.iter().any(Option::is_some).then_some(false),
            Self::Floats(floats) => floats.iter().any(|float| !float.is_nan()).then_some(true),
            Self::Integers(_) | Self::Unsigned(_) => Some(true),
        }
    }

    fn label(&self, part: Part, row: usize) -> Result<Label<'_>, Flaw<'_>> {
        match self {
            Self::Integers(integers) => Ok(Label::Integer(integers[row])),
            Self::Unsigned(integers) => Ok(integers[row].into()),
            Self::Floats(floats) => whole(floats[row], part),
            Self::Texts(texts) => match &texts[row] {
                Some(text) if !text.is_empty() => Ok(Label::Text(text)),
                _ => Err(Flaw::Missing(part)),
            },
        }
    }
}

/// A column of times: seconds since 1970, mere numbers, or texts.
struct TimeColumn<'a> {
    are_seconds: bool,
    values: LabelColumn<'a>,
}

impl TimeColumn<'_> {
    fn time(&self, row: usize, options: &ReadOptions) -> Result<Time, Flaw<'_>> {
        let number = match &self.values {
            LabelColumn::Integers(numbers) => numbers[row] as f64,
            LabelColumn::Unsigned(numbers) => numbers[row] as f64,
            LabelColumn::Floats(numbers) => numbers[row],
            LabelColumn::Texts(texts) => {
                let text = texts[row].as_deref().filter(|text| !text.is_empty());
                return time_of_text(text.ok_or(Flaw::Missing(Part::Time))?, &options.times);
            }
        };
        match number {
            _ if number.is_nan() => Err(Flaw::Missing(Part::Time)),
            _ if self.are_seconds => Ok(Time::Seconds(number)),
            _ => time_of_number(number, &options.times),
        }
    }
}

/// Columns of Python objects as a table of events.
struct Columns<'a> {
    users: LabelColumn<'a>,
    items: LabelColumn<'a>,
    weights: Option<&'a [f64]>,
    times: Option<TimeColumn<'a>>,
    kinds: Option<LabelColumn<'a>>,
    options: &'a ReadOptions,
}

impl Rows for Columns<'_> {
    fn len(&self) -> usize {
        self.users.len()
    }

    fn integers(&self) -> (Option<bool>, Option<bool>) {
        (self.users.are_integers(), self.items.are_integers())
    }

    fn event(&self, row: usize) -> Result<Option<Event<'_>>, Flaw<'_>> {
        let found = weighed(
            || {
                self.kinds
                    .as_ref()
                    .map_or(Ok(1.0), |kinds| self.options.weight_of_label(kinds.label(Part::Kind, row)?))
            },
            || match self.weights.map_or(1.0, |weights| weights[row]) {
                weight if weight.is_nan() => Err(Flaw::Missing(Part::Weight)),
                weight => Ok(weight),
            },
            || self.times.as_ref().map_or(Ok(Time::Number(0.0)), |times| times.time(row, self.options)),
        );
        let Some((weight, time)) = found? else { return Ok(None) };
        let (user, item) = (self.users.label(Part::User, row)?, self.items.label(Part::Item, row)?);
        Ok(Some(Event { user, item, weight, time }))
    }
}

/// Reads columns of equal length.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "they are the columns of a table")]
pub(in crate::python) fn read_columns<'py>(
    py: Python<'py>,
    users: Objects<'py>,
    items: Objects<'py>,
    weights: Option<PyReadonlyArray1<'py, f64>>,
    times: Option<(bool, Objects<'py>)>,
    kinds: Option<Objects<'py>>,
    wanted: PyReadOptions,
    before: Option<Before<'py>>,
    progress: &Bound<'py, PyAny>,
) -> PyResult<Read<'py>> {
    let options = wanted.options(times.is_some())?;
    let before = known(before.as_ref())?;
    let rows = Columns {
        users: LabelColumn::new(&users)?,
        items: LabelColumn::new(&items)?,
        weights: weights.as_ref().map(PyReadonlyArray1::as_slice).transpose()?,
        times: match &times {
            Some((are_seconds, values)) => {
                Some(TimeColumn { are_seconds: *are_seconds, values: LabelColumn::new(values)? })
            }
            None => None,
        },
        kinds: kinds.as_ref().map(LabelColumn::new).transpose()?,
        options: &options,
    };
    let times_len = rows.times.as_ref().map(|times| times.values.len());
    let lengths = [Some(rows.items.len()), rows.weights.map(<[f64]>::len), times_len];
    let kinds_len = rows.kinds.as_ref().map(LabelColumn::len);
    if let Some(length) =
        lengths.into_iter().chain([kinds_len]).flatten().find(|&length| length != rows.len())
    {
        let message =
            format!("columns must have equal lengths, got {} users and {length} of another", rows.len());
        return Err(PyValueError::new_err(message));
    }
    listened(py, progress, |observer| {
        Ok(Events::read(before, &options, observer, |encoder| {
            encoder.read_batches(&[Batch { rows: &rows, name: None, first: 0 }], 0)
        })?)
    })
}

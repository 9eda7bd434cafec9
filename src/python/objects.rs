//! Columns of Python objects and `NumPy` arrays.

use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

use crate::interactions::{Event, EventTable, Flaw, Interactions, Label, Options, Part, Rows};
use crate::python::columns::whole;
use crate::python::interactions::{Before, Read, Wanted, known, listened};

/// A column of labels that are Python objects or an array.
#[derive(FromPyObject)]
pub(super) enum Objects<'py> {
    Integers(PyReadonlyArray1<'py, i64>),
    Floats(PyReadonlyArray1<'py, f64>),
    Texts(Vec<Option<PyBackedStr>>),
}

enum Column1<'a> {
    Integers(&'a [i64]),
    Floats(&'a [f64]),
    Texts(&'a [Option<PyBackedStr>]),
}

impl Column1<'_> {
    fn new<'a>(objects: &'a Objects<'_>) -> PyResult<Column1<'a>> {
        Ok(match objects {
            Objects::Integers(integers) => Column1::Integers(integers.as_slice()?),
            Objects::Floats(floats) => Column1::Floats(floats.as_slice()?),
            Objects::Texts(texts) => Column1::Texts(texts),
        })
    }

    fn len(&self) -> usize {
        match self {
            Self::Integers(integers) => integers.len(),
            Self::Floats(floats) => floats.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    fn are_integers(&self) -> bool {
        !matches!(self, Self::Texts(_))
    }

    fn label(&self, part: Part, row: usize) -> Result<Label<'_>, Flaw<'_>> {
        match self {
            Self::Integers(integers) => Ok(Label::Integer(integers[row])),
            Self::Floats(floats) => match whole(floats[row]) {
                Ok(Some(number)) => Ok(Label::Integer(number)),
                Ok(None) => Err(Flaw::Missing(part)),
                Err(number) => Err(Flaw::NotWhole(part, number)),
            },
            Self::Texts(texts) => match &texts[row] {
                Some(text) if !text.is_empty() => Ok(Label::Text(text)),
                _ => Err(Flaw::Missing(part)),
            },
        }
    }
}

/// Columns of Python objects as a table of events.
struct Columns<'a> {
    users: Column1<'a>,
    items: Column1<'a>,
    weights: Option<&'a [f64]>,
    times: Option<&'a [f64]>,
    kinds: Option<Column1<'a>>,
    options: &'a Options,
}

impl Rows for Columns<'_> {
    fn len(&self) -> usize {
        self.users.len()
    }

    fn integers(&self) -> (bool, bool) {
        (self.users.are_integers(), self.items.are_integers())
    }

    fn event(&self, row: usize) -> Result<Option<Event<'_>>, Flaw<'_>> {
        let mut weight = self.weights.map_or(1.0, |weights| weights[row]);
        if weight.is_nan() {
            return Err(Flaw::Missing(Part::Weight));
        }
        if let Some(kinds) = &self.kinds {
            let Label::Text(kind) = kinds.label(Part::Kind, row)? else {
                return Err(Flaw::Missing(Part::Kind));
            };
            match self.options.weight_of_kind(kind.as_bytes()) {
                Some(0.0) => return Ok(None),
                Some(factor) => weight *= factor,
                None => return Err(Flaw::UnknownKind(kind.as_bytes())),
            }
        }
        let time = self.times.map_or(0.0, |times| times[row]);
        if time.is_nan() {
            return Err(Flaw::Missing(Part::Time));
        }
        let (user, item) = (self.users.label(Part::User, row)?, self.items.label(Part::Item, row)?);
        Ok(Some(Event { user, item, weight, time }))
    }
}

/// Reads columns of equal length.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "they are the columns of a table")]
pub(super) fn read_columns<'py>(
    py: Python<'py>,
    users: Objects<'py>,
    items: Objects<'py>,
    weights: Option<PyReadonlyArray1<'py, f64>>,
    times: Option<PyReadonlyArray1<'py, f64>>,
    kinds: Option<Objects<'py>>,
    wanted: Wanted,
    before: Option<Before<'py>>,
    progress: &Bound<'py, PyAny>,
) -> PyResult<Read<'py>> {
    let options = wanted.options(times.is_some())?;
    let before = known(before.as_ref())?;
    let rows = Columns {
        users: Column1::new(&users)?,
        items: Column1::new(&items)?,
        weights: weights.as_ref().map(PyReadonlyArray1::as_slice).transpose()?,
        times: times.as_ref().map(PyReadonlyArray1::as_slice).transpose()?,
        kinds: kinds.as_ref().map(Column1::new).transpose()?,
        options: &options,
    };
    let lengths = [Some(rows.items.len()), rows.weights.map(<[f64]>::len), rows.times.map(<[f64]>::len)];
    let kinds_len = rows.kinds.as_ref().map(Column1::len);
    if let Some(length) =
        lengths.into_iter().chain([kinds_len]).flatten().find(|&length| length != rows.len())
    {
        let message =
            format!("columns must have equal lengths, got {} users and {length} of another", rows.len());
        return Err(PyValueError::new_err(message));
    }
    listened(py, progress, |watch| {
        Ok(Interactions::read(before, &options, watch, |encoder| {
            encoder.read_tables(&[EventTable { rows: &rows, name: None, first: 0 }], 0)
        })?)
    })
}

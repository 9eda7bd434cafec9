//! Columns of Python objects and `NumPy` arrays.

use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

use crate::interactions::{Batch, Event, Flaw, Interactions, Label, Options, Part, Rows};
use crate::python::columns::whole;
use crate::python::interactions::{Before, Read, Wanted, known, listened};

/// A column of labels that are Python objects or an array.
#[derive(FromPyObject)]
pub(super) enum Objects<'py> {
    Integers(PyReadonlyArray1<'py, i64>),
    Floats(PyReadonlyArray1<'py, f64>),
    Texts(Vec<Option<PyBackedStr>>),
}

enum LabelColumn<'a> {
    Integers(&'a [i64]),
    Floats(&'a [f64]),
    Texts(&'a [Option<PyBackedStr>]),
}

impl LabelColumn<'_> {
    fn new<'a>(objects: &'a Objects<'_>) -> PyResult<LabelColumn<'a>> {
        Ok(match objects {
            Objects::Integers(integers) => LabelColumn::Integers(integers.as_slice()?),
            Objects::Floats(floats) => LabelColumn::Floats(floats.as_slice()?),
            Objects::Texts(texts) => LabelColumn::Texts(texts),
        })
    }

    fn len(&self) -> usize {
        match self {
            Self::Integers(integers) => integers.len(),
            Self::Floats(floats) => floats.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    /// `None` if all is missing.
    fn are_integers(&self) -> Option<bool> {
        match self {
            Self::Texts(texts) => texts.iter().any(Option::is_some).then_some(false),
            Self::Floats(floats) => floats.iter().any(|float| !float.is_nan()).then_some(true),
            Self::Integers(_) => Some(true),
        }
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
    users: LabelColumn<'a>,
    items: LabelColumn<'a>,
    weights: Option<&'a [f64]>,
    times: Option<&'a [f64]>,
    kinds: Option<LabelColumn<'a>>,
    options: &'a Options,
}

impl Rows for Columns<'_> {
    fn len(&self) -> usize {
        self.users.len()
    }

    fn integers(&self) -> (Option<bool>, Option<bool>) {
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
        users: LabelColumn::new(&users)?,
        items: LabelColumn::new(&items)?,
        weights: weights.as_ref().map(PyReadonlyArray1::as_slice).transpose()?,
        times: times.as_ref().map(PyReadonlyArray1::as_slice).transpose()?,
        kinds: kinds.as_ref().map(LabelColumn::new).transpose()?,
        options: &options,
    };
    let lengths = [Some(rows.items.len()), rows.weights.map(<[f64]>::len), rows.times.map(<[f64]>::len)];
    let kinds_len = rows.kinds.as_ref().map(LabelColumn::len);
    if let Some(length) =
        lengths.into_iter().chain([kinds_len]).flatten().find(|&length| length != rows.len())
    {
        let message =
            format!("columns must have equal lengths, got {} users and {length} of another", rows.len());
        return Err(PyValueError::new_err(message));
    }
    listened(py, progress, |watch| {
        Ok(Interactions::read(before, &options, watch, |encoder| {
            encoder.read_batches(&[Batch { rows: &rows, name: None, first: 0 }], 0)
        })?)
    })
}

//! Files of lines for Python.

use std::fs::File;
use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::{Error, Result as CoreResult};
use crate::interactions::{Column, Content, Decoder, Encoding, Events, Format, Quote, Source, lock};
use crate::python::interactions::events::{Before, PyReadOptions, Read, known, listened};

#[derive(FromPyObject)]
pub(in crate::python) enum AnyColumn {
    Place(usize),
    Name(String),
}

impl std::fmt::Display for AnyColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Place(place) => place.fmt(f),
            Self::Name(name) => write!(f, "{name:?}"),
        }
    }
}

impl From<AnyColumn> for Column {
    fn from(column: AnyColumn) -> Self {
        match column {
            AnyColumn::Place(place) => Self::Place(place),
            AnyColumn::Name(name) => Self::Name(name),
        }
    }
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(in crate::python) struct Lines {
    layout: String,
    separator: Option<String>,
    quote: Option<String>,
    header: Option<bool>,
    skip: usize,
    comment: Option<String>,
    decimal: String,
    thousands: Option<String>,
    user: AnyColumn,
    item: AnyColumn,
    weight: Option<AnyColumn>,
    time: Option<AnyColumn>,
    kind: Option<AnyColumn>,
    texts: bool,
}

impl Lines {
    fn format(self) -> PyResult<Format> {
        let quote = match self.quote.as_deref().map(str::as_bytes) {
            None => Quote::Auto,
            Some([]) => Quote::Never,
            Some(&[byte]) => Quote::Byte(byte),
            Some(_) => {
                return Err(PyValueError::new_err("quote must be one ASCII character, or empty for none"));
            }
        };
        let content = match self.layout.as_str() {
            "events" => Content::Event,
            "lists" => Content::List,
            "json" => Content::Json,
            other => {
                let expected = "layout must be \"events\", \"lists\" or \"json\"";
                return Err(PyValueError::new_err(format!("{expected}, got {other:?}")));
            }
        };
        let &[decimal] = self.decimal.as_bytes() else {
            let got = self.decimal;
            return Err(PyValueError::new_err(format!(
                "decimal must be one character of ASCII, got {got:?}"
            )));
        };
        Ok(Format {
            content,
            separator: self.separator,
            quote,
            header: self.header.unwrap_or(content == Content::Event),
            skip: self.skip,
            comment: self.comment,
            decimal,
            thousands: self.thousands,
            user: self.user.into(),
            item: self.item.into(),
            weight: self.weight.map(Into::into),
            time: self.time.map(Into::into),
            kind: self.kind.map(Into::into),
            texts: self.texts,
        })
    }
}

/// An encoding of Python: what makes its incremental decoders, whose `decode` takes bytes and whether they are the last.
struct PyEncoding(Py<PyAny>);

impl Encoding for PyEncoding {
    fn decoder(&self) -> CoreResult<Decoder<'_>> {
        let failed = |error: PyErr| Error::Stream { reason: error.to_string() };
        let decoder = Python::attach(|py| self.0.call0(py)).map_err(failed)?;
        Ok(Box::new(move |bytes: &[u8], last: bool| {
            Python::attach(|py| {
                let text = decoder.call_method1(py, "decode", (PyBytes::new(py, bytes), last))?;
                Ok(text.extract::<String>(py)?.into_bytes())
            })
            .map_err(|error: PyErr| error.to_string())
        }))
    }
}

/// Reads files of lines, each with what is the same in all of its lines, in an encoding or in UTF-8.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "they say where and how to read")]
pub(in crate::python) fn read_files<'py>(
    py: Python<'py>,
    files: Vec<(PathBuf, Vec<(String, String)>)>,
    lines: Lines,
    encoding: Option<Py<PyAny>>,
    wanted: PyReadOptions,
    before: Option<Before<'py>>,
    progress: &Bound<'py, PyAny>,
) -> PyResult<Read<'py>> {
    let format = lines.format()?;
    let options = wanted.options(format.time.is_some())?;
    let before = known(before.as_ref())?;
    let sources: Vec<Source> =
        files.into_iter().map(|(path, constants)| Source { path, constants }).collect();
    let encoding = encoding.map(PyEncoding);
    let encoding = encoding.as_ref().map(|encoding| encoding as &dyn Encoding);
    listened(py, progress, |observer| {
        Ok(Events::read_files(before, &sources, &format, encoding, &options, observer)?)
    })
}

/// A folder that nobody else writes to until this is released.
#[pyclass(module = "penchant._core.interactions", name = "Lock")]
pub(in crate::python) struct PyLock(Option<File>);

#[pymethods]
impl PyLock {
    /// Lets others write.
    fn release(&mut self) {
        self.0 = None;
    }
}

/// Makes a folder and locks it.
#[pyfunction]
pub(in crate::python) fn lock_folder(folder: PathBuf) -> PyResult<PyLock> {
    Ok(PyLock(Some(lock(&folder)?)))
}

//! Streams of Arrow tables, as frames and files give them.

use std::path::{Path, PathBuf};

use arrow_array::RecordBatchReader;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_schema::Schema;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods};
use rayon::prelude::*;

use crate::error::Error;
use crate::interactions::{Batch, Events, Rows};
use crate::python::interactions::arrow_table::{Places, Table};
use crate::python::interactions::events::{Before, PyReadOptions, Read, known, listened};
use crate::python::interactions::files::AnyColumn;

/// How many rows of a stream are read before threads share them.
const ROWS_AT_A_TIME: usize = 1 << 21;

/// Reads streams of Arrow tables, each with the name of the file that it comes from, if from any.
#[pyfunction]
pub(in crate::python) fn read_streams<'py>(
    py: Python<'py>,
    streams: Vec<(Option<PathBuf>, Bound<'py, PyCapsule>)>,
    columns: Named,
    wanted: PyReadOptions,
    before: Option<Before<'py>>,
    progress: &Bound<'py, PyAny>,
) -> PyResult<Read<'py>> {
    let options = wanted.options(columns.time.is_some())?;
    let before = known(before.as_ref())?;
    let streams = streams.into_iter().map(|(path, stream)| Ok((path, reader(&stream)?)));
    let streams: Vec<(Option<PathBuf>, RecordBatchStreamReader)> = streams.collect::<PyResult<_>>()?;
    let places = streams.iter().map(|(path, stream)| columns.places(path.as_deref(), &stream.schema()));
    let places: Vec<Places> = places.collect::<PyResult<_>>()?;
    listened(py, progress, |observer| {
        let mut wrong_type = None;
        let read = Events::read(before, &options, observer, |encoder| {
            let mut done = 0;
            for ((path, mut stream), places) in streams.into_iter().zip(places) {
                let path = path.as_deref();
                let mut first = 0;
                loop {
                    let mut batches = Vec::new();
                    let mut rows = 0;
                    // Streams come in pieces of any size; small ones wait for others.
                    while rows < ROWS_AT_A_TIME
                        && let Some(batch) = stream.next()
                    {
                        let batch = batch.map_err(|error| stream_error(path, &error.to_string()))?;
                        rows += batch.num_rows();
                        batches.push(batch);
                    }
                    if batches.is_empty() {
                        break;
                    }
                    let tables = batches.par_iter().map(|batch| Table::new(batch, places, &options));
                    let tables = tables.collect::<Result<Vec<_>, String>>().map_err(|reason| {
                        let error = stream_error(path, &reason);
                        wrong_type = Some(error.to_string());
                        error
                    })?;
                    let mut named = Vec::with_capacity(tables.len());
                    let before = first;
                    for rows in &tables {
                        named.push(Batch { rows, name: path, first });
                        first += rows.len() as u64;
                    }
                    encoder.read_batches(&named, done)?;
                    done += first - before;
                }
            }
            Ok(())
        });
        match wrong_type {
            Some(reason) => Err(PyTypeError::new_err(reason)),
            None => Ok(read?),
        }
    })
}

fn stream_error(path: Option<&Path>, reason: &str) -> Error {
    Error::Stream { reason: path.map_or_else(String::new, |path| format!("{}: ", path.display())) + reason }
}

/// Which columns of a table say what, by name or place.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(in crate::python) struct Named {
    user: AnyColumn,
    item: AnyColumn,
    weight: Option<AnyColumn>,
    time: Option<AnyColumn>,
    kind: Option<AnyColumn>,
}

impl Named {
    fn places(&self, path: Option<&Path>, schema: &Schema) -> PyResult<Places> {
        let place = |column: &AnyColumn| {
            let fields = schema.fields();
            let found = match column {
                AnyColumn::Place(place) => (*place < fields.len()).then_some(*place),
                AnyColumn::Name(name) => fields.iter().position(|field| field.name() == name),
            };
            let names: Vec<String> = fields.iter().map(|field| format!("{:?}", field.name())).collect();
            let missing = || format!("there is no column {column}; there are {}", names.join(", "));
            found.ok_or_else(|| PyValueError::new_err(stream_error(path, &missing()).to_string()))
        };
        let maybe = |column: &Option<AnyColumn>| column.as_ref().map(place).transpose();
        Ok(Places {
            user: place(&self.user)?,
            item: place(&self.item)?,
            weight: maybe(&self.weight)?,
            time: maybe(&self.time)?,
            kind: maybe(&self.kind)?,
        })
    }
}

/// Takes the stream out of its capsule.
#[allow(unsafe_code, reason = "this is where memory comes from outside")]
fn reader(capsule: &Bound<'_, PyCapsule>) -> PyResult<RecordBatchStreamReader> {
    let stream = capsule.pointer_checked(Some(c"arrow_array_stream"))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: a capsule of this name points to a stream that lives as long as the capsule (the Arrow PyCapsule
    // interface). It is moved out; what stays behind says that it has been released.
    let reader = unsafe { RecordBatchStreamReader::from_raw(stream.as_ptr()) };
    reader.map_err(|error| PyValueError::new_err(error.to_string()))
}

//! Events to matrices.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::interactions::{
    BadRows, Column, Duplicates, Format, Hidden, Interactions, Kept, Options, Quote, Report, State, Watch,
};
use crate::python::arrays::{Csr, view};
use crate::python::interrupt::interruptible;
use crate::python::labels::PyLabels;
use crate::sparse::{CsrMatrix, CsrView};

/// Everything about interactions but their matrix, which Python keeps.
#[pyclass(frozen, module = "penchant._core", name = "Events")]
pub(super) struct PyEvents(Interactions);

/// What was read: the matrix in three arrays, and everything else.
pub(super) type Read<'py> =
    ((Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<i32>>, Bound<'py, PyArray1<f32>>), PyEvents);

fn wrapped(py: Python<'_>, read: Interactions) -> Read<'_> {
    let (matrix, rest) = read.into_matrix();
    let (indptr, indices, values) = matrix.into_parts();
    let arrays =
        (PyArray1::from_vec(py, indptr), PyArray1::from_vec(py, indices), PyArray1::from_vec(py, values));
    (arrays, PyEvents(rest))
}

/// What was read before, with the matrix that Python keeps.
pub(super) type Before<'py> = (Bound<'py, PyEvents>, Csr<'py, f32>);

/// The same for the core.
pub(super) fn known<'a>(
    before: Option<&'a Before<'_>>,
) -> PyResult<Option<(&'a Interactions, CsrView<'a, f32>)>> {
    before.map(|(events, matrix)| Ok((&events.get().0, view(matrix)?))).transpose()
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Wanted {
    duplicates: String,
    half_life: Option<f64>,
    kinds: Vec<(String, f64)>,
    min_items_per_user: u32,
    min_users_per_item: u32,
    strict: bool,
    threads: usize,
}

impl Wanted {
    pub(super) fn options(self, timed: bool) -> PyResult<Options> {
        let duplicates = match self.duplicates.as_str() {
            "sum" => Duplicates::Sum,
            "count" => Duplicates::Count,
            "last" => Duplicates::Last,
            "max" => Duplicates::Max,
            other => {
                let expected = "duplicates must be \"sum\", \"count\", \"last\" or \"max\"";
                return Err(PyValueError::new_err(format!("{expected}, got {other:?}")));
            }
        };
        let options = Options {
            duplicates,
            timed,
            half_life: self.half_life,
            kinds: self.kinds,
            min_items_per_user: self.min_items_per_user,
            min_users_per_item: self.min_users_per_item,
            strict: self.strict,
            threads: self.threads,
        };
        options.check()?;
        Ok(options)
    }
}

/// Tells Python how far the reading is, and hears from it whether to stop.
pub(super) struct Listener<'a> {
    messages: Sender<u64>,
    stop: &'a AtomicBool,
}

impl Watch for Listener<'_> {
    fn progress(&self, done: u64) {
        // Nobody listens any more when the reading is about to be stopped.
        let _ = self.messages.send(done);
    }

    fn interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Runs the reading on a thread of its own, telling `progress` how far it is.
pub(super) fn listened<'py>(
    py: Python<'py>,
    progress: &Bound<'py, PyAny>,
    read: impl FnOnce(&Listener<'_>) -> PyResult<Interactions> + Send,
) -> PyResult<Read<'py>> {
    let read = interruptible(
        py,
        |messages, stop| read(&Listener { messages, stop }),
        |done: u64| progress.call1((done,)).map(drop),
    )??;
    Ok(wrapped(py, read))
}

#[derive(FromPyObject)]
pub(super) enum AnyColumn {
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
pub(super) struct Lines {
    separator: Option<String>,
    quote: Option<String>,
    header: bool,
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
        Ok(Format {
            separator: self.separator,
            quote,
            header: self.header,
            user: self.user.into(),
            item: self.item.into(),
            weight: self.weight.map(Into::into),
            time: self.time.map(Into::into),
            kind: self.kind.map(Into::into),
            texts: self.texts,
        })
    }
}

/// Reads files of lines.
#[pyfunction]
pub(super) fn read_files<'py>(
    py: Python<'py>,
    paths: Vec<PathBuf>,
    lines: Lines,
    wanted: Wanted,
    before: Option<Before<'py>>,
    progress: &Bound<'py, PyAny>,
) -> PyResult<Read<'py>> {
    let format = lines.format()?;
    let options = wanted.options(format.time.is_some())?;
    let before = known(before.as_ref())?;
    listened(py, progress, |watch| Ok(Interactions::read_files(before, &paths, &format, &options, watch)?))
}

/// What a file or a copy holds besides labels and matrix.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Besides<'py> {
    timed: bool,
    latest: f64,
    times: PyReadonlyArray1<'py, f64>,
    kept_users: PyReadonlyArray1<'py, i32>,
    kept_items: PyReadonlyArray1<'py, i32>,
    rows: u64,
    ignored_rows: u64,
    merged_rows: u64,
    bad_rows: u64,
    first_bad_rows: Vec<String>,
}

/// Puts together what `PyEvents.state` took apart, or labels and a matrix.
#[pyfunction]
pub(super) fn restore<'py>(
    py: Python<'py>,
    users: &PyLabels,
    items: &PyLabels,
    matrix: Csr<'py, f32>,
    besides: Besides<'py>,
    wanted: Wanted,
) -> PyResult<Read<'py>> {
    let view = view(&matrix)?;
    let (indptr, indices) = (view.pattern().indptr().to_vec(), view.pattern().indices().to_vec());
    let state = State {
        users: Arc::clone(&users.0),
        items: Arc::clone(&items.0),
        matrix: CsrMatrix::new(view.columns(), indptr, indices, view.values().to_vec())?,
        times: besides.times.as_slice()?.to_vec(),
        latest: besides.latest,
    };
    let codes = |codes: &[i32]| codes.iter().map(|&code| code as u32).collect();
    let kept =
        Kept { users: codes(besides.kept_users.as_slice()?), items: codes(besides.kept_items.as_slice()?) };
    let report = Report {
        rows: besides.rows,
        ignored: besides.ignored_rows,
        merged: besides.merged_rows,
        bad: BadRows::of(besides.bad_rows, besides.first_bad_rows),
        ..Report::default()
    };
    let options = wanted.options(besides.timed)?;
    let read = py.detach(|| Interactions::restored(state, options, &kept, report))?;
    Ok(wrapped(py, read))
}

#[pymethods]
impl PyEvents {
    /// What users are called.
    #[getter]
    fn users(&self) -> PyLabels {
        PyLabels(Arc::clone(self.0.users()))
    }

    /// What items are called.
    #[getter]
    fn items(&self) -> PyLabels {
        PyLabels(Arc::clone(self.0.items()))
    }

    /// What `restore` needs: labels and, where not everything is shown, the whole matrix; and what is known besides.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let Hidden { latest, times, all } = self.0.hidden();
        let state = PyDict::new(py);
        let codes = |codes: &[u32]| PyArray1::from_vec(py, codes.iter().map(|&code| code as i32).collect());
        let kept = all.map(|all| &all.kept);
        state.set_item("kept_users", codes(kept.map_or(&[], |kept| &kept.users)))?;
        state.set_item("kept_items", codes(kept.map_or(&[], |kept| &kept.items)))?;
        let times = all.map_or(times, |all| &all.entries.times);
        state.set_item("times", PyArray1::from_slice(py, times))?;
        state.set_item("latest", latest)?;
        state.set_item("timed", self.0.options().timed)?;
        let (users, items) = match all {
            Some(all) => (&all.users, &all.items),
            None => (self.0.users(), self.0.items()),
        };
        state.set_item("users", Bound::new(py, PyLabels(Arc::clone(users)))?)?;
        state.set_item("items", Bound::new(py, PyLabels(Arc::clone(items)))?)?;
        if let Some(all) = all {
            state.set_item("indptr", PyArray1::from_slice(py, &all.entries.indptr))?;
            state.set_item("indices", PyArray1::from_slice(py, &all.entries.indices))?;
            state.set_item("values", PyArray1::from_slice(py, &all.entries.values))?;
        }
        Ok(state)
    }

    /// What was read, and what was not.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let report = self.0.report();
        let dict = PyDict::new(py);
        dict.set_item("rows", report.rows)?;
        dict.set_item("bad_rows", report.bad.count())?;
        dict.set_item("first_bad_rows", report.bad.described())?;
        dict.set_item("ignored_rows", report.ignored)?;
        dict.set_item("merged_rows", report.merged)?;
        dict.set_item("dropped_users", report.dropped_users)?;
        dict.set_item("dropped_items", report.dropped_items)?;
        dict.set_item("dropped_entries", report.dropped_entries)?;
        Ok(dict)
    }
}

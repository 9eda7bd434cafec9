//! Events to matrices.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::interactions::{
    Age, BadRows, Block, Duplicates, Events, EventsState, Hidden, Interactions, Kept, OnDisk, ReadOptions,
    Report, TimeFormat, TimeUnit,
};
use crate::python::arrays::{Csr, shared, view};
use crate::python::interactions::labels::PyLabels;
use crate::python::interrupt::{Reporter, interruptible};
use crate::sparse::{CsrMatrix, CsrView};

/// Everything about interactions but their matrix, which Python keeps.
#[pyclass(frozen, module = "penchant._core.interactions", name = "Events")]
pub(in crate::python) struct PyEvents(Events);

/// Events: users, items, weights and times.
type Log<'py> = (
    Bound<'py, PyArray1<i32>>,
    Bound<'py, PyArray1<i32>>,
    Bound<'py, PyArray1<f32>>,
    Bound<'py, PyArray1<f64>>,
);

/// What was read: the matrix in three arrays, and everything else.
pub(in crate::python) type Read<'py> =
    ((Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<i32>>, Bound<'py, PyArray1<f32>>), PyEvents);

fn wrapped(py: Python<'_>, read: Interactions) -> PyResult<Read<'_>> {
    let Interactions { matrix, events } = read;
    let (indptr, indices, values) = matrix.into_parts();
    let arrays = (shared(py, indptr)?, shared(py, indices)?, shared(py, values)?);
    Ok((arrays, PyEvents(events)))
}

/// What was read before, with the matrix that Python keeps.
pub(in crate::python) type Before<'py> = (Bound<'py, PyEvents>, Csr<'py, f32>);

/// The same for the core.
pub(in crate::python) fn known<'a>(
    before: Option<&'a Before<'_>>,
) -> PyResult<Option<(&'a Events, CsrView<'a, f32>)>> {
    before.map(|(events, matrix)| Ok((&events.get().0, view(matrix)?))).transpose()
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
#[allow(clippy::struct_excessive_bools, reason = "they come by name, from a dictionary")]
pub(in crate::python) struct PyReadOptions {
    duplicates: String,
    half_life: Option<f64>,
    half_life_is_age: bool,
    max_age: Option<f64>,
    max_age_is_age: bool,
    time_unit: Option<String>,
    time_format: Option<String>,
    kinds: Vec<(String, f64)>,
    min_items_per_user: u32,
    min_users_per_item: u32,
    keep_events: bool,
    strict: bool,
    threads: usize,
    folder: Option<PathBuf>,
    events_at_a_time: usize,
}

impl PyReadOptions {
    pub(in crate::python) fn options(self, timed: bool) -> PyResult<ReadOptions> {
        let wrong = |expected: &str, got: &str| PyValueError::new_err(format!("{expected}, got {got:?}"));
        let duplicates = Duplicates::called(&self.duplicates).ok_or_else(|| {
            wrong("duplicates must be \"sum\", \"count\", \"last\" or \"max\"", &self.duplicates)
        })?;
        let unit = self.time_unit.as_deref().map(|symbol| {
            let expected = "time_unit must be \"s\", \"ms\", \"us\" or \"ns\"";
            TimeUnit::called(symbol).ok_or_else(|| wrong(expected, symbol))
        });
        let age = |is_age: bool| if is_age { Age::Seconds } else { Age::Units };
        let options = ReadOptions {
            duplicates,
            timed,
            times: TimeFormat { unit: unit.transpose()?, pattern: self.time_format },
            half_life: self.half_life.map(age(self.half_life_is_age)),
            max_age: self.max_age.map(age(self.max_age_is_age)),
            kinds: self.kinds,
            min_items_per_user: self.min_items_per_user,
            min_users_per_item: self.min_users_per_item,
            keep_events: self.keep_events,
            strict: self.strict,
            threads: self.threads,
            on_disk: self
                .folder
                .map(|folder| OnDisk { folder, events_at_a_time: self.events_at_a_time.max(1) }),
        };
        options.check()?;
        Ok(options)
    }
}

/// Runs the reading on a thread of its own, telling `progress` how far it is.
pub(in crate::python) fn listened<'py>(
    py: Python<'py>,
    progress: &Bound<'py, PyAny>,
    read: impl FnOnce(&Reporter<'_>) -> PyResult<Interactions> + Send,
) -> PyResult<Read<'py>> {
    let read = interruptible(
        py,
        |messages, stop| read(&Reporter { messages, stop }),
        |done: u64| progress.call1((done,)).map(drop),
    )??;
    wrapped(py, read)
}

/// What a file or a copy holds besides labels and matrix.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(in crate::python) struct Besides<'py> {
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
    faded_entries: usize,
    event_users: PyReadonlyArray1<'py, i32>,
    event_items: PyReadonlyArray1<'py, i32>,
    event_weights: PyReadonlyArray1<'py, f32>,
    event_times: PyReadonlyArray1<'py, f64>,
}

/// Puts together what `PyEvents.state` took apart, or labels and a matrix.
#[pyfunction]
pub(in crate::python) fn restore<'py>(
    py: Python<'py>,
    users: &PyLabels,
    items: &PyLabels,
    matrix: Csr<'py, f32>,
    besides: Besides<'py>,
    wanted: PyReadOptions,
) -> PyResult<Read<'py>> {
    let view = view(&matrix)?;
    let (indptr, indices) = (view.pattern().indptr().to_vec(), view.pattern().indices().to_vec());
    let codes = |codes: &PyReadonlyArray1<'_, i32>| -> PyResult<Vec<u32>> {
        Ok(codes.as_slice()?.iter().map(|&code| code as u32).collect())
    };
    let log = Block {
        users: codes(&besides.event_users)?,
        items: codes(&besides.event_items)?,
        weights: besides.event_weights.as_slice()?.to_vec(),
        times: besides.event_times.as_slice()?.to_vec(),
    };
    let state = EventsState {
        log: wanted.keep_events.then_some(log),
        users: Arc::clone(&users.0),
        items: Arc::clone(&items.0),
        matrix: CsrMatrix::new(view.columns(), indptr, indices, view.values().to_vec())?,
        times: besides.times.as_slice()?.to_vec(),
        latest: besides.latest,
    };
    let kept = Kept { users: codes(&besides.kept_users)?, items: codes(&besides.kept_items)? };
    let report = Report {
        rows: besides.rows,
        ignored: besides.ignored_rows,
        merged: besides.merged_rows,
        bad: BadRows::of(besides.bad_rows, besides.first_bad_rows),
        faded: besides.faded_entries,
        ..Report::default()
    };
    let options = wanted.options(besides.timed)?;
    let read = py.detach(|| Events::restored(state, options, &kept, report))?;
    wrapped(py, read)
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

    /// The events that were kept: users, items, weights and times, which are empty if there are none; None if they
    /// were not.
    fn log<'py>(&self, py: Python<'py>) -> Option<Log<'py>> {
        let log = self.0.log()?;
        let codes = |codes: &[u32]| PyArray1::from_vec(py, codes.iter().map(|&code| code as i32).collect());
        let (weights, times) = (PyArray1::from_slice(py, &log.weights), PyArray1::from_slice(py, &log.times));
        Some((codes(&log.users), codes(&log.items), weights, times))
    }

    /// What the events with a flag make together, with the labels of all; where `plain`, nothing fades or is left out.
    fn subset<'py>(
        &self,
        py: Python<'py>,
        mask: PyReadonlyArray1<'py, bool>,
        plain: bool,
    ) -> PyResult<Read<'py>> {
        let mask = mask.as_slice()?;
        let read = py.detach(|| self.0.subset(mask, plain))?;
        wrapped(py, read)
    }

    /// How many users and items there are, shown or not.
    fn sizes(&self) -> (usize, usize) {
        self.0.sizes()
    }

    /// Fails if the times of the events that were kept cannot be seconds.
    fn check_seconds(&self) -> PyResult<()> {
        Ok(self.0.check_seconds()?)
    }

    /// How the last file of lines was taken: layout, separator and quote.
    fn written(&self) -> Option<(&'static str, String, Option<char>)> {
        let written = self.0.report().written.as_ref()?;
        Some((written.layout, written.separator.clone(), written.quote))
    }

    /// The latest time, how long after the first of the last reading, and whether those were mere numbers.
    fn times(&self) -> (f64, f64, bool) {
        (self.0.hidden().latest, self.0.report().span, self.0.report().mere_numbers)
    }

    /// Whether a label is one that was left out, as it has too few entries: users, then items.
    fn left_out(&self, users: bool, label: &Bound<'_, PyAny>) -> bool {
        self.0.hidden().all.is_some_and(|all| {
            let labels = if users { &all.users } else { &all.items };
            PyLabels(Arc::clone(labels)).code(label) >= 0
        })
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
        dict.set_item("zero_entries", report.zeros)?;
        dict.set_item("negative_entries", report.negatives)?;
        dict.set_item("faded_entries", report.faded)?;
        Ok(dict)
    }
}

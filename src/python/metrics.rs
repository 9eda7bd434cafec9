//! Ranking metrics.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::metrics::{self, Metric, RankedLists, Ties};
use crate::python::arrays::{AnyCsr, Csr, in_precision, view};

/// One value for each user and cut-off.
type Values<'py> = Bound<'py, PyArray2<f64>>;

/// Values of which each list has one for each cut-off, as an array of cut-offs x lists.
fn by_cutoff<'py>(py: Python<'py>, found: &[f64], cutoffs: usize) -> PyResult<Values<'py>> {
    let users = found.len() / cutoffs;
    let values = (0..cutoffs).flat_map(|cut| (0..users).map(move |user| found[user * cutoffs + cut]));
    PyArray1::from_iter(py, values).reshape([cutoffs, users])
}

/// Candidates of lists in which scores are equal: starts, ids, scores.
type Tied<'py> = (PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, i32>, PyReadonlyArray1<'py, f64>);

/// Metrics of each list by their names, each an array of cut-offs x users.
#[pyfunction]
pub(super) fn list_metrics<'py>(
    py: Python<'py>,
    lists: (PyReadonlyArray2<'py, i32>, Option<Tied<'py>>),
    relevant: Csr<'py, f64>,
    cutoffs: Vec<usize>,
    items: usize,
    metrics: Vec<String>,
    threads: usize,
) -> PyResult<Vec<Values<'py>>> {
    let (ids, tied) = &lists;
    let relevant = view(&relevant)?;
    let asked: Vec<Metric> = metrics.iter().map(|name| metric_of(name)).collect::<PyResult<_>>()?;
    let ties = match tied {
        None => None,
        Some((starts, ids, scores)) => {
            Some(Ties::new(items, starts.as_slice()?, ids.as_slice()?, scores.as_slice()?)?)
        }
    };
    let lists = RankedLists { n: ids.as_array().ncols(), ids: ids.as_slice()?, ties };
    let found = py.detach(|| metrics::list_metrics(&lists, &relevant, &cutoffs, items, &asked, threads))?;
    let shape = [cutoffs.len(), relevant.rows()];
    found.into_iter().map(|column| column.into_pyarray(py).reshape(shape)).collect()
}

fn metric_of(name: &str) -> PyResult<Metric> {
    let found = Metric::ALL.into_iter().find(|(known, _)| *known == name);
    found.map(|(_, metric)| metric).ok_or_else(|| PyValueError::new_err(format!("there is no metric {name}")))
}

/// The mean of a value over the items of each list, as an array of cut-offs x lists.
#[pyfunction]
pub(super) fn mean_of_items<'py>(
    py: Python<'py>,
    ids: PyReadonlyArray2<'py, i32>,
    cutoffs: Vec<usize>,
    values: PyReadonlyArray1<'py, f64>,
    threads: usize,
) -> PyResult<Values<'py>> {
    let n = ids.as_array().ncols();
    let (ids, values) = (ids.as_slice()?, values.as_slice()?);
    let found = py.detach(|| metrics::mean_of_items(ids, n, &cutoffs, values, threads))?;
    by_cutoff(py, &found, cutoffs.len())
}

/// How unlike each other the items of each list are, as an array of cut-offs x lists.
#[pyfunction]
pub(super) fn diversity<'py>(
    py: Python<'py>,
    ids: PyReadonlyArray2<'py, i32>,
    cutoffs: Vec<usize>,
    item_features: AnyCsr<'py>,
    threads: usize,
) -> PyResult<Values<'py>> {
    let n = ids.as_array().ncols();
    let ids = ids.as_slice()?;
    let found = in_precision!(AnyCsr(item_features) as T => {
        let features = view::<T>(&item_features)?;
        py.detach(|| metrics::diversity(ids, n, &cutoffs, &features, threads))
    })?;
    by_cutoff(py, &found, cutoffs.len())
}

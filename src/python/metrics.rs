//! Ranking metrics.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::metrics;
use crate::python::arrays::{AnyCsr, Csr, in_precision, view};

/// One value for each user and cut-off.
type Values<'py> = Bound<'py, PyArray2<f64>>;

/// Values of which each list has one for each cut-off, as an array of cut-offs x lists.
fn by_cutoff<'py>(py: Python<'py>, found: &[f64], cutoffs: usize) -> PyResult<Values<'py>> {
    let users = found.len() / cutoffs;
    let values = (0..cutoffs).flat_map(|cut| (0..users).map(move |user| found[user * cutoffs + cut]));
    PyArray1::from_iter(py, values).reshape([cutoffs, users])
}

/// Hits, place of the first hit, hits before the number of relevant items, sum of precisions, gain, graded gain and its
/// best, and area of each list, each an array of cut-offs x users.
#[pyfunction]
pub(super) fn list_qualities<'py>(
    py: Python<'py>,
    ids: PyReadonlyArray2<'py, i32>,
    relevant: Csr<'py, f64>,
    cutoffs: Vec<usize>,
    items: usize,
    threads: usize,
) -> PyResult<Vec<Values<'py>>> {
    let n = ids.as_array().ncols();
    let (ids, relevant) = (ids.as_slice()?, view(&relevant)?);
    let found = py.detach(|| metrics::quality_columns(ids, n, &relevant, &cutoffs, items, threads))?;
    let shape = [cutoffs.len(), relevant.rows()];
    found.into_iter().map(|column| column.into_pyarray(py).reshape(shape)).collect()
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

//! Ranking metrics.

use numpy::{PyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::metrics::{self, ListQuality};
use crate::python::arrays::{Entries, pattern};

/// One value for each user.
type Values<'py> = Bound<'py, PyArray1<f64>>;

/// Hits, place of the first hit, sum of precisions, gain and area of each list.
#[pyfunction]
pub(super) fn list_qualities<'py>(
    py: Python<'py>,
    ids: PyReadonlyArray2<'py, i32>,
    relevant: Entries<'py>,
    items: usize,
    threads: usize,
) -> PyResult<[Values<'py>; 5]> {
    let n = ids.as_array().ncols();
    let (ids, relevant) = (ids.as_slice()?, pattern(&relevant)?);
    let found = py.detach(|| metrics::list_qualities(ids, n, relevant, items, threads))?;
    let values = |value: fn(&ListQuality) -> f64| PyArray1::from_iter(py, found.iter().map(value));
    Ok([
        values(|quality| quality.hits as f64),
        values(|quality| quality.first as f64),
        values(|quality| quality.precisions),
        values(|quality| quality.gain),
        values(|quality| quality.area),
    ])
}

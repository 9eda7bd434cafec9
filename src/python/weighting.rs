//! The weights of a matrix, as a new array of values.

use numpy::{Element, IntoPyArray, PyArray1};
use pyo3::prelude::*;

use crate::error::Result;
use crate::kernel::Real;
use crate::python::arrays::{AnyCsr, Csr, view};
use crate::sparse::CsrView;
use crate::weighting;

fn weigh<'py, T: Real + Element>(
    py: Python<'py>,
    matrix: &Csr<'py, T>,
    weights: impl Fn(&CsrView<'_, T>) -> Result<Vec<T>> + Send + Sync,
) -> PyResult<Bound<'py, PyArray1<T>>> {
    let matrix = view(matrix)?;
    Ok(py.detach(|| weights(&matrix))?.into_pyarray(py))
}

/// Calls a function of `crate::weighting` in the precision of the matrix.
macro_rules! weigh_any {
    ($py:expr, $matrix:expr, $weights:expr) => {
        match $matrix {
            AnyCsr::Single(matrix) => Ok(weigh($py, &matrix, $weights)?.into_any()),
            AnyCsr::Double(matrix) => Ok(weigh($py, &matrix, $weights)?.into_any()),
        }
    };
}

/// BM25 weights.
#[pyfunction]
pub(super) fn bm25<'py>(
    py: Python<'py>,
    matrix: AnyCsr<'py>,
    k1: f64,
    b: f64,
) -> PyResult<Bound<'py, PyAny>> {
    weigh_any!(py, matrix, |matrix| weighting::bm25(matrix, k1, b))
}

/// Tf-idf weights.
#[pyfunction]
pub(super) fn tfidf<'py>(py: Python<'py>, matrix: AnyCsr<'py>) -> PyResult<Bound<'py, PyAny>> {
    weigh_any!(py, matrix, weighting::tfidf)
}

/// Rows of length one.
#[pyfunction]
pub(super) fn normalize<'py>(py: Python<'py>, matrix: AnyCsr<'py>) -> PyResult<Bound<'py, PyAny>> {
    weigh_any!(py, matrix, weighting::normalize)
}

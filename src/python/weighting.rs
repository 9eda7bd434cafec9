//! The weights of a matrix, as a new array of values.

use numpy::IntoPyArray;
use pyo3::prelude::*;

use crate::python::arrays::{AnyCsr, in_precision, view};
use crate::weighting;

/// BM25 weights.
#[pyfunction]
pub(super) fn bm25<'py>(
    py: Python<'py>,
    matrix: AnyCsr<'py>,
    k1: f64,
    b: f64,
) -> PyResult<Bound<'py, PyAny>> {
    in_precision!(AnyCsr(matrix) as T => {
        let matrix = view::<T>(&matrix)?;
        Ok(py.detach(|| weighting::bm25(&matrix, k1, b))?.into_pyarray(py).into_any())
    })
}

/// Tf-idf weights.
#[pyfunction]
pub(super) fn tfidf<'py>(py: Python<'py>, matrix: AnyCsr<'py>) -> PyResult<Bound<'py, PyAny>> {
    in_precision!(AnyCsr(matrix) as T => {
        let matrix = view::<T>(&matrix)?;
        Ok(py.detach(|| weighting::tfidf(&matrix))?.into_pyarray(py).into_any())
    })
}

/// Rows of length one.
#[pyfunction]
pub(super) fn normalize<'py>(py: Python<'py>, matrix: AnyCsr<'py>) -> PyResult<Bound<'py, PyAny>> {
    in_precision!(AnyCsr(matrix) as T => {
        let matrix = view::<T>(&matrix)?;
        Ok(py.detach(|| weighting::normalize(&matrix))?.into_pyarray(py).into_any())
    })
}

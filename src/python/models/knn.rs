//! Nearest neighbours.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::models::knn::{NearestNeighbours, Weighting};
use crate::python::arrays::{AnyCsr, CsrArrays};
use crate::python::models::similarity::learn;

/// The parameters of a fit as a dictionary of Python values.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(in crate::python) struct Params {
    neighbours: usize,
    weighting: String,
    k1: f64,
    b: f64,
    cosine: bool,
    shrinkage: f64,
    num_threads: usize,
}

impl Params {
    fn build(&self) -> PyResult<NearestNeighbours> {
        let weighting = match self.weighting.as_str() {
            "counts" => Weighting::Counts,
            "tfidf" => Weighting::TfIdf,
            "bm25" => Weighting::Bm25 { k1: self.k1, b: self.b },
            other => {
                let expected = "weighting must be 'counts', 'tfidf' or 'bm25'";
                return Err(PyValueError::new_err(format!("{expected}, got {other:?}")));
            }
        };
        Ok(NearestNeighbours::new(self.neighbours)
            .weighting(weighting)
            .cosine(self.cosine)
            .shrinkage(self.shrinkage)
            .threads(self.num_threads))
    }
}

/// Fails if a parameter is out of range.
#[pyfunction]
pub(in crate::python) fn check_parameters(params: Params) -> PyResult<()> {
    Ok(params.build()?.check()?)
}

/// The neighbours of the columns of a matrix, as the three arrays of a CSR matrix of columns x columns.
#[pyfunction]
pub(in crate::python) fn neighbours<'py>(
    py: Python<'py>,
    matrix: AnyCsr<'py>,
    params: Params,
    progress: &Bound<'py, PyAny>,
) -> PyResult<CsrArrays<'py>> {
    learn(py, &params.build()?, matrix, progress)
}

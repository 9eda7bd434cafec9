//! EASE among nearest neighbours.

use pyo3::prelude::*;

use crate::models::sparse_ease::SparseEase;
use crate::python::arrays::{AnyCsr, CsrArrays};
use crate::python::models::similarity::learn;

/// The parameters of a fit as a dictionary of Python values.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(in crate::python) struct Params {
    regularization: f64,
    neighbours: usize,
    num_threads: usize,
}

impl Params {
    fn build(&self) -> SparseEase {
        SparseEase::new(self.regularization, self.neighbours).threads(self.num_threads)
    }
}

/// Fails if a parameter is out of range.
#[pyfunction]
pub(in crate::python) fn check_parameters(params: Params) -> PyResult<()> {
    Ok(params.build().check()?)
}

/// The weights of items for items, as the three arrays of a CSR matrix.
#[pyfunction]
pub(in crate::python) fn weights<'py>(
    py: Python<'py>,
    matrix: AnyCsr<'py>,
    params: Params,
    progress: &Bound<'py, PyAny>,
) -> PyResult<CsrArrays<'py>> {
    learn(py, &params.build(), matrix, progress)
}

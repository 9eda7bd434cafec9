//! SLIM.

use pyo3::prelude::*;

use crate::models::slim::Slim;
use crate::python::arrays::{AnyCsr, CsrArrays};
use crate::python::models::similarity::learn;

/// The parameters of a fit as a dictionary of Python values.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(in crate::python) struct Params {
    l1_regularization: f64,
    l2_regularization: f64,
    iterations: usize,
    tolerance: f64,
    num_threads: usize,
}

impl Params {
    fn build(&self) -> Slim {
        let params = Slim::new(self.l1_regularization, self.l2_regularization).iterations(self.iterations);
        params.tolerance(self.tolerance).threads(self.num_threads)
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

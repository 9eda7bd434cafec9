//! Random walks.

use pyo3::prelude::*;

use crate::models::rp3beta::Rp3Beta;
use crate::python::arrays::{AnyCsr, CsrArrays};
use crate::python::models::similarity::learn;

/// The parameters of a fit as a dictionary of Python values.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(in crate::python) struct Params {
    neighbours: usize,
    alpha: f64,
    beta: f64,
    normalize: bool,
    num_threads: usize,
}

impl Params {
    fn build(&self) -> Rp3Beta {
        let params = Rp3Beta::new(self.neighbours).alpha(self.alpha).beta(self.beta);
        params.normalize(self.normalize).threads(self.num_threads)
    }
}

/// Fails if a parameter is out of range.
#[pyfunction]
pub(in crate::python) fn check_parameters(params: Params) -> PyResult<()> {
    Ok(params.build().check()?)
}

/// Where walks from the columns of a matrix end, as the three arrays of a CSR matrix of columns x columns.
#[pyfunction]
pub(in crate::python) fn walks<'py>(
    py: Python<'py>,
    matrix: AnyCsr<'py>,
    params: Params,
    progress: &Bound<'py, PyAny>,
) -> PyResult<CsrArrays<'py>> {
    learn(py, &params.build(), matrix, progress)
}

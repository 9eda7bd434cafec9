//! EASE.

use numpy::PyArray2;
use pyo3::prelude::*;

use crate::models::ease::Ease;
use crate::python::arrays::{AnyCsr, in_precision, square, view};
use crate::python::interrupt::{Reporter, interruptible};

/// Fails if a parameter is out of range.
#[pyfunction]
pub(in crate::python) fn check_parameters(regularization: f64, num_threads: usize) -> PyResult<()> {
    Ok(Ease::new(regularization).threads(num_threads).check()?)
}

/// How often `progress` hears of each item.
#[pyfunction]
pub(in crate::python) fn passes() -> usize {
    Ease::passes()
}

/// The weights of items for items, a row for each.
#[pyfunction]
pub(in crate::python) fn weights<'py>(
    py: Python<'py>,
    matrix: AnyCsr<'py>,
    regularization: f64,
    num_threads: usize,
    progress: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let params = Ease::new(regularization).threads(num_threads);
    in_precision!(AnyCsr(matrix) as T => {
        let matrix = view::<T>(&matrix)?;
        let found = interruptible(
            py,
            |messages, stop| params.fit_observed(&matrix, &Reporter { messages, stop }),
            |done: u64| progress.call1((done,)).map(drop),
        )??;
        let found: Bound<'py, PyArray2<T>> = square(py, found, matrix.columns())?;
        Ok(found.into_any())
    })
}

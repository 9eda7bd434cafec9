//! What all models that learn a matrix of items x items share.

use pyo3::prelude::*;

use crate::models::similarity::LearnsSimilarity;
use crate::python::arrays::{AnyCsr, CsrArrays, csr_arrays, in_precision, view};
use crate::python::interrupt::{Reporter, interruptible};

/// What a model learns of the columns of a matrix, as the three arrays of a CSR matrix of columns x columns.
pub(super) fn learn<'py>(
    py: Python<'py>,
    model: &impl LearnsSimilarity,
    matrix: AnyCsr<'py>,
    progress: &Bound<'py, PyAny>,
) -> PyResult<CsrArrays<'py>> {
    in_precision!(AnyCsr(matrix) as T => {
        let matrix = view::<T>(&matrix)?;
        let found = interruptible(
            py,
            |messages, stop| model.learn(&matrix, &Reporter { messages, stop }),
            |done: u64| progress.call1((done,)).map(drop),
        )??;
        csr_arrays(py, found)
    })
}

//! The binding: converts, lets go of the interpreter, calls the core, wraps.
//!
//! Nothing else in the crate knows Python. The functions here are the private `penchant._core`; the Python
//! package around it has checked types, and puts every sentence a user may read in its own words.

#![allow(clippy::needless_pass_by_value, reason = "PyO3 hands arguments over by value")]

mod als;
mod arrays;
mod columns;
mod errors;
mod evaluation;
mod file;
mod interactions;
mod interrupt;
mod labels;
mod lines;
mod objects;
mod rank;
mod streams;
mod weighting;

use pyo3::prelude::*;

/// The compiled core. Private: checks types but not meanings; use the modules around it.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::als::{PyGram, check_parameters, confidences, fit, fold_in, gram, training_loss};
    #[pymodule_export]
    use super::arrays::csr_is_canonical;
    #[pymodule_export]
    use super::evaluation::list_qualities;
    #[pymodule_export]
    use super::file::{model_bytes, read_model, write_atomically};
    #[pymodule_export]
    use super::interactions::{PyEvents, restore};
    #[pymodule_export]
    use super::labels::PyLabels;
    #[pymodule_export]
    use super::lines::read_files;
    #[pymodule_export]
    use super::objects::read_columns;
    #[pymodule_export]
    use super::rank::{PyIndex, audience_by_rank, index_of_directions, index_of_items, recommend, similar};
    #[pymodule_export]
    use super::streams::read_streams;
    #[pymodule_export]
    use super::weighting::{bm25, normalize, tfidf};

    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("DEBUG_BUILD", cfg!(debug_assertions))
    }
}

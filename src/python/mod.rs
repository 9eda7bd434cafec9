//! The binding: converts, lets go of the interpreter, calls the core, wraps.
//!
//! Nothing else in the crate knows Python. The functions here are the private `penchant._core`, in which each room has
//! a module; the Python package around it has checked types, and puts every sentence a user may read in its own words.

#![allow(clippy::needless_pass_by_value, reason = "PyO3 hands arguments over by value")]

mod arrays;
mod errors;
mod interactions;
mod interrupt;
mod io;
mod metrics;
mod models;
mod rank;
mod text;
mod weighting;

use pyo3::prelude::*;

/// The compiled core. Private: checks types but not meanings; use the modules around it.
#[pymodule(gil_used = false)]
mod _core {
    use pyo3::prelude::*;

    /// How many threads the core works on if it is not told: processor affinity and container limits included.
    #[pyfunction]
    fn threads() -> usize {
        crate::pool::available()
    }

    /// Alternating least squares.
    #[pymodule]
    mod als {
        #[pymodule_export]
        use crate::python::models::als::{
            PyGram, check_parameters, explain, factors_of, fit, fold_in, gram, training_loss, turned,
        };
        #[pymodule_export]
        use crate::python::models::parts::PyPart;
        #[pymodule_export]
        use crate::python::models::parts::messages::{
            eigendecomposition, has_fast_halves, largest_hundredth, tree_total,
        };
    }

    /// EASE.
    #[pymodule]
    mod ease {
        #[pymodule_export]
        use crate::python::models::ease::{check_parameters, passes, weights};
    }

    /// Events to matrices.
    #[pymodule]
    mod interactions {
        #[pymodule_export]
        use crate::python::interactions::arrow_stream::read_streams;
        #[pymodule_export]
        use crate::python::interactions::events::{PyEvents, restore};
        #[pymodule_export]
        use crate::python::interactions::files::{PyLock, lock_folder, read_files};
        #[pymodule_export]
        use crate::python::interactions::labels::PyLabels;
        #[pymodule_export]
        use crate::python::interactions::object_columns::read_columns;
    }

    /// Nearest neighbours.
    #[pymodule]
    mod knn {
        #[pymodule_export]
        use crate::python::models::knn::{check_parameters, neighbours};
    }

    /// Model files.
    #[pymodule]
    mod io {
        #[pymodule_export]
        use crate::python::io::{from_bytes, layout, to_bytes, write_atomically};
    }

    /// Ranking metrics.
    #[pymodule]
    mod metrics {
        #[pymodule_export]
        use crate::python::metrics::{diversity, list_metrics, mean_of_items};
    }

    /// Searches among factors.
    #[pymodule]
    mod rank {
        #[pymodule_export]
        use crate::python::arrays::PyMatrix;
        #[pymodule_export]
        use crate::python::rank::{
            PyIndex, all_scores, all_scores_by_rows, audience_by_rank, index_of_directions, index_of_items,
            index_of_moved_items, recommend, recommend_by_dense_rows, recommend_by_rows, similar,
        };
    }

    /// Random walks.
    #[pymodule]
    mod rp3beta {
        #[pymodule_export]
        use crate::python::models::rp3beta::{check_parameters, walks};
    }

    /// SLIM.
    #[pymodule]
    mod slim {
        #[pymodule_export]
        use crate::python::models::slim::{check_parameters, weights};
    }

    /// EASE among nearest neighbours.
    #[pymodule]
    mod sparse_ease {
        #[pymodule_export]
        use crate::python::models::sparse_ease::{check_parameters, weights};
    }

    /// Sparse matrices.
    #[pymodule]
    mod sparse {
        #[pymodule_export]
        use crate::python::arrays::csr_is_canonical;
    }

    /// Texts as counts.
    #[pymodule]
    mod text {
        #[pymodule_export]
        use crate::python::text::{counts, counts_of, hashed_counts};
    }

    /// Weights of the entries of a matrix.
    #[pymodule]
    mod weighting {
        #[pymodule_export]
        use crate::python::weighting::{bm25, normalize, tfidf};
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("DEBUG_BUILD", cfg!(debug_assertions))?;
        // A wrong wish is an error here, before anything is measured with other instructions.
        module.add("INSTRUCTION_SET", crate::instruction_set()?)?;
        // So that each can be imported by its name.
        let modules = module.py().import("sys")?.getattr("modules")?;
        for value in module.dict().values() {
            if let Ok(room) = value.cast_into::<PyModule>() {
                let name = format!("penchant.{}", room.name()?);
                room.setattr("__name__", &name)?;
                modules.set_item(name, room)?;
            }
        }
        Ok(())
    }
}

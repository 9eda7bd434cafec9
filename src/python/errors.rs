//! Errors of the core as Python exceptions.

use pyo3::exceptions::{PyIndexError, PyKeyboardInterrupt, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::error::Error;

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::IdOutOfRange { .. } => PyIndexError::new_err(message),
            Error::Diverged { .. } | Error::NotFoldedIn | Error::NotPositiveDefinite => {
                ours("ModelFitError", message)
            }
            Error::Interrupted => PyKeyboardInterrupt::new_err(()),
            Error::NotAModel { .. } => ours("ModelFormatError", message),
            Error::Io { kind, .. } => std::io::Error::new(kind, message).into(),
            Error::Threads { .. } => PyRuntimeError::new_err(message),
            _ => PyValueError::new_err(message),
        }
    }
}

/// An exception that `penchant.exceptions` defines.
fn ours(name: &str, message: String) -> PyErr {
    Python::attach(|py| {
        let class = py.import("penchant.exceptions").and_then(|module| module.getattr(name));
        match class.and_then(|class| class.call1((message,))) {
            Ok(exception) => PyErr::from_value(exception),
            Err(error) => error,
        }
    })
}

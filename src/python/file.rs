//! Model files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::file::{self, Factors, Side};
use crate::python::arrays::dense;
use crate::python::rank::AnyFactors;

fn side<'a>(factors: &'a AnyFactors<'_>) -> PyResult<Side<'a>> {
    Ok(match factors {
        AnyFactors::Single(factors) => Side::new(dense(factors)?),
        AnyFactors::Double(factors) => Side::new(dense(factors)?),
    })
}

/// The bytes of a model file.
#[pyfunction]
pub(super) fn model_bytes<'py>(
    py: Python<'py>,
    user_factors: Option<AnyFactors<'py>>,
    item_factors: Option<AnyFactors<'py>>,
    about: BTreeMap<String, String>,
) -> PyResult<Bound<'py, PyBytes>> {
    let sides = [user_factors.as_ref().map(side).transpose()?, item_factors.as_ref().map(side).transpose()?];
    let bytes = py.detach(|| file::to_bytes(sides, about))?;
    Ok(PyBytes::new(py, &bytes))
}

/// Replaces a file as a whole or not at all.
#[pyfunction]
pub(super) fn write_atomically(py: Python<'_>, path: PathBuf, content: &[u8]) -> PyResult<()> {
    Ok(py.detach(|| file::write_atomically(&path, content))?)
}

/// What a model file holds: its metadata, the factors of users and those of items.
type Contents<'py> = (BTreeMap<String, String>, Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>);

/// Reads the bytes of a model file.
#[pyfunction]
pub(super) fn read_model<'py>(py: Python<'py>, content: &[u8]) -> PyResult<Contents<'py>> {
    let file::Contents { about, users, items } = file::from_bytes(content)?;
    let array = |factors: Option<Factors<'_>>| factors.map(|factors| array(py, &factors)).transpose();
    Ok((about, array(users)?, array(items)?))
}

fn array<'py>(py: Python<'py>, factors: &Factors<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(if factors.are::<f32>() {
        PyArray1::from_vec(py, factors.values::<f32>()?).reshape(factors.shape)?.into_any()
    } else {
        PyArray1::from_vec(py, factors.values::<f64>()?).reshape(factors.shape)?.into_any()
    })
}

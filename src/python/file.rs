//! Model files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use safetensors::tensor::{Dtype, TensorView};

use crate::file::{self, Factors, Tensor};
use crate::python::arrays::dense;
use crate::python::rank::AnyFactors;

fn side<'a>(factors: &'a AnyFactors<'_>) -> PyResult<Tensor<'a>> {
    Ok(match factors {
        AnyFactors::Single(factors) => Tensor::factors(dense(factors)?),
        AnyFactors::Double(factors) => Tensor::factors(dense(factors)?),
    })
}

/// An array of one dimension.
#[derive(FromPyObject)]
pub(super) enum List<'py> {
    Bytes(PyReadonlyArray1<'py, u8>),
    Ids(PyReadonlyArray1<'py, i32>),
    Integers(PyReadonlyArray1<'py, i64>),
    Values(PyReadonlyArray1<'py, f32>),
    Times(PyReadonlyArray1<'py, f64>),
}

fn list<'a>(list: &'a List<'_>) -> PyResult<Tensor<'a>> {
    Ok(match list {
        List::Bytes(list) => Tensor::list(Dtype::U8, list.as_slice()?),
        List::Ids(list) => Tensor::list(Dtype::I32, list.as_slice()?),
        List::Integers(list) => Tensor::list(Dtype::I64, list.as_slice()?),
        List::Values(list) => Tensor::list(Dtype::F32, list.as_slice()?),
        List::Times(list) => Tensor::list(Dtype::F64, list.as_slice()?),
    })
}

/// The bytes of a model file.
#[pyfunction]
pub(super) fn model_bytes<'py>(
    py: Python<'py>,
    user_factors: Option<AnyFactors<'py>>,
    item_factors: Option<AnyFactors<'py>>,
    more: BTreeMap<String, List<'py>>,
    about: BTreeMap<String, String>,
) -> PyResult<Bound<'py, PyBytes>> {
    let more = more.iter().map(|(name, values)| Ok((name.clone(), list(values)?)));
    let more = more.collect::<PyResult<BTreeMap<_, _>>>()?;
    let sides = [user_factors.as_ref().map(side).transpose()?, item_factors.as_ref().map(side).transpose()?];
    let bytes = py.detach(|| file::to_bytes(sides, more, about))?;
    Ok(PyBytes::new(py, &bytes))
}

/// Replaces a file as a whole or not at all.
#[pyfunction]
pub(super) fn write_atomically(py: Python<'_>, path: PathBuf, content: &[u8]) -> PyResult<()> {
    Ok(py.detach(|| file::write_atomically(&path, content))?)
}

/// What a model file holds: its metadata, the factors of users, those of items, and lists of other things.
type Contents<'py> =
    (BTreeMap<String, String>, Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>, Bound<'py, PyDict>);

/// Reads the bytes of a model file.
#[pyfunction]
pub(super) fn read_model<'py>(py: Python<'py>, content: &[u8]) -> PyResult<Contents<'py>> {
    let file::Contents { about, users, items, more } = file::from_bytes(content)?;
    let array = |factors: Option<Factors<'_>>| factors.map(|factors| array(py, &factors)).transpose();
    let lists = PyDict::new(py);
    for (name, tensor) in more {
        if let Some(list) = values(py, &tensor) {
            lists.set_item(name, list)?;
        }
    }
    Ok((about, array(users)?, array(items)?, lists))
}

/// The values of a list; `None` for types that are never written.
fn values<'py>(py: Python<'py>, tensor: &TensorView<'_>) -> Option<Bound<'py, PyAny>> {
    let bytes = tensor.data();
    Some(match tensor.dtype() {
        Dtype::U8 => PyArray1::from_slice(py, bytes).into_any(),
        Dtype::I32 => PyArray1::from_vec(py, bytemuck::pod_collect_to_vec::<u8, i32>(bytes)).into_any(),
        Dtype::I64 => PyArray1::from_vec(py, bytemuck::pod_collect_to_vec::<u8, i64>(bytes)).into_any(),
        Dtype::F32 => PyArray1::from_vec(py, bytemuck::pod_collect_to_vec::<u8, f32>(bytes)).into_any(),
        Dtype::F64 => PyArray1::from_vec(py, bytemuck::pod_collect_to_vec::<u8, f64>(bytes)).into_any(),
        _ => return None,
    })
}

fn array<'py>(py: Python<'py>, factors: &Factors<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(if factors.are::<f32>() {
        PyArray1::from_vec(py, factors.values::<f32>()?).reshape(factors.shape)?.into_any()
    } else {
        PyArray1::from_vec(py, factors.values::<f64>()?).reshape(factors.shape)?.into_any()
    })
}

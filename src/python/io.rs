//! Model files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use numpy::{Element, PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use safetensors::tensor::{Dtype, TensorView};

use crate::io::atomic;
use crate::io::tensors::{self, Contents, Number, Tensor};

/// An array of any type that files may hold.
#[derive(FromPyObject)]
pub(super) enum AnyArray<'py> {
    Bytes(PyReadonlyArrayDyn<'py, u8>),
    Ids(PyReadonlyArrayDyn<'py, i32>),
    Integers(PyReadonlyArrayDyn<'py, i64>),
    Single(PyReadonlyArrayDyn<'py, f32>),
    Double(PyReadonlyArrayDyn<'py, f64>),
}

fn tensor<'a>(array: &'a AnyArray<'_>) -> PyResult<Tensor<'a>> {
    match array {
        AnyArray::Bytes(array) => in_rows(array),
        AnyArray::Ids(array) => in_rows(array),
        AnyArray::Integers(array) => in_rows(array),
        AnyArray::Single(array) => in_rows(array),
        AnyArray::Double(array) => in_rows(array),
    }
}

fn in_rows<'a, T: Number + Element>(array: &'a PyReadonlyArrayDyn<'_, T>) -> PyResult<Tensor<'a>> {
    if !array.is_c_contiguous() {
        return Err(PyValueError::new_err("arrays must be contiguous, row after row"));
    }
    Ok(Tensor::new(array.shape(), array.as_slice()?))
}

/// The bytes of a model file.
#[pyfunction]
pub(super) fn to_bytes<'py>(
    py: Python<'py>,
    arrays: BTreeMap<String, AnyArray<'py>>,
    about: BTreeMap<String, String>,
) -> PyResult<Bound<'py, PyBytes>> {
    let tensors = arrays.iter().map(|(name, array)| Ok((name.clone(), tensor(array)?)));
    let tensors = tensors.collect::<PyResult<BTreeMap<_, _>>>()?;
    let bytes = py.detach(|| tensors::to_bytes(tensors, about))?;
    Ok(PyBytes::new(py, &bytes))
}

/// Replaces a file as a whole or not at all.
#[pyfunction]
pub(super) fn write_atomically(py: Python<'_>, path: PathBuf, content: &[u8]) -> PyResult<()> {
    Ok(py.detach(|| atomic::write_atomically(&path, content))?)
}

/// What the bytes of a model file hold: its texts, and its arrays by name.
#[pyfunction]
pub(super) fn from_bytes<'py>(
    py: Python<'py>,
    content: &[u8],
) -> PyResult<(BTreeMap<String, String>, Bound<'py, PyDict>)> {
    let Contents { about, tensors } = tensors::from_bytes(content)?;
    let arrays = PyDict::new(py);
    for (name, tensor) in tensors {
        if let Some(array) = values(py, &tensor)? {
            arrays.set_item(name, array)?;
        }
    }
    Ok((about, arrays))
}

/// An array in a file: its type as `NumPy` calls it, its shape, and its first byte and the one behind its last.
type Place = (&'static str, Vec<usize>, usize, usize);

/// What a model file holds, without its values: its texts, and where its arrays lie.
#[pyfunction]
pub(super) fn layout(
    content: PyReadonlyArray1<'_, u8>,
) -> PyResult<(BTreeMap<String, String>, BTreeMap<String, Place>)> {
    let bytes = content.as_slice()?;
    let Contents { about, tensors } = tensors::from_bytes(bytes)?;
    let start = bytes.as_ptr().addr();
    let places = tensors.into_iter().filter_map(|(name, tensor)| {
        let first = tensor.data().as_ptr().addr() - start;
        let kind = numpy_type(tensor.dtype())?;
        Some((name, (kind, tensor.shape().to_vec(), first, first + tensor.data().len())))
    });
    Ok((about, places.collect()))
}

/// What `NumPy` calls the numbers of a tensor; `None` for types that are never written.
fn numpy_type(kind: Dtype) -> Option<&'static str> {
    Some(match kind {
        Dtype::U8 => "|u1",
        Dtype::I32 => "<i4",
        Dtype::I64 => "<i8",
        Dtype::F32 => "<f4",
        Dtype::F64 => "<f8",
        _ => return None,
    })
}

/// The values of a tensor; `None` for types that are never written.
fn values<'py>(py: Python<'py>, tensor: &TensorView<'_>) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(Some(match tensor.dtype() {
        Dtype::U8 => copied::<u8>(py, tensor)?,
        Dtype::I32 => copied::<i32>(py, tensor)?,
        Dtype::I64 => copied::<i64>(py, tensor)?,
        Dtype::F32 => copied::<f32>(py, tensor)?,
        Dtype::F64 => copied::<f64>(py, tensor)?,
        _ => return Ok(None),
    }))
}

fn copied<'py, T: Number + Element>(py: Python<'py>, tensor: &TensorView<'_>) -> PyResult<Bound<'py, PyAny>> {
    let values: Vec<T> = bytemuck::pod_collect_to_vec(tensor.data());
    Ok(PyArray1::from_vec(py, values).reshape(tensor.shape().to_vec())?.into_any())
}

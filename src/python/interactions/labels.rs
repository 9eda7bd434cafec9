//! Labels for Python: codes to what they stand for, and back.

use std::sync::Arc;

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::labels::{Label, Labels};

/// What users or items are called, by code.
#[pyclass(frozen, module = "penchant._core.interactions", name = "Labels")]
pub(in crate::python) struct PyLabels(pub(in crate::python) Arc<Labels>);

/// A label as Python has it.
pub(in crate::python) fn object<'py>(py: Python<'py>, label: Label<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match label {
        Label::Text(text) => PyString::new(py, text).into_any(),
        Label::Integer(number) => number.into_pyobject(py)?.into_any(),
        Label::Unsigned(number) => number.into_pyobject(py)?.into_any(),
    })
}

/// Integers of 64 bits.
#[derive(FromPyObject)]
enum Integers<'py> {
    Signed(PyReadonlyArray1<'py, i64>),
    Unsigned(PyReadonlyArray1<'py, u64>),
}

/// Texts as two arrays: their bytes one after the other, and where each ends.
type Packed<'py> = (Bound<'py, PyBytes>, Bound<'py, PyArray1<i64>>);

#[pymethods]
impl PyLabels {
    /// Numbers texts given as their bytes and where each ends.
    #[staticmethod]
    fn of_packed(texts: &[u8], ends: PyReadonlyArray1<'_, i64>) -> PyResult<Self> {
        let all = std::str::from_utf8(texts)
            .map_err(|error| pyo3::exceptions::PyValueError::new_err(format!("labels: {error}")))?;
        Ok(Self(Arc::new(Labels::of_packed(all, ends.as_slice()?.iter().copied())?)))
    }

    /// Numbers integers, with or without a sign.
    #[staticmethod]
    fn of_integers(integers: Integers<'_>) -> PyResult<Self> {
        Ok(Self(Arc::new(match integers {
            Integers::Signed(integers) => Labels::of_integers(integers.as_slice()?.iter().copied())?,
            Integers::Unsigned(integers) => Labels::of_unsigned(integers.as_slice()?.iter().copied())?,
        })))
    }

    /// Numbers strings.
    #[staticmethod]
    fn of_texts(texts: Vec<pyo3::pybacked::PyBackedStr>) -> PyResult<Self> {
        Ok(Self(Arc::new(Labels::of_texts(texts)?)))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// Whether they are integers.
    #[getter]
    fn are_integers(&self) -> bool {
        self.0.are_integers()
    }

    /// Whether they are integers of which some are too large for a sign.
    #[getter]
    fn are_unsigned(&self) -> bool {
        self.0.are_unsigned()
    }

    /// All of them, by code: an array of int64 or uint64, or a list of strings.
    fn all<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(integers) = self.0.integers() {
            return Ok(self.array(py, integers));
        }
        let objects = self.0.iter().map(|label| object(py, label)).collect::<PyResult<Vec<_>>>()?;
        Ok(PyList::new(py, objects)?.into_any())
    }

    /// Those with these codes: an array of int64 or uint64, or a list of strings.
    fn take<'py>(&self, py: Python<'py>, codes: PyReadonlyArray1<'py, i32>) -> PyResult<Bound<'py, PyAny>> {
        let missing = || pyo3::exceptions::PyIndexError::new_err("there is no label with such a code");
        let labels = codes.as_slice()?.iter().map(|&code| self.0.get(code as usize).ok_or_else(missing));
        if let Some(all) = self.0.integers() {
            let integers = codes.as_slice()?.iter().map(|&code| all.get(code as usize).copied());
            let integers = integers.collect::<Option<Vec<i64>>>().ok_or_else(missing)?;
            return Ok(self.array(py, &integers));
        }
        let objects = labels.map(|label| object(py, label?)).collect::<PyResult<Vec<_>>>()?;
        Ok(PyList::new(py, objects)?.into_any())
    }

    /// The codes of labels in a sequence; -1 for what is not one of them.
    fn codes<'py>(&self, py: Python<'py>, labels: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<i32>>> {
        let found = |label: Label<'_>| self.0.code(label).map_or(-1, |code| code as i32);
        if let Ok(integers) = labels.extract::<Integers<'_>>() {
            let codes: Vec<i32> = match integers {
                Integers::Signed(all) => {
                    all.as_slice()?.iter().map(|&number| found(Label::Integer(number))).collect()
                }
                Integers::Unsigned(all) => {
                    all.as_slice()?.iter().map(|&number| found(number.into())).collect()
                }
            };
            return Ok(PyArray1::from_slice(py, &codes));
        }
        let mut codes = Vec::with_capacity(labels.len()?);
        for label in labels.try_iter()? {
            codes.push(self.code(&label?));
        }
        Ok(PyArray1::from_slice(py, &codes))
    }

    /// The labels most like this text.
    fn close_to<'py>(&self, py: Python<'py>, text: &str, count: usize) -> PyResult<Bound<'py, PyList>> {
        let close = py.detach(|| self.0.close_to(text, count, 0))?;
        let objects = close.into_iter().map(|label| object(py, label)).collect::<PyResult<Vec<_>>>()?;
        PyList::new(py, objects)
    }

    /// The codes of labels that contain this text.
    fn containing<'py>(&self, py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyArray1<i32>>> {
        let codes = py.detach(|| self.0.containing(text, 0))?;
        let codes: Vec<i32> = codes.into_iter().map(|code| code as i32).collect();
        Ok(PyArray1::from_slice(py, &codes))
    }

    /// Texts as their bytes and where each ends, which is `None` for integers.
    fn packed<'py>(&self, py: Python<'py>) -> Option<Packed<'py>> {
        let (all, ends) = self.0.texts()?;
        let ends = PyArray1::from_vec(py, ends.iter().map(|&end| end as i64).collect());
        Some((PyBytes::new(py, all.as_bytes()), ends))
    }
}

impl PyLabels {
    /// Integers of these labels as an array, which owns its memory.
    fn array<'py>(&self, py: Python<'py>, integers: &[i64]) -> Bound<'py, PyAny> {
        if self.0.are_unsigned() {
            PyArray1::from_slice(py, bytemuck::cast_slice::<i64, u64>(integers)).into_any()
        } else {
            PyArray1::from_slice(py, integers).into_any()
        }
    }

    pub(in crate::python) fn code(&self, label: &Bound<'_, PyAny>) -> i32 {
        let code = if let Ok(text) = label.cast::<PyString>() {
            // A string that is not Unicode is not one of ours.
            text.to_str().ok().and_then(|text| self.0.code(Label::Text(text)))
        } else if label.is_instance_of::<pyo3::types::PyBool>() {
            None
        } else {
            let signed = label.extract::<i64>().map(Label::Integer);
            let number = signed.or_else(|_| label.extract::<u64>().map(Label::from));
            number.ok().and_then(|number| self.0.code(number))
        };
        code.map_or(-1, |code| code as i32)
    }
}

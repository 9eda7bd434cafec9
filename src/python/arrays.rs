//! `NumPy` arrays as the slices and views of the core, without copies.

use numpy::{
    Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::dense::DenseView;
use crate::kernel::Real;
use crate::rank::Rankings;
use crate::sparse::{CsrMatrix, CsrView, Pattern};

/// A CSR matrix as Python hands it over: columns, indptr, indices, values.
pub(super) type Csr<'py, T> =
    (usize, PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, i32>, PyReadonlyArray1<'py, T>);

/// A CSR matrix of either precision.
#[derive(FromPyObject)]
pub(super) enum AnyCsr<'py> {
    Single(Csr<'py, f32>),
    Double(Csr<'py, f64>),
}

/// Factors of either precision, users or items.
#[derive(FromPyObject)]
pub(super) enum AnyFactors<'py> {
    Single(PyReadonlyArray2<'py, f32>),
    Double(PyReadonlyArray2<'py, f64>),
}

/// Evaluates an expression for a value of either precision, whose type goes by the name that is given:
/// `in_precision!(AnyFactors(factors) as T => ...)`.
macro_rules! in_precision {
    ($kind:ident($value:ident) as $precision:ident => $body:expr) => {
        match $value {
            $kind::Single($value) => {
                type $precision = f32;
                $body
            }
            $kind::Double($value) => {
                type $precision = f64;
                $body
            }
        }
    };
}
pub(super) use in_precision;

/// Checks the structure and views it as the core does.
pub(super) fn view<'a, T: Real + Element>(csr: &'a Csr<'_, T>) -> PyResult<CsrView<'a, T>> {
    let (columns, indptr, indices, values) = csr;
    Ok(CsrView::new(*columns, indptr.as_slice()?, indices.as_slice()?, values.as_slice()?)?)
}

/// A CSR matrix of finite numbers that was checked once, for many calls.
///
/// Its arrays are read-only. To whoever writes to them all the same, a panic is the worst that happens: what reads it
/// looks at its bounds.
#[pyclass(frozen, module = "penchant._core.rank", name = "Matrix")]
pub(super) struct PyMatrix {
    columns: usize,
    indptr: Py<PyArray1<i64>>,
    indices: Py<PyArray1<i32>>,
    values: Py<PyAny>,
}

#[pymethods]
impl PyMatrix {
    #[new]
    fn new(py: Python<'_>, matrix: &Bound<'_, PyAny>) -> PyResult<Self> {
        let given: AnyCsr<'_> = matrix.extract()?;
        in_precision!(AnyCsr(given) as T => {
            let given = view::<T>(&given)?;
            py.detach(|| given.check_finite())?;
        });
        let (columns, indptr, indices, values) = matrix.extract()?;
        Ok(Self { columns, indptr, indices, values })
    }

    /// What `new` takes, for pickle and copies.
    fn __getnewargs__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let matrix = (self.columns, &self.indptr, &self.indices, &self.values).into_pyobject(py)?;
        PyTuple::new(py, [matrix])
    }

    fn __repr__(&self) -> String {
        format!("Matrix with {} columns", self.columns)
    }
}

impl PyMatrix {
    /// The arrays, of which `viewed` makes a view.
    pub(super) fn arrays<'py, T: Element>(&self, py: Python<'py>) -> PyResult<Csr<'py, T>> {
        let (indptr, indices) = (self.indptr.bind(py).try_readonly(), self.indices.bind(py).try_readonly());
        let busy = |_| PyValueError::new_err("the matrix is being written to");
        Ok((self.columns, indptr.map_err(busy)?, indices.map_err(busy)?, self.values.bind(py).extract()?))
    }
}

/// Views what [`PyMatrix`] has checked.
pub(super) fn viewed<'a, T: Real + Element>(csr: &'a Csr<'_, T>) -> PyResult<CsrView<'a, T>> {
    let (columns, indptr, indices, values) = csr;
    Ok(CsrView::checked_before(*columns, indptr.as_slice()?, indices.as_slice()?, values.as_slice()?))
}

/// Which entries a CSR matrix stores, as Python hands it over: columns, indptr, indices.
pub(super) type Entries<'py> = (usize, PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, i32>);

/// Checks the structure and views it as the core does.
pub(super) fn pattern<'a>(entries: &'a Entries<'_>) -> PyResult<Pattern<'a>> {
    let (columns, indptr, indices) = entries;
    Ok(Pattern::new(*columns, indptr.as_slice()?, indices.as_slice()?)?)
}

/// Views a two-dimensional array, row-major and without gaps.
pub(super) fn dense<'a, T: Element>(array: &'a PyReadonlyArray2<'_, T>) -> PyResult<DenseView<'a, T>> {
    if !array.is_c_contiguous() {
        return Err(PyValueError::new_err("arrays must be contiguous, row after row"));
    }
    let shape = array.as_array().raw_dim();
    Ok(DenseView::new(array.as_slice()?, shape[0], shape[1])?)
}

/// A large array without a copy. It is a view of the one that owns the memory, since some libraries make views
/// writable, which `NumPy` allows for views of arrays only.
pub(super) fn shared<T: Element>(py: Python<'_>, values: Vec<T>) -> PyResult<Bound<'_, PyArray1<T>>> {
    let size = values.len();
    PyArray1::from_vec(py, values).reshape([size])
}

/// A square matrix without a copy, row after row.
pub(super) fn square<T: Element>(
    py: Python<'_>,
    values: Vec<T>,
    n: usize,
) -> PyResult<Bound<'_, PyArray2<T>>> {
    PyArray1::from_vec(py, values).reshape([n, n])
}

/// The three arrays of a CSR matrix: indptr, indices and values.
pub(super) type CsrArrays<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<i32>>, Bound<'py, PyAny>);

/// Hands a matrix over, without copies.
pub(super) fn csr_arrays<T: Real + Element>(py: Python<'_>, matrix: CsrMatrix<T>) -> PyResult<CsrArrays<'_>> {
    let (indptr, indices, values) = matrix.into_parts();
    Ok((shared(py, indptr)?, shared(py, indices)?, shared(py, values)?.into_any()))
}

/// Two-dimensional ids and scores, one row for each query.
pub(super) type Ranked<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Results as arrays of one row for each query.
pub(super) fn ranked<T: Real + Element>(py: Python<'_>, found: Rankings<T>) -> PyResult<Ranked<'_>> {
    let shape = [found.queries(), found.n()];
    let (ids, scores) = found.into_parts();
    Ok((owned(py, shape, &ids)?.into_any(), owned(py, shape, &scores)?.into_any()))
}

/// A copy in memory that `NumPy` owns.
fn owned<'py, T: Element + Copy>(
    py: Python<'py>,
    shape: [usize; 2],
    values: &[T],
) -> PyResult<Bound<'py, PyArray2<T>>> {
    let array = PyArray2::zeros(py, shape, false);
    array.readwrite().as_slice_mut()?.copy_from_slice(values);
    Ok(array)
}

/// Whether the columns increase within every row; an error if the structure means nothing.
#[pyfunction]
pub(super) fn csr_is_canonical(
    py: Python<'_>,
    columns: usize,
    indptr: PyReadonlyArray1<'_, i64>,
    indices: PyReadonlyArray1<'_, i32>,
) -> PyResult<bool> {
    let (indptr, indices) = (indptr.as_slice()?, indices.as_slice()?);
    Ok(py.detach(|| Pattern::is_canonical(columns, indptr, indices))?)
}

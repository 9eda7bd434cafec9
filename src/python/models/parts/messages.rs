//! What workers send each other, as arrays.

use numpy::{Element, IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::error::{Error, check_size};
use crate::kernel::{self, Real};
use crate::models::als::basis::{Eigen, Square};
use crate::models::als::parts::{Answers, Ask, Nodes, Of, Received, Whitened, largest, total};

/// Sums over nodes of the tree.
pub(super) type PyNodes<'py> = Vec<(usize, Bound<'py, PyArray1<f64>>)>;

/// The eigenvectors of a Gram matrix as columns, and its eigenvalues.
pub(super) type PyEigen<'py> = (PyReadonlyArray2<'py, f64>, PyReadonlyArray1<'py, f64>);

/// What becomes one.
type Decomposed<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>);

pub(super) fn handed(py: Python<'_>, nodes: Nodes) -> PyNodes<'_> {
    nodes.into_iter().map(|(leaf, sum)| (leaf, sum.into_pyarray(py))).collect()
}

fn taken(nodes: Vec<(usize, PyReadonlyArray1<'_, f64>)>) -> PyResult<Nodes> {
    nodes.into_iter().map(|(leaf, sum)| Ok((leaf, sum.as_slice()?.to_vec()))).collect()
}

/// Rows of so many factors.
pub(super) fn rows_of<T: Element>(py: Python<'_>, rows: Vec<T>, f: usize) -> PyResult<Bound<'_, PyAny>> {
    let count = rows.len() / f;
    Ok(rows.into_pyarray(py).reshape([count, f])?.into_any())
}

/// A square matrix, row after row.
pub(super) fn square(matrix: &PyReadonlyArray2<'_, f64>) -> PyResult<Square> {
    Ok(Square { f: matrix.as_array().nrows(), values: matrix.as_slice()?.to_vec() })
}

/// The side that is meant.
pub(super) const fn side(is_users: bool) -> Of {
    if is_users { Of::Users } else { Of::Items }
}

pub(super) fn eigen((vectors, values): &PyEigen<'_>) -> PyResult<Eigen> {
    let (q, values) = (square(vectors)?, values.as_slice()?.to_vec());
    check_size("the number of eigenvalues", q.f, values.len())?;
    check_size("the number of numbers of eigenvectors", q.f.pow(2), q.values.len())?;
    Ok(Eigen { q, values })
}

/// The sum over all leaves, from the nodes of all workers in their order.
#[pyfunction]
pub(in crate::python) fn tree_total<'py>(
    py: Python<'py>,
    nodes: Vec<(usize, PyReadonlyArray1<'py, f64>)>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    Ok(total(&[taken(nodes)?]).into_pyarray(py))
}

/// The eigendecomposition of a Gram matrix, row after row.
#[pyfunction]
pub(in crate::python) fn eigendecomposition<'py>(
    py: Python<'py>,
    gram: PyReadonlyArray1<'py, f64>,
    epoch: usize,
) -> PyResult<Decomposed<'py>> {
    let gram = gram.as_slice()?;
    let f = gram.len().isqrt();
    let Eigen { q, values } = py.detach(|| Eigen::of(gram, f)).ok_or(Error::Diverged { epoch })?;
    Ok((q.values.into_pyarray(py).reshape([f, f])?, values.into_pyarray(py)))
}

/// The size that a hundredth of these exceed.
#[pyfunction]
pub(in crate::python) fn largest_hundredth(sizes: PyReadonlyArray1<'_, f64>) -> PyResult<f64> {
    Ok(largest(sizes.as_slice()?.to_vec()))
}

/// Whether this CPU is fast at reading halves, as all workers of a fit must be for rows to be stored as such.
#[pyfunction]
pub(in crate::python) fn has_fast_halves() -> bool {
    kernel::has_fast_halves()
}

pub(super) type PyCounts<'py> =
    (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<bool>>);
pub(super) type GivenCounts<'py> =
    (PyReadonlyArray1<'py, u32>, PyReadonlyArray1<'py, u32>, PyReadonlyArray1<'py, bool>);
pub(super) type PyPresence<'py> = (
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<u16>>,
    Bound<'py, PyArray1<u16>>,
    Bound<'py, PyArray1<f64>>,
);
pub(super) type GivenPresence<'py> = (
    PyReadonlyArray1<'py, u32>,
    PyReadonlyArray1<'py, u16>,
    PyReadonlyArray1<'py, u16>,
    PyReadonlyArray1<'py, f64>,
);
pub(super) type PyNeeds<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<u32>>);
pub(super) type GivenNeeds<'py> = (PyReadonlyArray1<'py, u32>, PyReadonlyArray1<'py, u32>);
pub(super) type PyAsk<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<bool>>, Bound<'py, PyAny>);
pub(super) type GivenAsk<'py> = (PyReadonlyArray1<'py, u32>, PyReadonlyArray1<'py, bool>, Bound<'py, PyAny>);
pub(super) type PyAnswers<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Whitened rows from an owner.
pub(super) enum PyReceived<'py, T: Real + Element>
where
    T::Compact: Element,
{
    Full(PyReadonlyArray1<'py, T>),
    Compact(PyReadonlyArray1<'py, T::Compact>),
}

impl<'py, T: Real + Element> PyReceived<'py, T>
where
    T::Compact: Element,
{
    /// Those of all owners.
    pub(super) fn all(rows: &[Bound<'py, PyAny>]) -> PyResult<Vec<Self>> {
        rows.iter().map(Self::of).collect()
    }

    fn of(rows: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(rows) = rows.extract() {
            return Ok(Self::Full(rows));
        }
        let rows: PyReadonlyArray1<'py, T::Compact> = rows.extract()?;
        Ok(Self::Compact(rows))
    }

    pub(super) fn views(rows: &[Self]) -> PyResult<Vec<Received<'_, T>>> {
        rows.iter().map(Self::view).collect()
    }

    fn view(&self) -> PyResult<Received<'_, T>> {
        Ok(match self {
            Self::Full(rows) => Received::Full(rows.as_slice()?),
            Self::Compact(rows) => Received::Compact(rows.as_slice()?),
        })
    }
}

pub(super) fn asks<T: Real + Element>(py: Python<'_>, asks: Vec<Ask<T>>) -> Vec<PyAsk<'_>> {
    let handed = |Ask { items, scalars_only, vectors }: Ask<T>| {
        (items.into_pyarray(py), scalars_only.into_pyarray(py), vectors.into_pyarray(py).into_any())
    };
    asks.into_iter().map(handed).collect()
}

pub(super) fn ask<T: Real + Element>((items, scalars_only, vectors): &GivenAsk<'_>) -> PyResult<Ask<T>> {
    let vectors: PyReadonlyArray1<'_, T> = vectors.extract()?;
    Ok(Ask {
        items: items.as_slice()?.to_vec(),
        scalars_only: scalars_only.as_slice()?.to_vec(),
        vectors: vectors.as_slice()?.to_vec(),
    })
}

pub(super) fn handed_whitened<T: Real + Element>(
    py: Python<'_>,
    rows: Vec<Whitened<T>>,
) -> Vec<Bound<'_, PyAny>>
where
    T::Compact: Element,
{
    let handed = |rows: Whitened<T>| match rows {
        Whitened::Full(rows) => rows.into_pyarray(py).into_any(),
        Whitened::Compact(rows) => rows.into_pyarray(py).into_any(),
    };
    rows.into_iter().map(handed).collect()
}

pub(super) fn handed_answers<T: Real + Element>(py: Python<'_>, answers: Answers<T>) -> PyAnswers<'_> {
    let Answers { vectors, scalars } = answers;
    (vectors.into_pyarray(py).into_any(), scalars.into_pyarray(py).into_any())
}

pub(super) fn given_answers<T: Real + Element>((vectors, scalars): &PyAnswers<'_>) -> PyResult<Answers<T>> {
    let vectors: PyReadonlyArray1<'_, T> = vectors.extract()?;
    let scalars: PyReadonlyArray1<'_, f64> = scalars.extract()?;
    Ok(Answers { vectors: vectors.as_slice()?.to_vec(), scalars: scalars.as_slice()?.to_vec() })
}

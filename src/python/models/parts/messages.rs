//! What workers send each other, as arrays.

use numpy::{Element, IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::error::Error;
use crate::kernel::Real;
use crate::models::als::basis::{Eigen, Square};
use crate::models::als::parts::{Ask, Nodes, Whitened, total};

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

pub(super) fn eigen((vectors, values): &PyEigen<'_>) -> PyResult<Eigen> {
    let values = values.as_slice()?.to_vec();
    Ok(Eigen { q: Square { f: values.len(), values: vectors.as_slice()?.to_vec() }, values })
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
pub(super) type PyAsk<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<bool>>, Bound<'py, PyAny>);
pub(super) type GivenAsk<'py> = (PyReadonlyArray1<'py, u32>, PyReadonlyArray1<'py, bool>, Bound<'py, PyAny>);
pub(super) type PyAnswers<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

pub(super) fn whitened<T: Real + Element>(rows: &Bound<'_, PyAny>) -> PyResult<Whitened<T>>
where
    T::Compact: Element,
{
    if let Ok(rows) = rows.extract::<PyReadonlyArray1<'_, T>>() {
        return Ok(Whitened::Full(rows.as_slice()?.to_vec()));
    }
    let rows: PyReadonlyArray1<'_, T::Compact> = rows.extract()?;
    Ok(Whitened::Compact(rows.as_slice()?.to_vec()))
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

//! Recommending and finding neighbours.

use numpy::{Element, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::error::Error;
use crate::kernel::Real;
use crate::python::arrays::{Entries, dense, pattern, ranked};
use crate::python::interrupt::{Stop, interruptible};
use crate::rank::{self, Index, Options};
use crate::sparse::Pattern;

/// What a call may ask for, as Python hands it over.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Wanted<'py> {
    n: i64,
    only: Option<PyReadonlyArray1<'py, i32>>,
    without: PyReadonlyArray1<'py, i32>,
    at_least: f64,
    groups: Option<PyReadonlyArray1<'py, i32>>,
    most_of_a_group: i64,
    num_threads: i64,
}

impl Wanted<'_> {
    fn options(&self) -> PyResult<Options<'_>> {
        let at_least_1 =
            |name, value: i64, expected| Error::InvalidParameter { name, expected, value: value as f64 };
        let n = usize::try_from(self.n).map_err(|_| at_least_1("N", self.n, "at least 1"))?;
        let threads = usize::try_from(self.num_threads)
            .map_err(|_| at_least_1("num_threads", self.num_threads, "at least 0"))?;
        let mut options =
            Options::top(n).without(self.without.as_slice()?).at_least(self.at_least).threads(threads);
        if let Some(ids) = &self.only {
            options = options.only(ids.as_slice()?);
        }
        if let Some(groups) = &self.groups {
            let most = usize::try_from(self.most_of_a_group)
                .map_err(|_| at_least_1("max_per_group", self.most_of_a_group, "at least 1"))?;
            options = options.at_most_of_a_group(most, groups.as_slice()?);
        }
        Ok(options)
    }
}

/// Factors of either precision, users or items.
#[derive(FromPyObject)]
pub(super) enum AnyFactors<'py> {
    Single(PyReadonlyArray2<'py, f32>),
    Double(PyReadonlyArray2<'py, f64>),
}

/// Two arrays of one row for each query.
type Arrays<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Rows packed for searching among them.
#[pyclass(frozen, module = "penchant._core", name = "Index")]
pub(super) struct PyIndex(Index);

#[pymethods]
impl PyIndex {
    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

fn index_of_items_any<'py, T: Real + Element>(
    py: Python<'py>,
    queries: &PyReadonlyArray2<'py, T>,
    candidates: &Bound<'py, PyAny>,
    threads: usize,
) -> PyResult<PyIndex> {
    let candidates: PyReadonlyArray2<'py, T> = candidates.extract()?;
    let (queries, candidates) = (dense(queries)?, dense(&candidates)?);
    Ok(PyIndex(py.detach(|| Index::of_items(queries, candidates, threads))?))
}

/// Packs `candidates` for products with rows like those of `queries`.
#[pyfunction]
pub(super) fn index_of_items<'py>(
    py: Python<'py>,
    queries: AnyFactors<'py>,
    candidates: &Bound<'py, PyAny>,
    threads: usize,
) -> PyResult<PyIndex> {
    match queries {
        AnyFactors::Single(queries) => index_of_items_any(py, &queries, candidates, threads),
        AnyFactors::Double(queries) => index_of_items_any(py, &queries, candidates, threads),
    }
}

/// Packs rows for finding those of like direction.
#[pyfunction]
pub(super) fn index_of_directions<'py>(
    py: Python<'py>,
    factors: AnyFactors<'py>,
    threads: usize,
) -> PyResult<PyIndex> {
    Ok(PyIndex(match factors {
        AnyFactors::Single(factors) => {
            let factors = dense(&factors)?;
            py.detach(|| Index::of_directions(factors, threads))?
        }
        AnyFactors::Double(factors) => {
            let factors = dense(&factors)?;
            py.detach(|| Index::of_directions(factors, threads))?
        }
    }))
}

fn recommend_any<'py, T: Real + Element>(
    py: Python<'py>,
    user_factors: &PyReadonlyArray2<'py, T>,
    item_factors: &Bound<'py, PyAny>,
    index: Option<&Index>,
    userids: &[i32],
    liked: Option<Pattern<'_>>,
    options: &Options<'_>,
) -> PyResult<Arrays<'py>> {
    let items: PyReadonlyArray2<'py, T> = item_factors.extract()?;
    let (users, items) = (dense(user_factors)?, dense(&items)?);
    let found = py.detach(|| rank::recommend(users, items, index, userids, liked, options))?;
    let (ids, scores) = ranked(py, found)?;
    Ok((ids.into_any(), scores.into_any()))
}

/// The best items for users: ids and scores.
#[pyfunction]
pub(super) fn recommend<'py>(
    py: Python<'py>,
    user_factors: AnyFactors<'py>,
    item_factors: &Bound<'py, PyAny>,
    index: Option<&PyIndex>,
    userids: PyReadonlyArray1<'py, i32>,
    liked: Option<Entries<'py>>,
    wanted: Wanted<'py>,
) -> PyResult<Arrays<'py>> {
    let (userids, options) = (userids.as_slice()?, wanted.options()?);
    let liked = liked.as_ref().map(pattern).transpose()?;
    let index = index.map(|index| &index.0);
    match user_factors {
        AnyFactors::Single(users) => recommend_any(py, &users, item_factors, index, userids, liked, &options),
        AnyFactors::Double(users) => recommend_any(py, &users, item_factors, index, userids, liked, &options),
    }
}

fn similar_any<'py, T: Real + Element>(
    py: Python<'py>,
    factors: &PyReadonlyArray2<'py, T>,
    index: Option<&Index>,
    ids: &[i32],
    vectors: Option<&Bound<'py, PyAny>>,
    options: &Options<'_>,
) -> PyResult<Arrays<'py>> {
    let vectors: Option<PyReadonlyArray2<'py, T>> = vectors.map(PyAnyMethods::extract).transpose()?;
    let (factors, vectors) = (dense(factors)?, vectors.as_ref().map(dense).transpose()?);
    let found = py.detach(|| rank::similar(factors, index, ids, vectors, options))?;
    let (ids, scores) = ranked(py, found)?;
    Ok((ids.into_any(), scores.into_any()))
}

/// The rows most like each of `ids`, or like the vectors given for them: ids and scores.
#[pyfunction]
pub(super) fn similar<'py>(
    py: Python<'py>,
    factors: AnyFactors<'py>,
    index: Option<&PyIndex>,
    ids: PyReadonlyArray1<'py, i32>,
    vectors: Option<&Bound<'py, PyAny>>,
    wanted: Wanted<'py>,
) -> PyResult<Arrays<'py>> {
    let (ids, options) = (ids.as_slice()?, wanted.options()?);
    let index = index.map(|index| &index.0);
    match factors {
        AnyFactors::Single(factors) => similar_any(py, &factors, index, ids, vectors, &options),
        AnyFactors::Double(factors) => similar_any(py, &factors, index, ids, vectors, &options),
    }
}

/// Ids, ranks and scores.
type Listeners<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

fn audience_any<'py, T: Real + Element>(
    py: Python<'py>,
    user_factors: &PyReadonlyArray2<'py, T>,
    item_factors: &Bound<'py, PyAny>,
    index: &Index,
    itemid: i32,
    options: &Options<'_>,
) -> PyResult<Listeners<'py>> {
    let items: PyReadonlyArray2<'py, T> = item_factors.extract()?;
    let (users, items) = (dense(user_factors)?, dense(&items)?);
    let found = interruptible(
        py,
        |_, stop| rank::audience_by_rank(users, items, index, itemid, options, &Stop(stop)),
        |(): ()| Ok(()),
    )??;
    let ids = PyArray1::from_iter(py, found.iter().map(|listener| listener.user));
    let ranks = PyArray1::from_iter(py, found.iter().map(|listener| listener.rank as i64));
    let scores = PyArray1::from_iter(py, found.iter().map(|listener| listener.score));
    Ok((ids.into_any(), ranks.into_any(), scores.into_any()))
}

/// The users in whose order of items one comes first: ids, ranks and scores.
#[pyfunction]
pub(super) fn audience_by_rank<'py>(
    py: Python<'py>,
    user_factors: AnyFactors<'py>,
    item_factors: &Bound<'py, PyAny>,
    index: &PyIndex,
    itemid: i32,
    wanted: Wanted<'py>,
) -> PyResult<Listeners<'py>> {
    let options = wanted.options()?;
    match user_factors {
        AnyFactors::Single(users) => audience_any(py, &users, item_factors, &index.0, itemid, &options),
        AnyFactors::Double(users) => audience_any(py, &users, item_factors, &index.0, itemid, &options),
    }
}

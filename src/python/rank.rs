//! Recommending and finding neighbours.

use std::sync::atomic::AtomicBool;

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::error::Error;
use crate::python::arrays::{
    AnyCsr, AnyFactors, Entries, PyMatrix, Ranked, dense, in_precision, pattern, ranked, view, viewed,
};
use crate::python::interrupt::{Stop, interruptible};
use crate::rank::{self, Index, RankOptions};

/// What a call may ask for, as Python hands it over.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct PyRankOptions<'py> {
    n: i64,
    only: Option<PyReadonlyArray1<'py, i32>>,
    without: PyReadonlyArray1<'py, i32>,
    at_least: f64,
    groups: Option<PyReadonlyArray1<'py, i32>>,
    most_of_a_group: i64,
    num_threads: i64,
}

impl PyRankOptions<'_> {
    pub(super) fn options(&self) -> PyResult<RankOptions<'_>> {
        let at_least_1 =
            |name, value: i64, expected| Error::InvalidParameter { name, expected, value: value as f64 };
        let n = usize::try_from(self.n).map_err(|_| at_least_1("N", self.n, "at least 1"))?;
        let threads = usize::try_from(self.num_threads)
            .map_err(|_| at_least_1("num_threads", self.num_threads, "at least 0"))?;
        let mut options =
            RankOptions::top(n).without(self.without.as_slice()?).at_least(self.at_least).threads(threads);
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

/// Rows packed for searching among them.
#[pyclass(frozen, module = "penchant._core.rank", name = "Index")]
pub(super) struct PyIndex(Index);

#[pymethods]
impl PyIndex {
    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// Packs `candidates` for products with rows like those of `queries`.
#[pyfunction]
pub(super) fn index_of_items<'py>(
    py: Python<'py>,
    queries: AnyFactors<'py>,
    candidates: &Bound<'py, PyAny>,
    threads: usize,
) -> PyResult<PyIndex> {
    in_precision!(AnyFactors(queries) as T => {
        let candidates: PyReadonlyArray2<'py, T> = candidates.extract()?;
        let (queries, candidates) = (dense(&queries)?, dense(&candidates)?);
        Ok(PyIndex(py.detach(|| Index::of_items(queries, candidates, threads))?))
    })
}

/// Packs candidates that have moved since `before` was made of as many.
#[pyfunction]
pub(super) fn index_of_moved_items<'py>(
    py: Python<'py>,
    before: &PyIndex,
    candidates: AnyFactors<'py>,
    threads: usize,
) -> PyResult<PyIndex> {
    in_precision!(AnyFactors(candidates) as T => {
        let candidates = dense::<T>(&candidates)?;
        Ok(PyIndex(py.detach(|| Index::of_moved_items(&before.0, candidates, threads))?))
    })
}

/// Packs rows for finding those of like direction.
#[pyfunction]
pub(super) fn index_of_directions<'py>(
    py: Python<'py>,
    factors: AnyFactors<'py>,
    threads: usize,
) -> PyResult<PyIndex> {
    in_precision!(AnyFactors(factors) as T => {
        let factors = dense::<T>(&factors)?;
        Ok(PyIndex(py.detach(|| Index::of_directions(factors, threads))?))
    })
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
    options: PyRankOptions<'py>,
) -> PyResult<Ranked<'py>> {
    let (userids, options) = (userids.as_slice()?, options.options()?);
    let liked = liked.as_ref().map(pattern).transpose()?;
    let index = index.map(|index| &index.0);
    in_precision!(AnyFactors(user_factors) as T => {
        let items: PyReadonlyArray2<'py, T> = item_factors.extract()?;
        let (users, items) = (dense(&user_factors)?, dense(&items)?);
        ranked(py, py.detach(|| rank::recommend(users, items, index, userids, liked, &options))?)
    })
}

/// The scores of all items for users, one row for each.
#[pyfunction]
pub(super) fn all_scores<'py>(
    py: Python<'py>,
    user_factors: AnyFactors<'py>,
    item_factors: &Bound<'py, PyAny>,
    userids: PyReadonlyArray1<'py, i32>,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let userids = userids.as_slice()?;
    in_precision!(AnyFactors(user_factors) as T => {
        let items: PyReadonlyArray2<'py, T> = item_factors.extract()?;
        let (users, items) = (dense(&user_factors)?, dense(&items)?);
        let scores = py.detach(|| rank::all_scores(users, items, userids, threads))?;
        Ok(PyArray1::from_vec(py, scores).reshape([userids.len(), items.rows()])?.into_any())
    })
}

/// The scores of all columns for rows that are multiplied by a sparse matrix.
#[pyfunction]
pub(super) fn all_scores_by_rows<'py>(
    py: Python<'py>,
    rows: AnyCsr<'py>,
    matrix: &PyMatrix,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    in_precision!(AnyCsr(rows) as T => {
        let matrix = matrix.arrays::<T>(py)?;
        let (rows, matrix) = (view(&rows)?, viewed(&matrix)?);
        let scores = py.detach(|| rank::all_scores_by_rows(&rows, &matrix, threads))?;
        Ok(PyArray1::from_vec(py, scores).reshape([rows.rows(), matrix.columns()])?.into_any())
    })
}

/// The rows most like each of `ids`, or like the vectors given for them: ids and scores.
#[pyfunction]
pub(super) fn similar<'py>(
    py: Python<'py>,
    factors: AnyFactors<'py>,
    index: Option<&PyIndex>,
    ids: PyReadonlyArray1<'py, i32>,
    vectors: Option<&Bound<'py, PyAny>>,
    options: PyRankOptions<'py>,
) -> PyResult<Ranked<'py>> {
    let (ids, options) = (ids.as_slice()?, options.options()?);
    let index = index.map(|index| &index.0);
    in_precision!(AnyFactors(factors) as T => {
        let vectors: Option<PyReadonlyArray2<'py, T>> = vectors.map(PyAnyMethods::extract).transpose()?;
        let (factors, vectors) = (dense(&factors)?, vectors.as_ref().map(dense).transpose()?);
        ranked(py, py.detach(|| rank::similar(factors, index, ids, vectors, &options))?)
    })
}

/// The best columns for rows that are multiplied by a matrix: ids and scores.
#[pyfunction]
pub(super) fn recommend_by_rows<'py>(
    py: Python<'py>,
    rows: AnyCsr<'py>,
    matrix: &PyMatrix,
    liked: Option<Entries<'py>>,
    options: PyRankOptions<'py>,
) -> PyResult<Ranked<'py>> {
    let options = options.options()?;
    let liked = liked.as_ref().map(pattern).transpose()?;
    in_precision!(AnyCsr(rows) as T => {
        let matrix = matrix.arrays::<T>(py)?;
        let (rows, matrix) = (view(&rows)?, viewed(&matrix)?);
        let find = |_, stop: &AtomicBool| rank::recommend_by_rows(&rows, &matrix, liked, &options, &Stop(stop));
        ranked(py, interruptible(py, find, |(): ()| Ok(()))??)
    })
}

/// The best columns for rows that are multiplied by a dense matrix: ids and scores.
#[pyfunction]
pub(super) fn recommend_by_dense_rows<'py>(
    py: Python<'py>,
    rows: AnyCsr<'py>,
    matrix: &Bound<'py, PyAny>,
    liked: Option<Entries<'py>>,
    options: PyRankOptions<'py>,
) -> PyResult<Ranked<'py>> {
    let options = options.options()?;
    let liked = liked.as_ref().map(pattern).transpose()?;
    in_precision!(AnyCsr(rows) as T => {
        let matrix: PyReadonlyArray2<'py, T> = matrix.extract()?;
        let (rows, matrix) = (view(&rows)?, dense(&matrix)?);
        let find =
            |_, stop: &AtomicBool| rank::recommend_by_dense_rows(&rows, matrix, liked, &options, &Stop(stop));
        ranked(py, interruptible(py, find, |(): ()| Ok(()))??)
    })
}

/// Ids, ranks and scores.
type Audience<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// The users in whose order of items one comes first: ids, ranks and scores.
#[pyfunction]
pub(super) fn audience_by_rank<'py>(
    py: Python<'py>,
    user_factors: AnyFactors<'py>,
    item_factors: &Bound<'py, PyAny>,
    index: &PyIndex,
    itemid: i32,
    options: PyRankOptions<'py>,
) -> PyResult<Audience<'py>> {
    let (index, options) = (&index.0, options.options()?);
    in_precision!(AnyFactors(user_factors) as T => {
        let items: PyReadonlyArray2<'py, T> = item_factors.extract()?;
        let (users, items) = (dense(&user_factors)?, dense(&items)?);
        let find =
            |_, stop: &AtomicBool| rank::audience_by_rank(users, items, index, itemid, &options, &Stop(stop));
        let found = interruptible(py, find, |(): ()| Ok(()))??;
        let ids = PyArray1::from_iter(py, found.iter().map(|member| member.user));
        let ranks = PyArray1::from_iter(py, found.iter().map(|member| member.rank as i64));
        let scores = PyArray1::from_iter(py, found.iter().map(|member| member.score));
        Ok((ids.into_any(), ranks.into_any(), scores.into_any()))
    })
}

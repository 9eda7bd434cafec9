//! Recommending and finding neighbours.

use numpy::{Element, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::error::Error;
use crate::kernel::Real;
use crate::python::arrays::{Entries, dense, pattern, ranked};
use crate::rank::{self, Options};
use crate::sparse::Pattern;

/// What a call may ask for, as Python hands it over.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Wanted<'py> {
    n: i64,
    only: Option<PyReadonlyArray1<'py, i32>>,
    without: PyReadonlyArray1<'py, i32>,
    num_threads: i64,
}

impl Wanted<'_> {
    fn options(&self) -> PyResult<Options<'_>> {
        let at_least_1 =
            |name, value: i64, expected| Error::InvalidParameter { name, expected, value: value as f64 };
        let n = usize::try_from(self.n).map_err(|_| at_least_1("N", self.n, "at least 1"))?;
        let threads = usize::try_from(self.num_threads)
            .map_err(|_| at_least_1("num_threads", self.num_threads, "at least 0"))?;
        let options = Options::top(n).without(self.without.as_slice()?).threads(threads);
        Ok(match &self.only {
            Some(ids) => options.only(ids.as_slice()?),
            None => options,
        })
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

fn recommend_any<'py, T: Real + Element>(
    py: Python<'py>,
    user_factors: &PyReadonlyArray2<'py, T>,
    item_factors: &Bound<'py, PyAny>,
    userids: &[i32],
    liked: Option<Pattern<'_>>,
    options: &Options<'_>,
) -> PyResult<Arrays<'py>> {
    let items: PyReadonlyArray2<'py, T> = item_factors.extract()?;
    let (users, items) = (dense(user_factors)?, dense(&items)?);
    let found = py.detach(|| rank::recommend(users, items, userids, liked, options))?;
    let (ids, scores) = ranked(py, found)?;
    Ok((ids.into_any(), scores.into_any()))
}

/// The best items for users: ids and scores.
#[pyfunction]
pub(super) fn recommend<'py>(
    py: Python<'py>,
    user_factors: AnyFactors<'py>,
    item_factors: &Bound<'py, PyAny>,
    userids: PyReadonlyArray1<'py, i32>,
    liked: Option<Entries<'py>>,
    wanted: Wanted<'py>,
) -> PyResult<Arrays<'py>> {
    let (userids, options) = (userids.as_slice()?, wanted.options()?);
    let liked = liked.as_ref().map(pattern).transpose()?;
    match user_factors {
        AnyFactors::Single(users) => recommend_any(py, &users, item_factors, userids, liked, &options),
        AnyFactors::Double(users) => recommend_any(py, &users, item_factors, userids, liked, &options),
    }
}

fn similar_any<'py, T: Real + Element>(
    py: Python<'py>,
    factors: &PyReadonlyArray2<'py, T>,
    ids: &[i32],
    vectors: Option<&Bound<'py, PyAny>>,
    options: &Options<'_>,
) -> PyResult<Arrays<'py>> {
    let vectors: Option<PyReadonlyArray2<'py, T>> = vectors.map(PyAnyMethods::extract).transpose()?;
    let (factors, vectors) = (dense(factors)?, vectors.as_ref().map(dense).transpose()?);
    let found = py.detach(|| rank::similar(factors, ids, vectors, options))?;
    let (ids, scores) = ranked(py, found)?;
    Ok((ids.into_any(), scores.into_any()))
}

/// The rows most like each of `ids`, or like the vectors given for them: ids and scores.
#[pyfunction]
pub(super) fn similar<'py>(
    py: Python<'py>,
    factors: AnyFactors<'py>,
    ids: PyReadonlyArray1<'py, i32>,
    vectors: Option<&Bound<'py, PyAny>>,
    wanted: Wanted<'py>,
) -> PyResult<Arrays<'py>> {
    let (ids, options) = (ids.as_slice()?, wanted.options()?);
    match factors {
        AnyFactors::Single(factors) => similar_any(py, &factors, ids, vectors, &options),
        AnyFactors::Double(factors) => similar_any(py, &factors, ids, vectors, &options),
    }
}

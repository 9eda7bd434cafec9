//! The phases of a sketch, from which a fit begins.

use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

use crate::models::als::parts::{Answers, Part, Round};
use crate::pool;
use crate::python::arrays::in_precision;
use crate::python::models::parts::messages::{
    PyAnswers, PyEigen, PyNodes, PyReceived, eigen, given_answers, handed, handed_answers, handed_whitened,
    side,
};
use crate::python::models::parts::{AnyPart, PyPart, arrays, local, until_signal};

#[pymethods]
impl PyPart {
    /// Sizes of entries from which that of the largest hundredth is told; the first entry here is number `first` of `count`.
    fn sizes<'py>(&self, py: Python<'py>, first: usize, count: usize) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let part = &self.part;
        let sizes = in_precision!(AnyPart(part) as T => {
            let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
            let local = local(&arrays)?;
            py.detach(|| part.sizes(local, first, count))
        });
        Ok(sizes.into_pyarray(py))
    }

    /// Draws items; the Gram matrix of those that this worker owns.
    fn draw_items<'py>(&mut self, py: Python<'py>, seed: u64) -> PyResult<PyNodes<'py>> {
        let (part, threads) = (&mut self.part, self.threads);
        let nodes = in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            py.detach(|| pool::run(threads, || part.draw_items(seed)))?
        });
        Ok(handed(py, nodes))
    }

    /// Orthonormal users or items for each worker.
    fn spread<'py>(
        &mut self,
        py: Python<'py>,
        users: bool,
        basis: PyEigen<'py>,
        number: usize,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let (eigen, threads) = (eigen(&basis)?, self.threads);
        let part = &mut self.part;
        Ok(in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            handed_whitened(py, py.detach(|| pool::run(threads, || part.spread(side(users), eigen, number)))?)
        }))
    }

    /// Makes users of each owner's items, in round 0 or 1; their Gram matrix.
    fn sketch_users<'py>(
        &mut self,
        py: Python<'py>,
        rows: Vec<Bound<'py, PyAny>>,
        largest: f64,
        number: usize,
    ) -> PyResult<PyNodes<'py>> {
        let (threads, round) = (self.threads, Round { number, largest });
        let part = &mut self.part;
        let nodes = in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
            let local = local(&arrays)?;
            let rows = PyReceived::all(&rows)?;
            let rows = PyReceived::views(&rows)?;
            until_signal(py, threads, |stop| part.sketch_users(local, &rows, round, stop))?
        });
        Ok(handed(py, nodes))
    }

    /// Makes items of everyone's users, in round 0 or 1; their Gram matrix.
    fn sketch_items<'py>(
        &mut self,
        py: Python<'py>,
        rows: Vec<Bound<'py, PyAny>>,
        largest: f64,
        number: usize,
    ) -> PyResult<PyNodes<'py>> {
        let (threads, round) = (self.threads, Round { number, largest });
        let part = &mut self.part;
        let nodes = in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
            let local = local(&arrays)?;
            let rows = PyReceived::all(&rows)?;
            let rows = PyReceived::views(&rows)?;
            until_signal(py, threads, |stop| part.sketch_items(local, &rows, round, stop))?
        });
        Ok(handed(py, nodes))
    }

    /// Sums over the users here for each owner's items.
    fn sketch_sums<'py>(
        &mut self,
        py: Python<'py>,
        basis: PyEigen<'py>,
        largest: f64,
        number: usize,
    ) -> PyResult<Vec<PyAnswers<'py>>> {
        let (eigen, threads, round) = (eigen(&basis)?, self.threads, Round { number, largest });
        let part = &mut self.part;
        in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
            let local = local(&arrays)?;
            let sums = until_signal(py, threads, |stop| part.sketch_sums(local, eigen, round, stop))?;
            Ok(sums.into_iter().map(|sums| handed_answers(py, sums)).collect())
        })
    }

    /// Takes each worker's sums for the items that this one owns; their Gram matrix.
    fn take_sums<'py>(
        &mut self,
        py: Python<'py>,
        sums: Vec<PyAnswers<'py>>,
        number: usize,
    ) -> PyResult<PyNodes<'py>> {
        let threads = self.threads;
        let part = &mut self.part;
        let nodes = in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            let sums: Vec<Answers<T>> = sums.iter().map(given_answers).collect::<PyResult<_>>()?;
            py.detach(|| pool::run(threads, || part.take_sums(&sums, number)))??
        });
        Ok(handed(py, nodes))
    }

    /// Ends the sketch.
    fn balance_items(&mut self, py: Python<'_>, basis: PyEigen<'_>) -> PyResult<()> {
        let (eigen, threads) = (eigen(&basis)?, self.threads);
        let part = &mut self.part;
        in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            py.detach(|| pool::run(threads, || part.balance_items(eigen)))?;
        });
        Ok(())
    }
}

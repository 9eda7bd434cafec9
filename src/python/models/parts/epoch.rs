//! The phases of an epoch.

use pyo3::prelude::*;

use crate::models::als::parts::{Answers, Ask, Part};
use crate::pool;
use crate::python::arrays::in_precision;
use crate::python::models::parts::messages::{
    GivenAsk, PyAnswers, PyAsk, PyEigen, PyNodes, PyReceived, ask, asks, eigen, given_answers, handed,
    handed_answers, handed_whitened, side,
};
use crate::python::models::parts::{AnyPart, PyPart, arrays, local, until_signal};

#[pymethods]
impl PyPart {
    /// Begins an epoch; the Gram matrix of this worker's items.
    fn begin_epoch<'py>(&mut self, py: Python<'py>, epoch: usize) -> PyResult<PyNodes<'py>> {
        let (part, threads) = (&mut self.part, self.threads);
        let nodes = in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            py.detach(|| pool::run(threads, || part.begin_epoch(epoch)))?
        });
        Ok(handed(py, nodes))
    }

    /// Whitened users or items for each worker.
    fn whiten<'py>(
        &mut self,
        py: Python<'py>,
        users: bool,
        basis: PyEigen<'py>,
        regularization: f64,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let (eigen, threads) = (eigen(&basis)?, self.threads);
        let part = &mut self.part;
        Ok(in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            handed_whitened(py, py.detach(|| pool::run(threads, || part.whiten(side(users), eigen, regularization)))?)
        }))
    }

    /// Solves the users; their Gram matrix, and their penalty and loss.
    fn solve_users<'py>(
        &mut self,
        py: Python<'py>,
        rows: Vec<Bound<'py, PyAny>>,
        epoch: usize,
    ) -> PyResult<(PyNodes<'py>, PyNodes<'py>)> {
        let threads = self.threads;
        let part = &mut self.part;
        let (grams, sums) = in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
            let local = local(&arrays)?;
            let rows = PyReceived::all(&rows)?;
            let rows = PyReceived::views(&rows)?;
            until_signal(py, threads, |stop| part.solve_users(local, &rows, epoch, stop))?
        });
        Ok((handed(py, grams), handed(py, sums)))
    }

    /// Solves the items that this worker owns; their loss.
    fn solve_items<'py>(
        &mut self,
        py: Python<'py>,
        rows: Vec<Bound<'py, PyAny>>,
        epoch: usize,
    ) -> PyResult<PyNodes<'py>> {
        let threads = self.threads;
        let part = &mut self.part;
        let losses = in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
            let local = local(&arrays)?;
            let rows = PyReceived::all(&rows)?;
            let rows = PyReceived::views(&rows)?;
            until_signal(py, threads, |stop| part.solve_items(local, &rows, epoch, stop))?
        });
        Ok(handed(py, losses))
    }

    /// Turns everything for the items; what is asked of each worker first.
    fn begin_items<'py>(
        &mut self,
        py: Python<'py>,
        basis: PyEigen<'py>,
        regularization: f64,
    ) -> PyResult<Vec<PyAsk<'py>>> {
        let (eigen, threads) = (eigen(&basis)?, self.threads);
        let part = &mut self.part;
        in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            Ok(asks(py, py.detach(|| pool::run(threads, || part.begin_items(eigen, regularization)))?))
        })
    }

    /// Answers what each owner asks, for the first time in this half of the epoch or a later one.
    #[pyo3(name = "pass_")]
    fn pass<'py>(
        &mut self,
        py: Python<'py>,
        asked: Vec<GivenAsk<'py>>,
        first: bool,
    ) -> PyResult<Vec<PyAnswers<'py>>> {
        let threads = self.threads;
        let part = &mut self.part;
        in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
            let local = local(&arrays)?;
            let asked: Vec<Ask<T>> = asked.iter().map(ask).collect::<PyResult<_>>()?;
            let answers = until_signal(py, threads, |stop| part.pass(local, &asked, first, stop))?;
            Ok(answers.into_iter().map(|answers| handed_answers(py, answers)).collect())
        })
    }

    /// Takes the steps that answers allow; what is asked of each worker next.
    fn advance<'py>(&mut self, py: Python<'py>, answers: Vec<PyAnswers<'py>>) -> PyResult<Vec<PyAsk<'py>>> {
        let threads = self.threads;
        let part = &mut self.part;
        in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            let answers: Vec<Answers<T>> = answers.iter().map(given_answers).collect::<PyResult<_>>()?;
            Ok(asks(py, py.detach(|| pool::run(threads, || part.advance(&answers)))??))
        })
    }

    /// Keeps the items' solutions; their part of the loss.
    fn end_items<'py>(&mut self, py: Python<'py>, epoch: usize) -> PyResult<PyNodes<'py>> {
        let (part, threads) = (&mut self.part, self.threads);
        let nodes = in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            py.detach(|| pool::run(threads, || part.end_items(epoch)))?
        });
        Ok(handed(py, nodes))
    }
}

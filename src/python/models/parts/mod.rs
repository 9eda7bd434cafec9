//! A worker's part of a fit that several processes share.

pub(in crate::python) mod messages;

use std::ops::Range;
use std::sync::atomic::Ordering;

use numpy::{Element, IntoPyArray, PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::error::check_size;
use crate::kernel::Real;
use crate::models::als::basis::Eigen;
use crate::models::als::parts::{Answers, Ask, Counts, Cut, Local, Part, Presence, Share, Whitened};
use crate::pool;
use crate::python::arrays::{Csr, PyMatrix, in_precision, viewed};
use crate::python::interrupt::interruptible;
use crate::python::models::als::Params;
use messages::{
    GivenAsk, GivenCounts, GivenPresence, PyAnswers, PyAsk, PyCounts, PyEigen, PyNodes, PyPresence, ask,
    asks, eigen, handed, whitened,
};

/// A part of either precision.
enum AnyPart {
    Single(Part<f32>),
    Double(Part<f64>),
}

/// One worker's part of a fit; see `models::als::parts`. Its methods are the phases of a fit, in their order.
#[pyclass(module = "penchant._core.als", name = "Part")]
pub(in crate::python) struct PyPart {
    part: AnyPart,
    matrix: Py<PyMatrix>,
    by_item: Py<PyMatrix>,
    threads: usize,
}

#[pymethods]
impl PyPart {
    #[new]
    #[allow(clippy::too_many_arguments, reason = "they are a fit, and a place in it")]
    fn new(
        py: Python<'_>,
        params: Params,
        users: Vec<usize>,
        items: Vec<usize>,
        workers: Vec<(usize, usize)>,
        rank: usize,
        compact: bool,
        matrix: Py<PyMatrix>,
        by_item: Py<PyMatrix>,
    ) -> PyResult<Self> {
        let model = params.build()?;
        let threads = model.threads;
        let cut = Cut { users, items };
        let workers: Vec<Range<usize>> = workers.into_iter().map(|(first, end)| first..end).collect();
        let part = if matrix.get().arrays::<f32>(py).is_ok() {
            let arrays = arrays::<f32>(py, &matrix, &by_item)?;
            AnyPart::Single(Part::new(model, cut, workers, rank, compact, local(&arrays)?)?)
        } else {
            let arrays = arrays::<f64>(py, &matrix, &by_item)?;
            AnyPart::Double(Part::new(model, cut, workers, rank, compact, local(&arrays)?)?)
        };
        Ok(Self { part, matrix, by_item, threads })
    }

    /// For each item the entries here, those of them that count, and whether somebody here likes it.
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<PyCounts<'py>> {
        let Counts { stored, counting, liked } = match self.part {
            AnyPart::Single(_) => self.counted::<f32>(py)?,
            AnyPart::Double(_) => self.counted::<f64>(py)?,
        };
        Ok((stored.into_pyarray(py), counting.into_pyarray(py), liked.into_pyarray(py)))
    }

    /// From each worker's counts of the items that this one owns to what each has of them: 0 nothing, 1 a part, 2 all.
    fn meet<'py>(
        &mut self,
        py: Python<'py>,
        counts: Vec<GivenCounts<'py>>,
    ) -> PyResult<Vec<Bound<'py, PyArray1<u8>>>> {
        let given = |(stored, counting, liked): &GivenCounts<'py>| -> PyResult<Counts> {
            let (stored, counting) = (stored.as_slice()?.to_vec(), counting.as_slice()?.to_vec());
            Ok(Counts { stored, counting, liked: liked.as_slice()?.to_vec() })
        };
        let counts: Vec<Counts> = counts.iter().map(given).collect::<PyResult<_>>()?;
        let part = &mut self.part;
        let shares = in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            part.meet(&counts)
        });
        let coded = |shares: Vec<Share>| shares.into_iter().map(|share| share as u8).collect::<Vec<_>>();
        Ok(shares.into_iter().map(|shares| coded(shares).into_pyarray(py)).collect())
    }

    /// From what this worker has of each owner's items to what these have to know.
    fn present<'py>(
        &mut self,
        py: Python<'py>,
        shares: Vec<PyReadonlyArray1<'py, u8>>,
    ) -> PyResult<Vec<PyPresence<'py>>> {
        let share = |&code: &u8| match code {
            0 => Share::Nothing,
            1 => Share::Part,
            _ => Share::All,
        };
        let given = |shares: &PyReadonlyArray1<'py, u8>| -> PyResult<Vec<Share>> {
            Ok(shares.as_slice()?.iter().map(share).collect())
        };
        let shares: Vec<Vec<Share>> = shares.iter().map(given).collect::<PyResult<_>>()?;
        let part = &mut self.part;
        let presence = in_precision!(AnyPart(part) as T => {
            let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
            let local = local(&arrays)?;
            py.detach(|| part.present(local, &shares))
        });
        let handed = |Presence { items, lengths, nodes, constants }: Presence| {
            let (items, lengths) = (items.into_pyarray(py), lengths.into_pyarray(py));
            (items, lengths, nodes.into_pyarray(py), constants.into_pyarray(py))
        };
        Ok(presence.into_iter().map(handed).collect())
    }

    /// Takes what each worker has of the items that this one owns.
    fn meet_presence(&mut self, presence: Vec<GivenPresence<'_>>) -> PyResult<()> {
        let given = |(items, lengths, nodes, constants): &GivenPresence<'_>| -> PyResult<Presence> {
            let (items, lengths) = (items.as_slice()?.to_vec(), lengths.as_slice()?.to_vec());
            Ok(Presence {
                items,
                lengths,
                nodes: nodes.as_slice()?.to_vec(),
                constants: constants.as_slice()?.to_vec(),
            })
        };
        let presence: Vec<Presence> = presence.iter().map(given).collect::<PyResult<_>>()?;
        let part = &mut self.part;
        in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            part.meet_presence(presence);
        });
        Ok(())
    }

    /// Takes the first factors of this worker's users and items.
    fn set_factors<'py>(&mut self, users: &Bound<'py, PyAny>, items: &Bound<'py, PyAny>) -> PyResult<()> {
        let part = &mut self.part;
        in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            let (users, items): (PyReadonlyArray2<'py, T>, PyReadonlyArray2<'py, T>) =
                (users.extract()?, items.extract()?);
            for (what, to, from) in [
                ("the number of factors of users", &mut part.users, users.as_slice()?),
                ("the number of factors of items", &mut part.items, items.as_slice()?),
            ] {
                check_size(what, to.len(), from.len())?;
                to.copy_from_slice(from);
            }
            Ok(())
        })
    }

    /// The factors of this worker's users and items, row after row.
    fn factors<'py>(&self, py: Python<'py>) -> PyResult<PyAnswers<'py>> {
        let (part, threads) = (&self.part, self.threads);
        in_precision!(AnyPart(part) as T => {
            let part: &Part<T> = part;
            let users = py.detach(|| pool::run(threads, || part.turned_users()))?;
            Ok((users.into_pyarray(py).into_any(), part.items.clone().into_pyarray(py).into_any()))
        })
    }

    /// Begins an epoch; the Gram matrix of this worker's items.
    fn begin_epoch<'py>(&mut self, py: Python<'py>, epoch: usize) -> PyResult<PyNodes<'py>> {
        let (part, threads) = (&mut self.part, self.threads);
        let nodes = in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            py.detach(|| pool::run(threads, || part.begin_epoch(epoch)))?
        });
        Ok(handed(py, nodes))
    }

    /// Whitened items for each worker.
    fn whiten<'py>(
        &mut self,
        py: Python<'py>,
        basis: PyEigen<'py>,
        regularization: f64,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let (eigen, threads) = (eigen(&basis)?, self.threads);
        match &mut self.part {
            AnyPart::Single(part) => whiten(py, part, eigen, regularization, threads),
            AnyPart::Double(part) => whiten(py, part, eigen, regularization, threads),
        }
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
            let rows: Vec<Whitened<T>> = rows.iter().map(whitened).collect::<PyResult<_>>()?;
            interruptible(
                py,
                |_, stop| {
                    let stop = || stop.load(Ordering::Relaxed);
                    pool::run(threads, || part.solve_users(local, &rows, epoch, &stop))?
                },
                |(): ()| Ok(()),
            )??
        });
        Ok((handed(py, grams), handed(py, sums)))
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
        &self,
        py: Python<'py>,
        asked: Vec<GivenAsk<'py>>,
        first: bool,
    ) -> PyResult<Vec<PyAnswers<'py>>> {
        let threads = self.threads;
        let part = &self.part;
        in_precision!(AnyPart(part) as T => {
            let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
            let local = local(&arrays)?;
            let asked: Vec<Ask<T>> = asked.iter().map(ask).collect::<PyResult<_>>()?;
            let answers = interruptible(
                py,
                |_, stop| {
                    let stop = || stop.load(Ordering::Relaxed);
                    pool::run(threads, || part.pass(local, &asked, first, &stop))?
                },
                |(): ()| Ok(()),
            )??;
            let handed = |Answers { vectors, scalars }: Answers<T>| -> PyResult<PyAnswers<'py>> {
                let count = scalars.len();
                let scalars = scalars.into_flattened().into_pyarray(py).reshape([count, 2])?;
                Ok((vectors.into_pyarray(py).into_any(), scalars.into_any()))
            };
            answers.into_iter().map(handed).collect()
        })
    }

    /// Takes the steps that answers allow; what is asked of each worker next.
    fn advance<'py>(&mut self, py: Python<'py>, answers: Vec<PyAnswers<'py>>) -> PyResult<Vec<PyAsk<'py>>> {
        let threads = self.threads;
        let part = &mut self.part;
        in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            let given = |(vectors, scalars): &PyAnswers<'py>| -> PyResult<Answers<T>> {
                let vectors: PyReadonlyArray1<'py, T> = vectors.extract()?;
                let scalars: PyReadonlyArray2<'py, f64> = scalars.extract()?;
                let scalars = scalars.as_slice()?.as_chunks().0.to_vec();
                Ok(Answers { vectors: vectors.as_slice()?.to_vec(), scalars })
            };
            let answers: Vec<Answers<T>> = answers.iter().map(given).collect::<PyResult<_>>()?;
            Ok(asks(py, py.detach(|| pool::run(threads, || part.advance(&answers)))?))
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

impl PyPart {
    fn counted<T: Real + Element>(&self, py: Python<'_>) -> PyResult<Counts> {
        let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
        let local = local(&arrays)?;
        Ok(py.detach(|| Part::counts(local)))
    }
}

/// Both orientations of a worker's entries as arrays.
fn arrays<'py, T: Element>(
    py: Python<'py>,
    matrix: &Py<PyMatrix>,
    by_item: &Py<PyMatrix>,
) -> PyResult<[Csr<'py, T>; 2]> {
    Ok([matrix.get().arrays(py)?, by_item.get().arrays(py)?])
}

fn local<'a, T: Real + Element>([matrix, by_item]: &'a [Csr<'_, T>; 2]) -> PyResult<Local<'a, T>> {
    Ok(Local { user_items: viewed(matrix)?, item_users: viewed(by_item)? })
}

fn whiten<'py, T: Real + Element>(
    py: Python<'py>,
    part: &mut Part<T>,
    eigen: Eigen,
    regularization: f64,
    threads: usize,
) -> PyResult<Vec<Bound<'py, PyAny>>>
where
    T::Compact: Element,
{
    let rows = py.detach(|| pool::run(threads, || part.whiten(eigen, regularization)))?;
    let handed = |rows: Whitened<T>| match rows {
        Whitened::Full(rows) => rows.into_pyarray(py).into_any(),
        Whitened::Compact(rows) => rows.into_pyarray(py).into_any(),
    };
    Ok(rows.into_iter().map(handed).collect())
}

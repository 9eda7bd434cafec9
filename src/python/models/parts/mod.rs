//! A worker's part of a fit that several processes share.

mod epoch;
pub(in crate::python) mod messages;
mod sketch;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use numpy::{Element, IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::error::Result;
use crate::kernel::Real;
use crate::models::als::parts::{Counts, Cut, Local, Needs, Part, Presence, Share, Travels};
use crate::pool;
use crate::python::arrays::{Csr, PyMatrix, in_precision, viewed};
use crate::python::interrupt::interruptible;
use crate::python::models::als::Params;
use messages::{
    GivenCounts, GivenNeeds, GivenPresence, PyAnswers, PyCounts, PyNeeds, PyNodes, PyPresence, handed,
    rows_of, square,
};

/// Factors of users and items, where the items came from, and what turns the users.
type PyState<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyArray2<f64>>);

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
        users_travel: bool,
        compact: bool,
        matrix: Py<PyMatrix>,
        by_item: Py<PyMatrix>,
    ) -> PyResult<Self> {
        let model = params.build()?;
        let threads = model.threads;
        let cut = Cut { users, items };
        let workers: Vec<Range<usize>> = workers.into_iter().map(|(first, end)| first..end).collect();
        let how = (if users_travel { Travels::Users } else { Travels::Sums }, compact);
        let part = if matrix.get().arrays::<f32>(py).is_ok() {
            let arrays = arrays::<f32>(py, &matrix, &by_item)?;
            AnyPart::Single(Part::new(model, cut, workers, rank, how, local(&arrays)?)?)
        } else {
            let arrays = arrays::<f64>(py, &matrix, &by_item)?;
            AnyPart::Double(Part::new(model, cut, workers, rank, how, local(&arrays)?)?)
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
            part.meet(&counts)?
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
            py.detach(|| part.present(local, &shares))?
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
            part.meet_presence(presence)?;
        });
        Ok(())
    }

    /// For each other worker which of its users and of its items this one needs.
    fn needs<'py>(&mut self, py: Python<'py>) -> PyResult<Vec<PyNeeds<'py>>> {
        let part = &mut self.part;
        let needs = in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
            let local = local(&arrays)?;
            py.detach(|| part.needs(local))
        });
        let handed = |Needs { users, items }: Needs| (users.into_pyarray(py), items.into_pyarray(py));
        Ok(needs.into_iter().map(handed).collect())
    }

    /// Takes what each other worker needs of this one.
    fn meet_needs(&mut self, needs: Vec<GivenNeeds<'_>>) -> PyResult<()> {
        let given = |(users, items): &GivenNeeds<'_>| -> PyResult<Needs> {
            Ok(Needs { users: users.as_slice()?.to_vec(), items: items.as_slice()?.to_vec() })
        };
        let needs: Vec<Needs> = needs.iter().map(given).collect::<PyResult<_>>()?;
        let part = &mut self.part;
        in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            part.meet_needs(needs)?;
        });
        Ok(())
    }

    /// The weights of the entries, and the smallest regularization of a user here and of an item that this worker owns.
    fn facts<'py>(&self, py: Python<'py>) -> PyResult<(PyNodes<'py>, [f64; 2])> {
        let part = &self.part;
        let (weights, smallest) = in_precision!(AnyPart(part) as T => {
            let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
            let local = local(&arrays)?;
            py.detach(|| part.facts(local))
        });
        Ok((handed(py, weights), smallest))
    }

    /// Goes on from factors of this worker's users and items, where the items came from, and what turns the users to the basis
    /// of the items: what `state` says at the end of an epoch, or with anything for the last two what a fit begins with.
    fn restore<'py>(
        &mut self,
        users: &Bound<'py, PyAny>,
        items: &Bound<'py, PyAny>,
        starts: &Bound<'py, PyAny>,
        turn: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<()> {
        let part = &mut self.part;
        in_precision!(AnyPart(part) as T => {
            let part: &mut Part<T> = part;
            let (users, items): (PyReadonlyArray2<'py, T>, PyReadonlyArray2<'py, T>) =
                (users.extract()?, items.extract()?);
            let starts: PyReadonlyArray2<'py, T> = starts.extract()?;
            Ok(part.restore([users.as_slice()?, items.as_slice()?, starts.as_slice()?], square(&turn)?)?)
        })
    }

    /// The factors of this worker's users and items, where the items came from, and what turns the users.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<PyState<'py>> {
        let part = &self.part;
        in_precision!(AnyPart(part) as T => {
            let part: &Part<T> = part;
            let f = part.from_users.f;
            let rows = |rows: &[T]| rows_of(py, rows.to_vec(), f);
            let turn = part.from_users.values.clone().into_pyarray(py).reshape([f, f])?;
            Ok((rows(&part.users)?, rows(&part.items)?, rows(&part.starts)?, turn))
        })
    }

    /// The factors of this worker's users and items.
    fn factors<'py>(&self, py: Python<'py>) -> PyResult<PyAnswers<'py>> {
        let (part, threads) = (&self.part, self.threads);
        in_precision!(AnyPart(part) as T => {
            let part: &Part<T> = part;
            let f = part.from_users.f;
            let users = py.detach(|| pool::run(threads, || part.turned_users()))?;
            Ok((rows_of(py, users, f)?, rows_of(py, part.items.clone(), f)?))
        })
    }
}

impl PyPart {
    fn counted<T: Real + Element>(&self, py: Python<'_>) -> PyResult<Counts> {
        let arrays = arrays::<T>(py, &self.matrix, &self.by_item)?;
        let local = local(&arrays)?;
        Ok(py.detach(|| Part::counts(local)))
    }
}

/// Runs a phase on so many threads, until it ends or a signal ends it.
fn until_signal<R: Send>(
    py: Python<'_>,
    threads: usize,
    phase: impl FnOnce(&(dyn Fn() -> bool + Sync)) -> Result<R> + Send,
) -> PyResult<R> {
    let run = |_, stop: &AtomicBool| {
        let stop = || stop.load(Ordering::Relaxed);
        pool::run(threads, || phase(&stop))?
    };
    Ok(interruptible(py, run, |(): ()| Ok(()))??)
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

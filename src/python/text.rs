//! Texts as counts.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

use crate::python::arrays::{CsrArrays, csr_arrays};
use crate::python::interactions::labels::PyLabels;
use crate::text::{self, Cut};

/// A separator of tags, or the shortest and longest runs of words and of characters.
#[derive(FromPyObject)]
pub(super) struct CutGiven(Option<String>, Option<(usize, usize)>, Option<(usize, usize)>);

impl CutGiven {
    fn cut(self) -> Cut {
        let Self(separator, words, characters) = self;
        match separator {
            Some(separator) => Cut::Tags(separator),
            None => Cut::Words {
                words: words.map(|(least, most)| least..=most),
                characters: characters.map(|(least, most)| least..=most),
            },
        }
    }
}

/// How often each text has each token, and the tokens, which are numbered as they appear.
#[pyfunction]
pub(super) fn counts(
    py: Python<'_>,
    texts: Vec<Option<PyBackedStr>>,
    cut: CutGiven,
    threads: usize,
) -> PyResult<(CsrArrays<'_>, PyLabels)> {
    let cut = cut.cut();
    let found = py.detach(|| text::counts(&texts, &cut, threads))?;
    Ok((csr_arrays(py, found.matrix)?, PyLabels(Arc::new(found.tokens))))
}

/// How often each text has each of the known tokens, and how many were not known.
#[pyfunction]
pub(super) fn counts_of<'py>(
    py: Python<'py>,
    texts: Vec<Option<PyBackedStr>>,
    cut: CutGiven,
    known: &PyLabels,
    threads: usize,
) -> PyResult<(CsrArrays<'py>, usize)> {
    let (cut, known) = (cut.cut(), Arc::clone(&known.0));
    let (matrix, unknown) = py.detach(|| text::counts_of(&texts, &cut, &known, threads))?;
    Ok((csr_arrays(py, matrix)?, unknown))
}

/// Likewise in so many buckets.
#[pyfunction]
pub(super) fn hashed_counts(
    py: Python<'_>,
    texts: Vec<Option<PyBackedStr>>,
    cut: CutGiven,
    buckets: usize,
    threads: usize,
) -> PyResult<CsrArrays<'_>> {
    let cut = cut.cut();
    csr_arrays(py, py.detach(|| text::hashed_counts(&texts, &cut, buckets, threads))?)
}

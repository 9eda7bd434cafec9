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

/// How often each text has each token: of all, which are numbered as they appear, or of those that are known. With them
/// the tokens, and how many were not known.
#[pyfunction]
pub(super) fn counts<'py>(
    py: Python<'py>,
    texts: Vec<Option<PyBackedStr>>,
    cut: CutGiven,
    known: Option<&PyLabels>,
    threads: usize,
) -> PyResult<(CsrArrays<'py>, PyLabels, usize)> {
    let (cut, known) = (cut.cut(), known.map(|labels| Arc::clone(&labels.0)));
    let found = py.detach(|| text::counts(&texts, &cut, known.as_deref(), threads))?;
    let tokens = PyLabels(Arc::new(found.tokens));
    Ok((csr_arrays(py, found.counts.matrix)?, tokens, found.counts.unknown))
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

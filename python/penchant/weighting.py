"""Weighting of raw counts: BM25, tf-idf and normalization.

All three take an items x users matrix, as in the classic tutorial: a row is a document, a column a term.
Any orientation works; what they call a row is then a row of what was given.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from penchant import _core
from penchant._sparse import quiet_rows

__all__ = ["bm25_weight", "normalize", "tfidf_weight"]


def bm25_weight(X: Any, K1: float = 100, B: float = 0.8) -> Any:
    """Weigh counts by BM25.

    ``x (K1 + 1) / (K1 (1 - B + B len / avglen) + x) * idf`` with ``idf = ln N - ln(1 + df)``, where ``N`` is
    the number of rows, ``df`` the number of entries in the column, and ``len`` the sum of the row.

    Parameters
    ----------
    X : scipy.sparse matrix or array, shape [n_rows, n_columns]
        Counts.
    K1 : float, default 100
        How late repeated counts saturate; at least 0.
    B : float, default 0.8
        How much long rows are discounted; between 0 and 1.

    Returns
    -------
    scipy.sparse matrix or array, shape [n_rows, n_columns]
        Weights, in the format and kind that `X` came in; float64 for float64 and integers wider than
        16 bits, float32 for everything else.

    Raises
    ------
    TypeError
        If `X` is not sparse or holds no real numbers.
    ValueError
        If `K1` or `B` is out of range, a count is negative, or the structure of `X` is broken.

    References
    ----------
    Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, section 3.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> bm25_weight(sp.csr_array([[4.0, 0.0], [0.0, 1.0], [0.0, 3.0]]), K1=1, B=0).toarray().round(3)
    array([[0.649, 0.   ],
           [0.   , 0.   ],
           [0.   , 0.   ]])
    """
    return _reweigh(X, lambda csr: _core.weighting.bm25(csr, float(K1), float(B)))


def tfidf_weight(X: Any) -> Any:
    """Weigh counts by tf-idf: ``sqrt(x) * idf`` with ``idf = ln N - ln(1 + df)``.

    Parameters
    ----------
    X : scipy.sparse matrix or array, shape [n_rows, n_columns]
        Counts, not negative.

    Returns
    -------
    scipy.sparse matrix or array, shape [n_rows, n_columns]
        Weights, in the format, kind and precision described at `bm25_weight`.

    Raises
    ------
    TypeError
        If `X` is not sparse or holds no real numbers.
    ValueError
        If a count is negative, or the structure of `X` is broken.
    """
    return _reweigh(X, _core.weighting.tfidf)


def normalize(X: Any) -> Any:
    """Scale every row to Euclidean length 1; rows of zeros stay.

    Parameters
    ----------
    X : scipy.sparse matrix or array, shape [n_rows, n_columns]
        Any values.

    Returns
    -------
    scipy.sparse matrix or array, shape [n_rows, n_columns]
        In the format, kind and precision described at `bm25_weight`.

    Raises
    ------
    TypeError
        If `X` is not sparse or holds no real numbers.
    ValueError
        If the structure of `X` is broken.
    """
    return _reweigh(X, _core.weighting.normalize)


def _reweigh(X: Any, weights: Any) -> Any:
    rows = quiet_rows(X, "X")
    dtype = np.float64 if np.result_type(X.dtype, np.float32) == np.float64 else np.float32
    kind = sp.csr_array if isinstance(X, sp.sparray) else sp.csr_matrix
    narrow = X.indptr.dtype if X.format == "csr" else np.int32
    parts = (weights(rows.csr(dtype)), rows.indices.copy(), rows.indptr.astype(narrow))
    return kind(parts, shape=X.shape).asformat(X.format)

"""EASE among the nearest neighbours of each item."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from penchant import _core
from penchant._base.item_similarity import ItemSimilarityBase, check_pairs
from penchant._base.progress import Progress
from penchant._sparse import Csr, Rows, precision
from penchant._validation import check_memory, integer, number

__all__ = ["SparseEASE"]


class SparseEASE(ItemSimilarityBase):
    """EASE for large catalogues: each item as a linear function of its nearest neighbours alone.

    Column ``j`` of the weights minimizes ``|x_j - X_S w|^2 + l |w|^2``, in which ``S`` are the `K` items most
    like ``j`` by the absolute cosine: the regression of `EASE` with the items chosen beforehand, as in
    fsSLIM. With as many neighbours as items it is `EASE`, if every two items have a user in common; items
    without one are never neighbours. A fit takes time in proportion to the number of items and the
    memory of those products of two items that are not 0.

    Parameters
    ----------
    regularization : float, default 100.0
        l, the weight of the squares of the weights; above 0. The more data, the larger.
    K : int, default 200
        How many neighbours each item is explained by.
    num_threads : int, default 0
        The number of threads; 0 for all that the process may use. The result does not depend on it.

    Attributes
    ----------
    similarity : scipy.sparse.csr_matrix, shape [n_items, n_items]
        The weights: of float64 if the data was, else float32.

    References
    ----------
    Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019.
    Ning and Karypis, "SLIM: Sparse Linear Methods for Top-N Recommender Systems", 2011 (fsSLIM).

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    >>> model = SparseEASE(regularization=1.0, K=2).fit(plays, show_progress=False)
    >>> model.recommend(2, plays[[2]], N=1)[0].tolist()
    [0]
    """

    _KIND = "SparseEASE"

    def __init__(self, regularization: float = 100.0, K: int = 200, num_threads: int = 0) -> None:
        super().__init__()
        self.regularization = regularization
        self.K = K
        self.num_threads = num_threads

    def _params(self) -> dict[str, Any]:
        """Return what the core wants to know; it checks the ranges."""
        return {
            "regularization": number(self.regularization, "regularization"),
            "neighbours": integer(self.K, "K", 1),
            "num_threads": self._threads(),
        }

    def _check_parameters(self) -> None:
        _core.sparse_ease.check_parameters(self._params())

    def _fit(self, rows: Rows, progress: Progress) -> None:
        csr = rows.csr(precision(rows))
        check_pairs(csr)
        check_regressions(csr, self.K, self._threads())
        progress.total(2 * rows.columns)
        self._take(len(rows), (rows.columns, *_core.sparse_ease.weights(csr, self._params(), progress.step)))


def check_regressions(csr: Csr, K: int, threads: int) -> None:
    """Raise a MemoryError for regressions on more neighbours than this machine can hold."""
    items, indptr, indices, _ = csr
    # An item has at most as many neighbours as there are entries in the rows of its users.
    lengths = np.diff(indptr)
    reached = np.bincount(indices, np.repeat(lengths, lengths), minlength=items)
    k = int(min(K, items, reached.max(initial=0)))
    check_memory((threads or os.cpu_count() or 1) * 8 * k**2, f"regressions on up to {k} neighbours")

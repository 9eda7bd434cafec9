"""SLIM: each item as a sparse combination of others."""

from __future__ import annotations

from typing import Any

from penchant import _core
from penchant._base.item_similarity import ItemSimilarityBase, check_pairs
from penchant._base.progress import Progress
from penchant._sparse import Rows, precision
from penchant._validation import integer, number

__all__ = ["SLIM"]


class SLIM(ItemSimilarityBase):
    """Sparse linear methods: each item as a sparse, non-negative combination of the items that a user has.

    Column ``j`` of the weights, which has a 0 for ``j`` itself, minimizes ``1/2 |x_j - X w|^2 + 1/2 l2 |w|^2
    + l1 |w|_1``, by coordinate descent on ``X^T X``, of which what is not zero is kept in memory.

    Parameters
    ----------
    l1_regularization : float, default 1.0
        The weight of the sum of the weights: the larger, the fewer there are.
    l2_regularization : float, default 100.0
        The weight of the sum of their squares: the larger, the more alike they are.
    iterations : int, default 100
        The most passes over the weights of an item.
    tolerance : float, default 0.001
        An item is done when no weight of a pass changes by more than this part of the largest.
    num_threads : int, default 0
        The number of threads; 0 for all that the process may use. The result does not depend on it.

    Attributes
    ----------
    similarity : scipy.sparse.csr_matrix, shape [n_items, n_items]
        The weights: of float64 if the data was, else float32.

    References
    ----------
    Ning and Karypis, "SLIM: Sparse Linear Methods for Top-N Recommender Systems", 2011.
    Friedman, Hastie and Tibshirani, "Regularization Paths for Generalized Linear Models via Coordinate
    Descent", 2010.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    >>> model = SLIM(l1_regularization=0.1, l2_regularization=1.0).fit(plays, show_progress=False)
    >>> model.recommend(2, plays[[2]], N=1)[0].tolist()
    [0]
    """

    _KIND = "SLIM"

    def __init__(
        self,
        l1_regularization: float = 1.0,
        l2_regularization: float = 100.0,
        iterations: int = 100,
        tolerance: float = 1e-3,
        num_threads: int = 0,
    ) -> None:
        super().__init__()
        self.l1_regularization = l1_regularization
        self.l2_regularization = l2_regularization
        self.iterations = iterations
        self.tolerance = tolerance
        self.num_threads = num_threads

    def _params(self) -> dict[str, Any]:
        """Return what the core wants to know; it checks the ranges."""
        return {
            "l1_regularization": number(self.l1_regularization, "l1_regularization"),
            "l2_regularization": number(self.l2_regularization, "l2_regularization"),
            "iterations": integer(self.iterations, "iterations", 1),
            "tolerance": number(self.tolerance, "tolerance"),
            "num_threads": self._threads(),
        }

    def _check_parameters(self) -> None:
        _core.slim.check_parameters(self._params())

    def _fit(self, rows: Rows, progress: Progress) -> None:
        csr = rows.csr(precision(rows))
        check_pairs(csr)
        progress.total(2 * rows.columns)
        self._take(len(rows), (rows.columns, *_core.slim.weights(csr, self._params(), progress.step)))

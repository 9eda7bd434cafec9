"""Nearest neighbours: items that the same users have, and users that have the same items.

Also the weights of counts, `bm25_weight`, `tfidf_weight` and `normalize`, under the name of the module in
which `implicit` has them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from penchant import _core
from penchant._base.item_similarity import ItemSimilarityBase, check_neighbours
from penchant._base.progress import Progress
from penchant._sparse import Csr, Rows, any_rows, precision
from penchant._validation import integer, number
from penchant.weighting import bm25_weight, normalize, tfidf_weight

__all__ = [
    "BM25Recommender",
    "CosineRecommender",
    "ItemItemRecommender",
    "TFIDFRecommender",
    "all_pairs_knn",
    "bm25_weight",
    "normalize",
    "tfidf_weight",
]


class ItemItemRecommender(ItemSimilarityBase):
    """Item-item nearest neighbours by the product of the counts of two items, over all users.

    Parameters
    ----------
    K : int, default 20
        How many neighbours each item keeps, itself included.
    num_threads : int, default 0
        The number of threads; 0 for all that the process may use. The result does not depend on it.

    Attributes
    ----------
    similarity : scipy.sparse.csr_matrix, shape [n_items, n_items]
        The `K` largest entries of each row, ties to the smaller id: of float64 if the data was, else float32.

    References
    ----------
    Sarwar, Karypis, Konstan and Riedl, "Item-Based Collaborative Filtering Recommendation Algorithms", 2001.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[9.0, 3.0, 0.0], [5.0, 8.0, 1.0], [0.0, 7.0, 0.0]])
    >>> model = ItemItemRecommender(K=3).fit(plays, show_progress=False)
    >>> model.recommend(2, plays[[2]], N=1)[0].tolist()
    [0]
    """

    _KIND = "ItemItemRecommender"
    _is_in_implicit = True
    _weighting = "counts"
    _cosine = False

    def __init__(self, K: int = 20, num_threads: int = 0) -> None:
        super().__init__()
        self.K = K
        self.num_threads = num_threads

    def _params(self) -> dict[str, Any]:
        """Return what the core wants to know; it checks the ranges."""
        return {
            "neighbours": integer(self.K, "K", 1),
            "weighting": self._weighting,
            "k1": number(getattr(self, "K1", 0.0), "K1"),
            "b": number(getattr(self, "B", 0.0), "B"),
            "cosine": self._cosine,
            "shrinkage": number(getattr(self, "shrinkage", 0.0), "shrinkage"),
            "num_threads": self._threads(),
        }

    def _check_parameters(self) -> None:
        _core.knn.check_parameters(self._params())

    def _fit(self, rows: Rows, progress: Progress) -> None:
        matrix = _neighbours(rows.csr(precision(rows)), self._params(), progress)
        self._take(len(rows), matrix)


class CosineRecommender(ItemItemRecommender):
    """Item-item nearest neighbours by the cosine of the counts of two items.

    Parameters
    ----------
    K, num_threads
        As for `ItemItemRecommender`.
    shrinkage : float, default 0.0
        What is added to the product of both lengths before it divides: the larger, the less is said by few
        users in common.

    References
    ----------
    Sarwar, Karypis, Konstan and Riedl, "Item-Based Collaborative Filtering Recommendation Algorithms", 2001.
    Bell and Koren, "Improved Neighborhood-based Collaborative Filtering", 2007 (shrinkage).
    """

    _KIND = "CosineRecommender"
    _cosine = True

    def __init__(self, K: int = 20, num_threads: int = 0, *, shrinkage: float = 0.0) -> None:
        super().__init__(K, num_threads)
        self.shrinkage = shrinkage


class TFIDFRecommender(CosineRecommender):
    """Item-item nearest neighbours by the cosine of tf-idf weights, see `tfidf_weight`.

    An item is a document and its users are the words in it, so users who have everything count less.

    Parameters
    ----------
    K, num_threads, shrinkage
        As for `CosineRecommender`.
    """

    _KIND = "TFIDFRecommender"
    _weighting = "tfidf"


class BM25Recommender(ItemItemRecommender):
    """Item-item nearest neighbours by the product of BM25 weights, see `bm25_weight`.

    Parameters
    ----------
    K : int, default 20
        As for `ItemItemRecommender`.
    K1 : float, default 1.2
        How late repeated counts saturate; at least 0.
    B : float, default 0.75
        How much items with many plays are discounted; between 0 and 1.
    num_threads : int, default 0
        As for `ItemItemRecommender`.
    """

    _KIND = "BM25Recommender"
    _weighting = "bm25"

    def __init__(self, K: int = 20, K1: float = 1.2, B: float = 0.75, num_threads: int = 0) -> None:
        super().__init__(K, num_threads)
        self.K1 = K1
        self.B = B


def all_pairs_knn(users: Any, K: int = 100, num_threads: int = 0, show_progress: bool = True) -> Any:
    """Find for each item those with which it has the largest products of weights, over all users.

    Parameters
    ----------
    users : scipy.sparse matrix or array, shape [n_users, n_items]
        The weights. Formats other than CSR are converted with a `ParameterWarning`.
    K : int, default 100
        How many for each item, itself included.
    num_threads : int, default 0
        The number of threads; 0 for all.
    show_progress : bool, default True
        Show a progress bar that counts items.

    Returns
    -------
    scipy.sparse.coo_matrix, shape [n_items, n_items]
        The products, in the precision of the weights.

    Raises
    ------
    TypeError, ValueError, MemoryError
        If `users` is not a sparse matrix of finite numbers, or a number is out of range.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> all_pairs_knn(sp.csr_array([[1.0, 2.0], [0.0, 3.0]]), K=1, show_progress=False).toarray()
    array([[ 0.,  2.],
           [ 0., 13.]])
    """
    model = ItemItemRecommender(K, num_threads)
    params = model._params()
    _core.knn.check_parameters(params)
    rows = any_rows(users, "users", np.float64)
    with Progress(show_progress, "item") as progress:
        items, indptr, indices, values = _neighbours(rows.csr(precision(rows)), params, progress)
    of_row = np.repeat(np.arange(items, dtype=np.int32), np.diff(indptr))
    return sp.coo_matrix((values, (of_row, indices)), shape=(items, items))


def _neighbours(csr: Csr, params: dict[str, Any], progress: Progress) -> Csr:
    check_neighbours(csr, params["neighbours"])
    progress.total(csr[0])
    return csr[0], *_core.knn.neighbours(csr, params, progress.step)

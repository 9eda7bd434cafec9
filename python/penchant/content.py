"""Items that are alike by what is known of them, alone or together with who has them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from penchant import _core
from penchant._base.feature_rows import checked_for
from penchant._base.item_similarity import ItemSimilarityBase, check_neighbours
from penchant._base.progress import Callback, Progress
from penchant._sparse import Rows, precision, scipy_csr
from penchant._validation import integer, number


class ContentRecommender(ItemSimilarityBase):
    """Item-item nearest neighbours by the cosine of features, of who has the items, or of both.

    Items that nobody has have neighbours as well, and are recommended to whoever has those.

    Parameters
    ----------
    K : int, default 20
        How many neighbours each item keeps, itself included.
    content : float, default 1.0
        The part of the features, between 0 and 1: two items are as alike as ``content`` times the cosine of
        their features and ``1 - content`` times that of their users.
    num_threads : int, default 0
        The number of threads; 0 for all that the process may use. The result does not depend on it.

    Attributes
    ----------
    similarity : scipy.sparse.csr_matrix, shape [n_items, n_items]
        The `K` largest entries of each row, ties to the smaller id: of float64 if the data was, else float32.

    References
    ----------
    Lops, de Gemmis and Semeraro, "Content-based Recommender Systems: State of the Art and Trends", 2011.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> plays = sp.csr_array([[9.0, 3.0, 0.0], [5.0, 0.0, 0.0]])
    >>> kinds = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> model = ContentRecommender(K=2).fit(plays, show_progress=False, item_features=kinds)
    >>> model.recommend(1, plays[[1]], N=1)[0].tolist()
    [2]
    """

    _KIND = "ContentRecommender"

    def __init__(self, K: int = 20, content: float = 1.0, num_threads: int = 0) -> None:
        super().__init__()
        self.K = K
        self.content = content
        self.num_threads = num_threads

    def fit(
        self,
        user_items: Any,
        show_progress: bool = True,
        callback: Callback | None = None,
        *,
        item_features: Any = None,
    ) -> Self:
        """Find the neighbours of each item.

        Parameters
        ----------
        user_items, show_progress, callback
            As for every model, see `RecommenderBase.fit`.
        item_features : Features, sparse matrix or array, shape [n_items, n_features]
            What is known of the items. It may be left out where `content` is 0.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError, MemoryError, KeyboardInterrupt
            As every model does, and if `item_features` is missing or is not a matrix of finite numbers with a
            row for each item.
        """
        if item_features is None and self.content:
            msg = "item_features must say what is known of the items, unless content is 0"
            raise ValueError(msg)
        features = checked_for(item_features, "item_features", user_items, 1)
        self._learn(user_items, show_progress, callback, features=features)
        return self

    def _check_parameters(self) -> None:
        content = number(self.content, "content")
        if not 0 <= content <= 1:
            msg = f"content must be between 0 and 1, got {content}"
            raise ValueError(msg)
        _core.knn.check_parameters(self._params())

    def _params(self) -> dict[str, Any]:
        """Return what the core wants to know."""
        return {
            "neighbours": integer(self.K, "K", 1), "weighting": "counts", "k1": 0.0, "b": 0.0,
            "cosine": False, "shrinkage": 0.0, "num_threads": self._threads(),
        }  # fmt: skip

    def _fit(self, rows: Rows, progress: Progress, features: Any = None) -> None:
        # One below the other, each column of either part of its share of a length of 1: their products are
        # then the mean of both cosines.
        dtype = precision(rows)
        parts = [(scipy_csr(rows.csr(dtype)), 1 - self.content)]
        if features is not None:
            parts.append((features.T.tocsr().astype(dtype), self.content))
        stacked = sp.vstack([_scaled(part, share) for part, share in parts if share > 0]).tocsr()
        csr: Any = (
            stacked.shape[1], stacked.indptr.astype(np.int64), stacked.indices.astype(np.int32),
            stacked.data.astype(dtype),
        )  # fmt: skip
        check_neighbours(csr, self.K)
        progress.total(csr[0])
        found = _core.knn.neighbours(csr, self._params(), progress.step)
        self._take(len(rows), (csr[0], *found))


def _scaled(matrix: Any, share: float) -> Any:
    """Return a matrix whose columns have the square root of a share for a length."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0), np.float64).ravel())
    by = np.sqrt(share) / np.where(lengths > 0, lengths, 1)
    scaled = matrix.astype(np.float64)
    scaled.data *= by[scaled.indices]
    return scaled

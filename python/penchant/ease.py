"""EASE: the best linear model of all items by all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._base.item_weights import ItemWeightsBase
from penchant._base.progress import Progress
from penchant._base.rank_options import RankOptions, check_results
from penchant._sparse import Rows, precision, scipy_csr
from penchant._validation import Floats, Ids, check_finite, check_memory, factors, number

__all__ = ["EASE"]


class EASE(ItemWeightsBase):
    """An embarrassingly shallow autoencoder: each item as a linear function of all others, in closed form.

    The weights ``B``, items x items with zeros on the diagonal, minimize ``|X - X B|^2 + l |B|^2``. What a
    user has decides what they get, so users need not be known. A fit takes time in proportion to the cube of
    the number of items, and the memory of two dense matrices of items x items.

    Parameters
    ----------
    regularization : float, default 500.0
        l, the weight of the squares of the weights; above 0. The more data, the larger.
    num_threads : int, default 0
        The number of threads; 0 for all that the process may use. The result does not depend on it.

    Attributes
    ----------
    weights : numpy.ndarray, shape [n_items, n_items]
        How much having an item (the row) adds to the score of another (the column): of float64 if the data
        was, else float32. None before a fit. Read-only; to change it, assign another one.

    References
    ----------
    Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    >>> model = EASE(regularization=1.0).fit(plays, show_progress=False)
    >>> model.recommend(2, plays[[2]], N=1)[0].tolist()
    [0]
    """

    _KIND = "EASE"

    def __init__(self, regularization: float = 500.0, num_threads: int = 0) -> None:
        self.regularization = regularization
        self.num_threads = num_threads
        # The number of users, and the weights; replaced together.
        self._learned: tuple[int, Floats] | None = None

    @property
    def weights(self) -> Any:
        """How much having an item (the row) adds to the score of another (the column)."""
        return None if self._learned is None else self._learned[1]

    @weights.setter
    def weights(self, values: Any) -> None:
        if values is None:
            self._learned = None
            return
        self._take(0 if self._learned is None else self._learned[0], factors(values, "weights"))

    def _take(self, users: int, weights: Floats) -> None:
        if weights.shape[0] != weights.shape[1]:
            msg = f"weights must have as many rows as columns, got {weights.shape[0]} and {weights.shape[1]}"
            raise ValueError(msg)
        weights.flags.writeable = False
        self._learned = users, weights

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self._learned is not None:
            self._take(*self._learned)  # NumPy forgets that arrays are read-only

    def _matrix(self) -> Floats:
        if self._learned is None:
            raise self._not_fitted("weights")
        return self._learned[1]

    def _check_parameters(self) -> None:
        _core.ease.check_parameters(number(self.regularization, "regularization"), self._threads())

    def _fit(self, rows: Rows, progress: Progress) -> None:
        items, dtype = rows.columns, np.dtype(precision(rows))
        check_memory(2 * items**2 * dtype.itemsize, f"two matrices of {items} x {items} items")
        progress.total(items * _core.ease.passes())
        weights = _core.ease.weights(
            rows.csr(dtype), float(self.regularization), self._threads(), progress.step
        )
        self._take(len(rows), weights)

    def _shape(self) -> tuple[int, int] | None:
        return None if self._learned is None else (self._learned[0], len(self._learned[1]))

    def _recommend(
        self, userids: Ids, rows: Rows | None, liked: Rows | None, options: RankOptions, *, recalculate: bool
    ) -> tuple[Ids, Floats]:
        del recalculate  # it always does
        assert rows is not None
        weights = self._matrix()
        check_results(len(userids), options.width(len(weights)), weights.dtype)
        entries = None if liked is None else liked.entries()
        csr = rows.csr(weights.dtype)
        found, scores = _core.rank.recommend_by_dense_rows(csr, weights, entries, options.core())
        if options.only is None:
            # Nothing speaks for anything where there is nothing.
            empty = np.diff(rows.indptr) == 0
            found[empty], scores[empty] = -1, -np.inf
        return found, scores

    def _every_score(self, userids: Ids, rows: Rows | None, *, recalculate: bool) -> Floats:
        del userids, recalculate
        assert rows is not None
        weights = self._matrix()
        csr = rows.csr(weights.dtype)
        check_finite(csr[3], "user_items")
        scores: Floats = scipy_csr((len(weights), *csr[1:])) @ weights
        return scores

    def _similar(self, itemids: Ids, options: RankOptions) -> tuple[Ids, Floats]:
        weights = self._matrix()
        check_results(len(itemids), options.width(len(weights)), weights.dtype)
        ones = np.ones(len(itemids), weights.dtype)
        rows = (len(weights), np.arange(len(itemids) + 1, dtype=np.int64), itemids, ones)
        # The item itself is left out as if it was liked: its weight for itself is 0 by definition.
        return _core.rank.recommend_by_dense_rows(rows, weights, rows[:3], options.core())

    def _weights_for(self, item: int, owned: Ids) -> npt.NDArray[np.float64]:
        weights: npt.NDArray[np.float64] = self._matrix()[owned, item].astype(np.float64)
        return weights

    def _tensors(self) -> Mapping[str, npt.NDArray[Any]]:
        if self._learned is None:
            return {}
        return {"weights": self._learned[1], "users": np.array([self._learned[0]], np.int64)}

    def _restore(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        if "weights" in tensors:
            self._take(int(tensors["users"][0]), factors(tensors["weights"], "weights"))

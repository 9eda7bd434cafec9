"""Models that score an item by how much each of a user's items speaks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant import _core
from penchant._base.item_weights import ItemWeightsBase
from penchant._base.rank_options import RankOptions, check_results
from penchant._sparse import Csr, Rows, any_rows, copied, freeze, precision, scipy_csr
from penchant._validation import Floats, Ids, check_finite, check_memory

# What the parts of the matrix are called in files.
_PARTS = ("similarity.indptr", "similarity.indices", "similarity.values")


class ItemSimilarityBase(ItemWeightsBase):
    """A model with a sparse matrix of items x items.

    What a user has decides what they get: the score of item ``j`` is the sum of ``user_items[u, i] *
    similarity[i, j]``. So users need not be known, and those who are need no new fit when they change. Items
    for and against which nothing speaks have no score.

    Attributes
    ----------
    similarity : scipy.sparse.csr_matrix, shape [n_items, n_items]
        None before a fit. Read-only; to change it, assign another one.
    """

    #: Whether `implicit` has such a model, with files of its own.
    _is_in_implicit: ClassVar[bool] = False

    def __init__(self) -> None:
        # The number of users, and the matrix, also as the core has checked it; replaced together.
        self._learned: tuple[int, Csr, _core.rank.Matrix] | None = None

    @property
    def similarity(self) -> Any:
        """How much having an item (the row) adds to the score of another (the column)."""
        return None if self._learned is None else scipy_csr(self._learned[1], sp.csr_matrix)

    @similarity.setter
    def similarity(self, matrix: Any) -> None:
        if matrix is None:
            self._learned = None
            return
        rows = any_rows(matrix, "similarity", np.float64)
        users = 0 if self._learned is None else self._learned[0]
        self._take(users, copied(rows.csr(precision(rows))))

    def _take(self, users: int, matrix: Csr) -> None:
        """Take a matrix after a look at it."""
        items, indptr, _, values = matrix
        if len(indptr) != items + 1:
            msg = f"similarity must have as many rows as columns, got {len(indptr) - 1} and {items}"
            raise ValueError(msg)
        check_finite(values, "similarity")
        freeze(matrix)
        self._learned = users, matrix, _core.rank.Matrix(matrix)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self._learned is not None:
            freeze(self._learned[1])

    def _matrices(self) -> tuple[Csr, _core.rank.Matrix]:
        if self._learned is None:
            raise self._not_fitted("similarity")
        return self._learned[1:]

    def _shape(self) -> tuple[int, int] | None:
        return None if self._learned is None else (self._learned[0], self._learned[1][0])

    def _recommend(
        self, userids: Ids, rows: Rows | None, liked: Rows | None, options: RankOptions, *, recalculate: bool
    ) -> tuple[Ids, Floats]:
        del recalculate  # it always does
        assert rows is not None
        matrix, checked = self._matrices()
        check_results(len(userids), options.width(matrix[0]), matrix[3].dtype)
        entries = None if liked is None else liked.entries()
        return _core.rank.recommend_by_rows(rows.csr(matrix[3].dtype), checked, entries, options.core())

    def _every_score(self, userids: Ids, rows: Rows | None, *, recalculate: bool) -> Floats:
        del userids, recalculate
        assert rows is not None
        matrix, checked = self._matrices()
        return _core.rank.all_scores_by_rows(rows.csr(matrix[3].dtype), checked, self._threads())

    def _similar(self, itemids: Ids, options: RankOptions) -> tuple[Ids, Floats]:
        matrix, checked = self._matrices()
        check_results(len(itemids), options.width(matrix[0]), matrix[3].dtype)
        ones = np.ones(len(itemids), matrix[3].dtype)
        rows = (matrix[0], np.arange(len(itemids) + 1, dtype=np.int64), itemids, ones)
        return _core.rank.recommend_by_rows(rows, checked, None, options.core())

    def _weights_for(self, item: int, owned: Ids) -> npt.NDArray[np.float64]:
        weights: npt.NDArray[np.float64] = self.similarity[owned].tocsc()[:, [item]].toarray().ravel()
        return weights.astype(np.float64)

    def _tensors(self) -> Mapping[str, npt.NDArray[Any]]:
        if self._learned is None:
            return {}
        users, matrix, _ = self._learned
        return dict(zip(_PARTS, matrix[1:], strict=True)) | {"shape": np.array([users, matrix[0]], np.int64)}

    def _restore(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        if "shape" not in tensors:
            return
        users, items = (int(size) for size in tensors["shape"])
        indptr, indices, values = (tensors[name] for name in _PARTS)
        self._take_parts(users, items, indptr, indices, values)

    def _take_parts(self, users: int, items: int, indptr: Any, indices: Any, values: Any) -> None:
        matrix = scipy_csr((items, indptr, indices, values), sp.csr_matrix)
        matrix.has_canonical_format = False
        rows = any_rows(matrix, "similarity", np.float64)
        self._take(users, rows.csr(precision(rows)))

    def _npz(self) -> Mapping[str, Any]:
        """Return the arrays that `implicit` has for its neighbours."""
        if not self._is_in_implicit:
            return super()._npz()
        values: dict[str, Any] = {"K": getattr(self, "K", None)}
        if self._learned is not None:
            users, (items, indptr, indices, data), _ = self._learned
            values |= {"indptr": indptr, "indices": indices, "data": data, "penchant_users": users}
            values["shape"] = np.array([items, items])
        return values

    def _restore_npz(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        if not self._is_in_implicit:
            super()._restore_npz(arrays)
        if "K" not in arrays:
            msg = f"it has no K, as a {self._KIND} has"
            raise ValueError(msg)
        if "data" in arrays:
            items = int(arrays["shape"][0])
            users = int(arrays.get("penchant_users", np.array(0)))
            self._take_parts(users, items, arrays["indptr"], arrays["indices"], arrays["data"])


# What a fit needs for each item beside its neighbours, in bytes, about.
_BYTES_PER_ITEM = 100
# How many neighbours beyond those that it keeps a list gathers, at least.
_SLACK = 32


def check_neighbours(csr: Csr, K: int) -> None:
    """Raise a MemoryError for more neighbours of items than this machine can hold."""
    items, indptr, _, values = csr
    # Each user makes neighbours of all pairs of their items.
    pairs = float((np.diff(indptr).astype(np.float64) ** 2).sum())
    kept = float(min(K, items))
    most = min(items * (kept + max(kept, _SLACK)), pairs)
    # Lists with a score and an id in one number, and the result.
    size = most * 2 * values.itemsize + min(items * kept, pairs) * (4 + values.itemsize)
    check_memory(int(size) + items * _BYTES_PER_ITEM, f"up to {K} neighbours for each of {items} items")


def check_pairs(csr: Csr) -> None:
    """Raise a MemoryError for more products of two items than this machine can hold."""
    items, indptr, _, values = csr
    # Each user connects all pairs of their items.
    pairs = min(float((np.diff(indptr).astype(np.float64) ** 2).sum()), float(items) ** 2)
    size = int(pairs * (4 + 5 * values.itemsize)) + items * _BYTES_PER_ITEM
    check_memory(size, f"up to {pairs:.0f} products of {items} items")

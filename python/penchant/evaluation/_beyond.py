"""Metrics of lists by themselves: popularity, novelty, diversity, calibration."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant import _core
from penchant._sparse import canonical_matrix, csr_rows
from penchant._validation import Ids, describe

Values = npt.NDArray[np.float64]

# What of the history is mixed into the list before they are compared, so that both have all groups.
_MIXED = 0.01
# Numbers of lists and groups that are held at a time.
_CELLS_AT_A_TIME = 1 << 22
# Items by popularity, where there are no other groups.
_PARTS = 5


class Beyond:
    """What is known of items from training, for metrics of lists."""

    def __init__(self, train: Any, item_groups: Any, item_features: Any, threads: int) -> None:
        self.users, self.items = train.shape
        self.train = train
        self.counts = np.bincount(train.indices, minlength=self.items).astype(np.float64)
        self.threads = threads
        self.groups = self._groups(item_groups)
        self.features = item_features
        self._csr: Any = None

    def values(self, name: str, ids: Ids, cutoffs: list[int], rows: Any) -> Values:
        """Return a metric of each list, of shape [n_cutoffs, n_lists]; NaN where it says nothing."""
        ids = np.ascontiguousarray(ids)
        if name == "calibration":
            return self._calibration(ids, cutoffs, rows)
        if name == "diversity":
            return _core.metrics.diversity(ids, cutoffs, self._features(), self.threads)
        return _core.metrics.mean_of_items(ids, cutoffs, self._of_items(name), self.threads)

    def unexpected(self, ids: Ids, k: int, rows: Any) -> Ids:
        """Return lists without the k items that are the most popular among those that each user lacks."""
        most = np.argsort(-self.counts, kind="stable")[: k + int(np.diff(rows.indptr).max(initial=0))]
        place = np.full(self.items, len(most), np.int64)
        place[most] = np.arange(len(most))
        left = ids[:, :k].copy()
        for row in range(len(left)):
            has = np.sort(place[rows.indices[rows.indptr[row] : rows.indptr[row + 1]]])
            at = place[np.maximum(left[row], 0)]
            # Its place among those that the user lacks.
            left[row, at - np.searchsorted(has, at) < k] = -1
        return np.ascontiguousarray(left)

    def _of_items(self, name: str) -> Values:
        if name == "popularity":
            return self.counts
        if name == "long_tail":
            order = np.argsort(-self.counts, kind="stable")
            head = int(np.searchsorted(np.cumsum(self.counts[order]), self.counts.sum() / 2)) + 1
            tail = np.ones(self.items)
            tail[order[:head]] = 0.0
            return tail
        # Items that nobody has are as surprising as if half a user had them.
        information: Values = -np.log2(np.maximum(self.counts, 0.5) / max(self.users, 1))
        return information

    def _groups(self, groups: Any) -> npt.NDArray[np.int64]:
        if groups is None:
            order = np.argsort(-self.counts, kind="stable")
            shares = np.cumsum(self.counts[order]) / max(self.counts.sum(), 1.0)
            parts = np.empty(self.items, np.int64)
            parts[order] = np.minimum((shares * _PARTS).astype(np.int64), _PARTS - 1)
            return parts
        given = np.asarray(groups)
        if given.shape != (self.items,):
            msg = (
                f"item_groups must have one group for each of the {self.items} items, got shape {given.shape}"
            )
            raise ValueError(msg)
        return np.unique(given, return_inverse=True)[1].astype(np.int64)

    def _features(self) -> Any:
        if self._csr is None:
            features = self.features
            if features is None:
                matrix = self.train.T.tocsr()
                features = type(matrix)(
                    (np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape
                )
            elif not sp.issparse(features):
                array = np.asarray(features)
                if array.ndim != 2 or array.dtype.kind not in "fiub":
                    msg = f"item_features must be numbers of shape [n_items, n], got {describe(features)}"
                    raise TypeError(msg)
                features = sp.csr_array(array.astype(np.float64))
            if features.shape[0] != self.items:
                wanted = f"a row for each of the {self.items} items"
                msg = f"item_features must have {wanted}, got {features.shape[0]}"
                raise ValueError(msg)
            self._csr = csr_rows(canonical_matrix(features, "item_features"), "item_features").csr(np.float64)
        return self._csr

    def _calibration(self, ids: Ids, cutoffs: list[int], rows: Any) -> Values:
        """Compare a few lists at a time: there is a number for each of them and each group."""
        step = max(1, _CELLS_AT_A_TIME // (int(self.groups.max(initial=0)) + 1))
        parts = [
            self._calibrated(ids[first : first + step], cutoffs, rows[first : first + step])
            for first in range(0, len(ids), step)
        ]
        return np.concatenate([np.empty((len(cutoffs), 0)), *parts], axis=1)

    def _calibrated(self, ids: Ids, cutoffs: list[int], rows: Any) -> Values:
        count = int(self.groups.max(initial=0)) + 1
        member = sp.csr_array(
            (np.ones(self.items), (np.arange(self.items), self.groups)), shape=(self.items, count)
        )
        history = sp.csr_array((np.ones(len(rows.indices)), rows.indices, rows.indptr), shape=rows.shape)
        wanted = _parts((history @ member).toarray())
        found = np.empty((len(cutoffs), len(ids)))
        for cut, k in enumerate(cutoffs):
            there = ids[:, :k] >= 0
            user, _ = np.nonzero(there)
            cells = user * count + self.groups[ids[:, :k][there]]
            listed = _parts(
                np.bincount(cells, minlength=len(ids) * count).reshape(len(ids), count).astype(float)
            )
            mixed = (1 - _MIXED) * listed + _MIXED * wanted
            with np.errstate(divide="ignore", invalid="ignore"):
                found[cut] = np.where(wanted > 0, wanted * np.log(wanted / mixed), 0.0).sum(axis=1)
            found[cut, ~there.any(axis=1) | (np.diff(rows.indptr) == 0)] = np.nan
        return found


def _parts(counts: Values) -> Values:
    parts: Values = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return parts


def gini(counts: Values) -> float:
    """Return how unequal counts are: 0 if all are equal, nearly 1 if one has everything."""
    ordered, n = np.sort(counts), len(counts)
    if not ordered.sum():
        return float("nan")
    ranks = np.arange(1, n + 1)
    return float((2 * ranks - n - 1) @ ordered / (n * ordered.sum()))


def entropy(counts: Values) -> float:
    """Return Shannon's entropy of counts, in bits."""
    parts = counts[counts > 0] / max(counts.sum(), 1.0)
    return float(-(parts * np.log2(parts)).sum()) if len(parts) else float("nan")

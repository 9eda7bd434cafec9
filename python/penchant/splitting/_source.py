"""What is split: events or entries by code, and how parts are made of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant._sparse import canonical_matrix
from penchant._validation import describe

Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Times = npt.NDArray[np.float64]


class Source(ABC):
    """Events by code, in any order.

    Attributes
    ----------
    users, items : numpy.ndarray of int32, shape [n_events]
    times : numpy.ndarray of float64, shape [n_events], or None
    shape : tuple of int
        How many users and items there are.
    """

    users: Codes
    items: Codes
    times: Times | None
    shape: tuple[int, int]

    @abstractmethod
    def part(self, mask: Mask, *, test: bool) -> Any:
        """Return data of the same kind and shape with those events alone; for testing, as they happened."""

    @abstractmethod
    def aligned(self, part: Any, like: Any) -> Any:
        """Return a part whose rows and columns are those of another one."""

    def when(self) -> Times:
        """Return the times, without which some splits make no sense."""
        if self.times is None:
            msg = "this split goes by time: read the events with time and keep_events=True, or give times"
            raise ValueError(msg)
        return self.times

    @abstractmethod
    def check_seconds(self) -> None:
        """Raise if the times cannot be seconds."""

    def pairs(self) -> npt.NDArray[np.int64]:
        """Return for each event the number of its pair of user and item, in order of user and item."""
        keys = self.users.astype(np.int64) * self.shape[1] + self.items
        numbers: npt.NDArray[np.int64] = np.unique(keys, return_inverse=True)[1].astype(np.int64)
        return numbers


class MatrixSource(Source):
    """The entries of a SciPy matrix, and perhaps a time for each of them."""

    def __init__(self, matrix: Any, times: Any = None) -> None:
        self.matrix = canonical_matrix(matrix, "data")
        self.shape = self.matrix.shape
        self.users = np.repeat(np.arange(self.shape[0], dtype=np.int32), np.diff(self.matrix.indptr))
        self.items = self.matrix.indices.astype(np.int32)
        self.times = None if times is None else self._times(times)

    def _times(self, times: Any) -> Times:
        if sp.issparse(times):
            other = canonical_matrix(times, "times")
            same = other.shape == self.shape and np.array_equal(other.indptr, self.matrix.indptr)
            if not (same and np.array_equal(other.indices, self.matrix.indices)):
                msg = "times must store exactly the entries that data stores"
                raise ValueError(msg)
            times = other.data
        values = np.asarray(times)
        if values.dtype.kind == "M":
            if np.isnat(values).any():
                msg = "times must be finite, got NaT"
                raise ValueError(msg)
            values = values.astype("datetime64[us]").astype(np.int64) / 1e6
        if values.dtype.kind not in "uif" or values.shape != (len(self.items),):
            wanted = f"a time for each of the {len(self.items)} entries, in order of row and column"
            msg = f"times must be {wanted}, got {values.dtype} of shape {values.shape}"
            raise ValueError(msg)
        values = values.astype(np.float64)
        if not np.isfinite(values).all():
            msg = "times must be finite"
            raise ValueError(msg)
        return values

    def part(self, mask: Mask, *, test: bool) -> Any:
        # Nobody should be recommended what they dislike.
        chosen = mask & (self.matrix.data > 0) if test else mask
        before = np.concatenate([[0], np.cumsum(chosen)])
        arrays = (self.matrix.data[chosen], self.matrix.indices[chosen], before[self.matrix.indptr])
        return type(self.matrix)(arrays, shape=self.shape)

    def aligned(self, part: Any, like: Any) -> Any:
        del like
        return part

    def check_seconds(self) -> None:
        """Whoever gives times beside a matrix says that they are."""


def source_of(data: Any, times: Any) -> Source:
    """Return what splitters look at."""
    if hasattr(data, "split_source"):
        if times is not None:
            msg = "times go with a matrix; Interactions have their own, read with keep_events=True"
            raise ValueError(msg)
        source: Source = data.split_source()
        return source
    data = getattr(data, "matrix", data)
    if not sp.issparse(data):
        msg = f"data must be Interactions or a scipy.sparse matrix, got {describe(data)}"
        raise TypeError(msg)
    return MatrixSource(data, times)

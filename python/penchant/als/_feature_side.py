"""What a fitted model knows of the features of its users or of its items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant import _core
from penchant._base.feature_rows import canonical
from penchant._sparse import Csr, Rows
from penchant._validation import Floats, Ids, check_finite, check_memory, factors

# Vectors of the size of the coefficients, in f64, that a regression works with.
_VECTORS = 8

# How many entries are looked at together.
_ENTRIES_AT_A_TIME = 1 << 22


@dataclass(frozen=True, eq=False)
class FeatureSide:
    """The features of the rows of one side, and their coefficients. Never changed.

    Features that no row had in the fit are left out: nothing can be said of them. In their place behind the
    others there is a constant 1, so that whoever has no features is like the average row.

    Attributes
    ----------
    width : int
        How many features there are.
    used : numpy.ndarray of int64
        Which of them some row has.
    matrix : scipy.sparse.csr_array, shape [n_rows, n_used + 1]
    coefficients : numpy.ndarray, shape [n_used + 1, factors]
    cold : numpy.ndarray of bool, shape [n_rows]
        Rows without entries: what they are comes from their features alone, and they take no part in what is
        made of all rows.
    new : numpy.ndarray of bool, shape [n_rows]
        Rows that took no part in the fit: only few can have seen them.
    """

    width: int
    used: npt.NDArray[np.int64]
    matrix: Any
    coefficients: Floats
    cold: npt.NDArray[np.bool_]
    new: npt.NDArray[np.bool_]

    @classmethod
    def begin(cls, features: Any, dtype: npt.DTypeLike, width: int, cold: npt.NDArray[np.bool_]) -> Self:
        """Return what a fit with `width` factors writes to; `features` are as `checked` has them."""
        used = np.unique(features.indices).astype(np.int64)
        size = (len(used) + 1) * width
        check_memory(_VECTORS * 8 * size, f"coefficients of {len(used)} features for {width} factors")
        matrix = _with_constant(_columns(features, used), dtype)
        coefficients = np.zeros((len(used) + 1, width), dtype)
        return cls(features.shape[1], used, matrix, coefficients, cold, cold)

    def core(self) -> tuple[Csr, Floats]:
        """Return features and coefficients as the core takes them."""
        return as_csr(self.matrix), self.coefficients

    def with_coefficients(self, coefficients: Floats) -> FeatureSide:
        """Return the same features with other coefficients."""
        return FeatureSide(self.width, self.used, self.matrix, coefficients, self.cold, self.new)

    def part(self, rowids: Ids, coefficients: Floats) -> FeatureSide:
        """Return the features of some rows only, with other coefficients."""
        rows = self.matrix[rowids]
        return FeatureSide(self.width, self.used, rows, coefficients, self.cold[rowids], self.new[rowids])

    def rows(self, features: Any, name: str) -> Any:
        """Return features of other rows, as the coefficients take them; those that nobody had are ignored."""
        if features.shape[1] != self.width:
            msg = f"{name} must have {self.width} columns, as in the fit, got {features.shape[1]}"
            raise ValueError(msg)
        return _with_constant(_columns(features, self.used), self.coefficients.dtype)

    def rows_of(self, rowids: Ids) -> Any:
        """Return the features of some rows; those that do not exist have none."""
        known = rowids < self.matrix.shape[0]
        rows = self.matrix[rowids[known]]
        if known.all():
            return rows
        nothing = sp.csr_array((int((~known).sum()), len(self.used)), dtype=self.coefficients.dtype)
        order = np.argsort(np.argsort(~known, kind="stable"), kind="stable")
        return sp.vstack([rows, _with_constant(nothing, self.coefficients.dtype)]).tocsr()[order]

    def are_new(self, rowids: Ids) -> npt.NDArray[np.bool_]:
        """Return which rows took no part in the fit, those that do not exist included."""
        new = np.ones(len(rowids), dtype=bool)
        known = rowids < len(self.new)
        new[known] = self.new[rowids[known]]
        return new

    def said(self, rows: Any, threads: int) -> Floats:
        """Return what features say, those of `rows` or `rows_of`."""
        return _core.als.factors_of(as_csr(rows), self.coefficients, threads)

    def taking_part(self, values: Floats) -> tuple[Floats, int]:
        """Return factors in which rows without entries are zero, and how many others there are."""
        count = int(np.count_nonzero(~self.cold))
        if count == len(values):
            return values, count
        counted: Floats = values.copy()
        counted[self.cold] = 0
        return counted, count

    def replaced(self, rowids: Ids, rows: Any, cold: npt.NDArray[np.bool_], count: int) -> FeatureSide:
        """Return features of `count` rows, of which some are new or have changed."""
        places = np.full(count, -1)
        places[: self.matrix.shape[0]] = np.arange(self.matrix.shape[0])
        nothing = self.rows_of(np.array([count], np.int32))
        places[places < 0] = self.matrix.shape[0]
        places[rowids] = self.matrix.shape[0] + 1 + np.arange(len(rowids))
        are_cold = np.ones(count, dtype=bool)
        are_cold[: len(self.cold)] = self.cold
        are_cold[rowids] = cold
        are_new = np.ones(count, dtype=bool)
        are_new[: len(self.new)] = self.new
        matrix = sp.vstack([self.matrix, nothing, rows]).tocsr()[places]
        return FeatureSide(self.width, self.used, matrix, self.coefficients, are_cold, are_new)

    def tensors(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """Return all of it for a file."""
        return {
            f"{prefix}.width": np.array([self.width], np.int64),
            f"{prefix}.used": self.used,
            f"{prefix}.indptr": self.matrix.indptr.astype(np.int64),
            f"{prefix}.indices": self.matrix.indices.astype(np.int32),
            f"{prefix}.values": self.matrix.data,
            f"{prefix}.coefficients": self.coefficients,
            f"{prefix}.cold": self.cold.astype(np.uint8),
            f"{prefix}.new": self.new.astype(np.uint8),
        }

    @classmethod
    def restored(
        cls, tensors: Mapping[str, npt.NDArray[Any]], prefix: str, rows: int, width: int
    ) -> Self | None:
        """Return what `tensors` wrote, if it is there; ValueError or KeyError if it does not fit."""
        if f"{prefix}.coefficients" not in tensors:
            return None
        of = {name.removeprefix(f"{prefix}."): v for name, v in tensors.items() if name.startswith(prefix)}
        coefficients = factors(of["coefficients"], "the coefficients of features")
        used = of["used"].astype(np.int64)
        shape = (rows, len(used) + 1)
        parts = (of["values"], of["indices"], of["indptr"])
        matrix = canonical(sp.csr_array(parts, shape=shape), "features").astype(coefficients.dtype)
        cold, new = of["cold"] != 0, of["new"] != 0
        if coefficients.shape != (len(used) + 1, width) or not cold.shape == new.shape == (rows,):
            msg = f"its features are of {coefficients.shape} and {cold.shape}, not of {rows} rows"
            raise ValueError(msg)
        return cls(int(of["width"][0]), used, matrix, coefficients, cold, new)


def is_cold(rows: Rows) -> npt.NDArray[np.bool_]:
    """Return which rows have no entries but zeros."""
    cold: npt.NDArray[np.bool_] = np.diff(rows.indptr) == 0
    values, start = np.asarray(rows.values), 0
    while start < len(rows):  # some at a time, as there may be more entries than memory
        end = int(np.searchsorted(rows.indptr, rows.indptr[start] + _ENTRIES_AT_A_TIME, side="right")) - 1
        end = min(max(end, start + 1), len(rows))
        first, last = rows.indptr[start], rows.indptr[end]
        counts = np.concatenate([[0], np.cumsum(values[first:last] != 0)])
        cold[start:end] = np.diff(counts[rows.indptr[start : end + 1] - first]) == 0
        start = end
    return cold


def columns_without_entries(rows: Rows) -> npt.NDArray[np.bool_]:
    """Return which columns have no entries but zeros."""
    cold = np.ones(rows.columns, dtype=bool)
    for start in range(0, len(rows.values), _ENTRIES_AT_A_TIME):
        part = slice(start, start + _ENTRIES_AT_A_TIME)
        cold[rows.indices[part][np.asarray(rows.values[part]) != 0]] = False
    return cold


def _columns(features: Any, used: npt.NDArray[np.int64]) -> Any:
    """Return those columns that are used, in their order."""
    places = np.searchsorted(used, features.indices)
    places[places == len(used)] = 0
    known = used[places] == features.indices if len(used) else np.zeros(len(places), dtype=bool)
    indptr = np.concatenate([[0], np.cumsum(known)])[features.indptr]
    parts = (features.data[known], places[known], indptr)
    return sp.csr_array(parts, shape=(features.shape[0], len(used)))


def _with_constant(features: Any, dtype: npt.DTypeLike) -> Any:
    """Return features with a column of ones behind them."""
    ones = sp.csr_array(np.ones((features.shape[0], 1), dtype))
    with np.errstate(over="ignore"):
        matrix = sp.hstack([features.astype(dtype), ones]).tocsr()
    check_finite(matrix.data, f"features as {np.dtype(dtype)}")
    return matrix


def as_csr(matrix: Any) -> Csr:
    """Return a SciPy matrix as the core takes it."""
    return (
        matrix.shape[1],
        np.ascontiguousarray(matrix.indptr, np.int64),
        np.ascontiguousarray(matrix.indices, np.int32),
        np.ascontiguousarray(matrix.data),
    )

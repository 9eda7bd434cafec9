"""Columns of whatever frame a caller has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np

from penchant._labels import is_missing
from penchant._validation import describe


class Columns:
    """The columns of a frame, or of a dictionary."""

    def __init__(self, frame: Any, name: str) -> None:
        self._name = name
        self._frame: Any
        if isinstance(frame, Mapping):
            self._frame = dict(frame)
            self.names = [str(column) for column in frame]
        else:
            try:
                self._frame = nw.from_native(frame, eager_only=True)
            except TypeError:
                msg = f"{name} must be a DataFrame or a dict of columns, got {describe(frame)}"
                raise TypeError(msg) from None
            self.names = list(self._frame.columns)

    def check(self, column: Any) -> None:
        """Raise unless there is such a column."""
        if column not in self.names:
            msg = f"{self._name} has no column {column!r}: it has {', '.join(map(repr, self.names))}"
            raise ValueError(msg)

    def labels(self, column: str) -> Any:
        """Return a column of labels, as they are."""
        self.check(column)
        if isinstance(self._frame, dict):
            return self._frame[column]
        series = self._frame.get_column(column)
        has_gaps = bool(series.is_null().any())
        return series.to_numpy() if series.dtype.is_integer() and not has_gaps else series.to_list()

    def values(self, column: str) -> Any:
        """Return a column as an array of numbers, missing ones NaN, or as a list of whatever is in it."""
        self.check(column)
        if isinstance(self._frame, dict):
            values = self._frame[column]
            if isinstance(values, np.ndarray) and values.ndim == 2:
                return list(values)
            if isinstance(values, np.ndarray) and values.dtype.kind in "mM":
                raise _times(column)
            return _numbers(list(values))
        series = self._frame.get_column(column)
        if series.dtype.is_temporal():
            raise _times(column)
        if series.dtype.is_integer() and not bool(series.is_null().any()):
            return series.to_numpy()
        if series.dtype.is_numeric() or series.dtype == nw.Boolean:
            return series.cast(nw.Float64).to_numpy().astype(np.float64)
        return _numbers(series.to_list())


def _times(column: str) -> TypeError:
    return TypeError(f"column {column!r} holds times: make numbers of them, years for example")


def _numbers(values: list[Any]) -> Any:
    """Return an array if all that is there are numbers, of integers if none of those is missing."""
    there = [value for value in values if not is_missing(value)]
    if not there or not all(
        isinstance(value, int | float | np.integer | np.floating | np.bool_) for value in there
    ):
        return values
    whole = all(isinstance(value, int | np.integer) and not isinstance(value, bool) for value in there)
    if whole and len(there) == len(values) and all(-(2**63) <= value < 2**63 for value in there):
        return np.array(values, np.int64)
    return np.array([np.nan if is_missing(value) else float(value) for value in values], np.float64)

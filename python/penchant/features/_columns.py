"""Columns of whatever frame a caller has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np

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
        series = self._frame[column]
        if series.dtype in (nw.Categorical, nw.Enum):
            series = series.cast(nw.String)
        has_gaps = bool(series.is_null().any())
        return series.to_numpy() if series.dtype.is_integer() and not has_gaps else series.to_list()

    def values(self, column: str) -> Any:
        """Return a column as an array of float64, missing ones NaN, or as a list of whatever is in it."""
        self.check(column)
        if isinstance(self._frame, dict):
            values = self._frame[column]
            array = values if isinstance(values, np.ndarray) else np.asarray(values, dtype=object)
            if array.ndim == 2:
                return list(array)
            return _numbers(array.tolist())
        series = self._frame[column]
        if series.dtype in (nw.Categorical, nw.Enum):
            series = series.cast(nw.String)
        if series.dtype.is_numeric() or series.dtype == nw.Boolean:
            return series.cast(nw.Float64).to_numpy().astype(np.float64)
        if series.dtype.is_temporal():
            msg = f"column {column!r} holds times: make numbers of them, years for example"
            raise TypeError(msg)
        return _numbers(series.to_list())


def _numbers(values: list[Any]) -> Any:
    """Return an array if all that is there are numbers."""
    there = [value for value in values if value is not None]
    plain = (int, float, np.integer, np.floating, np.bool_)
    if there and all(isinstance(value, plain) for value in there):
        return np.array([np.nan if value is None else float(value) for value in values], np.float64)
    return values

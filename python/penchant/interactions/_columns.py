"""Which column says what, and columns of numbers."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from penchant._labels import is_missing
from penchant._validation import describe

Column: TypeAlias = str | int
#: The columns of user, item, weight, time and kind.
Columns: TypeAlias = dict[str, Column | None]

_PARTS = ("user", "item", "weight", "time", "kind")


def columns_of(**columns: Any) -> Columns:
    """Return which columns say what, after a look at their types."""
    for part, column in columns.items():
        optional = part not in ("user", "item")
        if column is None and optional:
            continue
        if isinstance(column, bool) or not isinstance(column, str | int | np.integer):
            expected = "a column's name or position" + (", or None" if optional else "")
            msg = f"{part} must be {expected}, got {describe(column)}"
            raise TypeError(msg)
        if not isinstance(column, str) and not 0 <= column < 2**63:
            msg = f"{part} must be a column's name or position from 0, got {column}"
            raise ValueError(msg)
    return {part: _plain(columns.get(part)) for part in _PARTS}


def _plain(column: Any) -> Column | None:
    return column if column is None or isinstance(column, str) else int(column)


def places_of(columns: Columns, names: list[Any]) -> tuple[list[int], Columns]:
    """Return the positions of the columns that are needed, and of each part its place among these."""
    found = {part: None if column is None else _place(column, names) for part, column in columns.items()}
    chosen = list(dict.fromkeys(place for place in found.values() if place is not None))
    return chosen, {part: None if place is None else chosen.index(place) for part, place in found.items()}


def _place(column: Column, names: list[Any]) -> int:
    if names.count(column) > 1:
        msg = f"several columns are called {column!r}"
        raise ValueError(msg)
    if column in names:
        return names.index(column)
    if isinstance(column, int) and column < len(names):
        return column
    msg = f"there is no column {column!r}; there are {', '.join(repr(name) for name in names[:20])}"
    raise ValueError(msg)


def numbers_of(values: Any, name: str) -> Any:
    """Return a column of numbers as float64."""
    array = np.asarray(values)
    if array.ndim != 1:
        msg = f"{name} must be one-dimensional, got {array.ndim} dimensions"
        raise ValueError(msg)
    if array.dtype.kind in "buif":
        return np.ascontiguousarray(array, dtype=np.float64)
    if array.dtype.kind in "OUT":
        return np.array([_number(value, name) for value in array.tolist()], dtype=np.float64)
    msg = f"{name} must be numbers, got {array.dtype}"
    raise TypeError(msg)


def _number(value: Any, name: str) -> float:
    if is_missing(value):
        return np.nan
    if isinstance(value, str | bytes) or not hasattr(value, "__float__"):
        msg = f"{name} must be numbers, got {describe(value)}"
        raise TypeError(msg)
    return float(value)

"""Columns of times as the core takes them: seconds, mere numbers, or texts that it reads."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from penchant._labels import is_missing
from penchant._validation import describe


def times_of(values: Any, name: str) -> tuple[bool, Any]:
    """Return whether times are in seconds since 1970, and the times: float64, or strings and None."""
    array = np.asarray(values)
    if array.ndim != 1:
        msg = f"{name} must be one-dimensional, got {array.ndim} dimensions"
        raise ValueError(msg)
    if array.dtype.kind == "M":
        seconds = array.astype("datetime64[us]").astype(np.int64) / 1e6
        return True, np.where(np.isnat(array), np.nan, seconds)
    if array.dtype.kind in "uif":
        return False, np.ascontiguousarray(array, dtype=np.float64)
    if array.dtype.kind not in "OUT":
        msg = f"{name} must be times, dates, strings or numbers, got {array.dtype}"
        raise TypeError(msg)
    objects = [None if is_missing(value) else value for value in array.tolist()]
    kinds = {type(value) for value in objects if value is not None}
    if kinds and all(issubclass(kind, int | float | np.number) and kind is not bool for kind in kinds):
        return False, np.array(
            [np.nan if value is None else float(value) for value in objects], dtype=np.float64
        )
    return False, [None if value is None else _text(value, name) for value in objects]


def _text(value: Any, name: str) -> str:
    """Return a time as the text that says the same; without a zone it is UTC."""
    if isinstance(value, str):
        return value
    if hasattr(value, "to_timestamp") and hasattr(value, "start_time"):
        value = value.start_time  # a period of pandas
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, np.datetime64):
        return str(value)
    msg = f"{name} must be times, dates, strings or numbers throughout, got {describe(value)}"
    raise TypeError(msg)

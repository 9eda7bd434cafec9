"""DataFrames and what else holds events, as the core takes them; answers in the caller's kind of frame."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np

from penchant import _arguments

Column: TypeAlias = str | int
#: The columns of user, item, weight, time and kind.
Columns: TypeAlias = dict[str, Column | None]

_PARTS = ("user", "item", "weight", "time", "kind")
#: What answers come in when the events were in no frame, by preference.
_BACKENDS = ("pandas", "polars", "pyarrow")


def columns_of(**columns: Any) -> Columns:
    """Return which columns say what, after a look at their types."""
    for part, column in columns.items():
        optional = part not in ("user", "item")
        if column is None and optional:
            continue
        if isinstance(column, bool) or not isinstance(column, str | int | np.integer):
            expected = "a column's name or position" + (", or None" if optional else "")
            msg = f"{part} must be {expected}, got {_arguments.describe(column)}"
            raise TypeError(msg)
        if not isinstance(column, str) and column < 0:
            msg = f"{part} must be a column's name or position from 0, got {column}"
            raise ValueError(msg)
    return {part: _plain(columns.get(part)) for part in _PARTS}


def _plain(column: Any) -> Column | None:
    return column if column is None or isinstance(column, str) else int(column)


def backend_of(frame: Any) -> str | None:
    """Return the name of the kind of frame that answers should come in; None for the usual one."""
    native = nw.from_native(frame, pass_through=True, allow_series=False)
    if isinstance(native, nw.DataFrame | nw.LazyFrame):
        name = native.implementation.value
        return name if name in _BACKENDS else None
    return "pyarrow" if type(frame).__module__.split(".")[0] == "pyarrow" else None


def frame_of(columns: Mapping[str, Any], backend: str | None) -> Any:
    """Return columns as a frame of this kind, or of the first kind that is installed."""
    for name in (backend,) if backend else _BACKENDS:
        if importlib.util.find_spec(name):
            return nw.from_dict(columns, backend=importlib.import_module(name)).to_native()
    if backend:
        msg = f"answers come as {backend} frames, but {backend} is not installed"
        raise ImportError(msg)
    return dict(columns)


def stream_of(frame: Any, columns: Columns) -> Any:
    """Return the Arrow stream of a frame, of no more columns than needed where they can be chosen.

    None for a frame that has no such stream, whose columns must be taken one by one.
    """
    wanted = list(dict.fromkeys(column for column in columns.values() if column is not None))
    native = nw.from_native(frame, pass_through=True, allow_series=False)
    if isinstance(native, nw.DataFrame | nw.LazyFrame):
        names = native.collect_schema().names()
        chosen = [name_of(column, names) for column in wanted]
        native = native.select(chosen) if len(set(chosen)) == len(set(wanted)) else native
        if isinstance(native, nw.LazyFrame) and not hasattr(native.to_native(), "__arrow_c_stream__"):
            native = native.collect()
        frame = native.to_native()
    try:
        return frame.__arrow_c_stream__() if hasattr(frame, "__arrow_c_stream__") else None
    except ImportError:
        return None  # pandas without pyarrow


def names_in(frame: Any, columns: Columns) -> Columns:
    """Return the columns by name, those given by position too, after making sure that all are there."""
    native = nw.from_native(frame, pass_through=True, allow_series=False)
    if isinstance(native, nw.DataFrame | nw.LazyFrame):
        names = native.collect_schema().names()
    elif isinstance(frame, Mapping):
        names = list(frame)
    else:
        return columns  # a stream, which knows itself
    return {part: None if column is None else name_of(column, names) for part, column in columns.items()}


def name_of(column: Column, names: list[Any]) -> Any:
    """Return the name of a column, after making sure that there is one."""
    if column in names:
        return column
    if isinstance(column, int) and column < len(names):
        return names[column]
    msg = f"there is no column {column!r}; there are {', '.join(repr(name) for name in names[:20])}"
    raise ValueError(msg)


def arrays_of(frame: Any, columns: Columns) -> dict[str, Any]:
    """Return the columns of a frame or a mapping, one by one."""
    return {part: None if column is None else frame[column] for part, column in columns.items()}


def labels_of(values: Any, name: str) -> Any:
    """Return a column of labels as the core takes it: int64, float64, or a list of strings and None."""
    # NumPy would make strings of everything in a list that holds one.
    array = np.asarray(values, dtype=object if isinstance(values, list | tuple) else None)
    if array.ndim != 1:
        msg = f"{name} must be one-dimensional, got {array.ndim} dimensions"
        raise ValueError(msg)
    if array.dtype.kind in "iu":
        if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
            msg = f"{name} must be integers of 64 bits, got {array.max()}"
            raise ValueError(msg)
        return np.ascontiguousarray(array, dtype=np.int64)
    if array.dtype.kind == "f":
        return np.ascontiguousarray(array, dtype=np.float64)
    if array.dtype.kind not in "UOT":
        msg = f"{name} must be strings or integers, got {array.dtype}"
        raise TypeError(msg)
    return _objects(array.tolist() if array.dtype.kind != "O" else list(array), name)


def _objects(values: list[Any], name: str) -> Any:
    missing = [value is None or value != value for value in values]  # NaN is not itself
    kinds = {type(value) for value, gone in zip(values, missing, strict=True) if not gone}
    if all(issubclass(kind, str) for kind in kinds):
        return [None if gone else value for value, gone in zip(values, missing, strict=True)]
    whole = (int, np.integer)
    if all(issubclass(kind, whole) and kind is not bool for kind in kinds):
        if not any(missing):
            return _integers(values, name)
        return np.array([np.nan if gone else v for v, gone in zip(values, missing, strict=True)], np.float64)
    found = ", ".join(sorted(kind.__name__ for kind in kinds))
    msg = f"{name} must be strings or integers throughout, got {found}"
    raise TypeError(msg)


def _integers(values: list[Any], name: str) -> Any:
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        msg = f"{name} must be integers of 64 bits, got {max(values, key=abs)}"
        raise ValueError(msg) from None


def numbers_of(values: Any, name: str) -> Any:
    """Return a column of numbers as float64; dates and times in seconds since 1970."""
    array = np.asarray(values)
    if array.ndim != 1:
        msg = f"{name} must be one-dimensional, got {array.ndim} dimensions"
        raise ValueError(msg)
    if array.dtype.kind == "M":
        seconds = array.astype("datetime64[us]").astype(np.int64) / 1e6
        return np.where(np.isnat(array), np.nan, seconds)
    try:
        if array.dtype.kind in "buif" or array.dtype == object:
            return np.ascontiguousarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{name} must be numbers: {error}"
        raise TypeError(msg) from None
    msg = f"{name} must be numbers, got {array.dtype}"
    raise TypeError(msg)

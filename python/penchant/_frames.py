"""DataFrames and what else holds events, as the core takes them; answers in the caller's kind of frame."""

from __future__ import annotations

import importlib
import importlib.util
import uuid
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
BACKENDS = ("pandas", "polars", "pyarrow")


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
        if not isinstance(column, str) and not 0 <= column < 2**63:
            msg = f"{part} must be a column's name or position from 0, got {column}"
            raise ValueError(msg)
    return {part: _plain(columns.get(part)) for part in _PARTS}


def _plain(column: Any) -> Column | None:
    return column if column is None or isinstance(column, str) else int(column)


def backend_of(frame: Any) -> str | None:
    """Return the name of the kind of frame that answers should come in; None for the usual one."""
    name = type(frame).__module__.partition(".")[0]
    return name if name in BACKENDS else None


def frame_of(columns: Mapping[str, Any], backend: str | None) -> Any:
    """Return columns as a frame of this kind, or of the first kind that is installed."""
    for name in (backend,) if backend else BACKENDS:
        if importlib.util.find_spec(name):
            return nw.from_dict(columns, backend=importlib.import_module(name)).to_native()
    if backend:
        msg = f"answers come as {backend} frames, but {backend} is not installed"
        raise ImportError(msg)
    return dict(columns)


def stream_of(frame: Any, columns: Columns) -> tuple[Any, Columns]:
    """Return the Arrow stream of a frame, of no more columns than needed, and where in it they are.

    A frame that has no such stream, of pandas without PyArrow, gives a dict of its columns instead.
    """
    if nw.dependencies.is_pandas_dataframe(frame):
        chosen, places = places_of(columns, list(frame.columns))
        # By position, as names may be numbers, or pairs.
        frame = frame.iloc[:, chosen]
        names = list(frame.columns)
        frame.columns = [str(place) for place in range(len(chosen))]
        plain = {name: _plain_series(frame[name]) for name in frame.columns}
        frame = frame.assign(**{name: series for name, series in plain.items() if series is not None})
        try:
            return frame.__arrow_c_stream__(), places
        except ImportError:
            taken = {part: None if place is None else frame.iloc[:, place] for part, place in places.items()}
            return taken, places
        except (TypeError, ValueError, OverflowError) as error:
            name = next(
                (n for n, own in zip(names, frame.columns, strict=True) if _is_mixed(frame[[own]])), None
            )
            what = "a column of df" if name is None else f"the column {name!r} of df"
            msg = f"{what} cannot be read, as it holds things of several kinds or too large: {error}"
            raise TypeError(msg) from None
    if type(frame).__module__.startswith("pyarrow") and hasattr(frame, "select"):
        chosen, places = places_of(columns, frame.schema.names)
        return frame.select(chosen).__arrow_c_stream__(), places
    native = nw.from_native(frame, pass_through=True, allow_series=False)
    if not isinstance(native, nw.DataFrame | nw.LazyFrame):
        return frame.__arrow_c_stream__(), columns  # which knows the names of its columns itself
    schema = native.collect_schema()
    chosen, places = places_of(columns, schema.names())
    names = [schema.names()[place] for place in chosen]
    # A column without a type has nothing in it, and not every reader knows that type.
    unknown = [name for name in names if schema[name] == nw.Unknown()]
    native = native.select(names).with_columns(nw.col(name).cast(nw.String()) for name in unknown)
    if isinstance(native, nw.LazyFrame) and not hasattr(native.to_native(), "__arrow_c_stream__"):
        native = native.collect()
    return native.to_native().__arrow_c_stream__(), places


def _plain_series(series: Any) -> Any:
    """Return a column in a form that Arrow has: periods by their start, UUIDs as text; None to keep it."""
    if str(series.dtype).startswith("period["):
        return series.dt.to_timestamp()
    if series.dtype == object:
        first = series.first_valid_index()
        if first is not None and isinstance(series.loc[[first]].iloc[0], uuid.UUID):
            return series.map(lambda value: str(value) if isinstance(value, uuid.UUID) else value)
    return None


def _is_mixed(frame: Any) -> bool:
    try:
        frame.__arrow_c_stream__()
    except (TypeError, ValueError, OverflowError):
        return True
    return False


def is_series(frame: Any) -> bool:
    """Whether this is a Series of pandas."""
    return bool(nw.dependencies.is_pandas_series(frame))


def table_of_series(series: Any) -> tuple[Any, str]:
    """Return a pandas Series by labels, such as counts by group, as a frame, and the column of its values."""
    if series.index.nlevels < 2:
        msg = (
            "df must have columns of users and items, got a pandas.Series whose index has one level; "
            "a Series works if its index has both, as that of df.groupby(['user', 'item']).size()"
        )
        raise TypeError(msg)
    taken = [name for name in series.index.names if name is not None]
    name = series.name if isinstance(series.name, str) and series.name not in taken else "weight"
    while name in taken:
        name = f"{name}_"
    return series.rename(name).reset_index(), name


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


def labels_of(values: Any, name: str) -> Any:
    """Return a column of labels for the core: int64, uint64, float64, or a list of strings and None."""
    # NumPy would make strings of everything in a list that holds one.
    array = np.asarray(values, dtype=object if isinstance(values, list | tuple) else None)
    if array.ndim != 1:
        msg = f"{name} must be one-dimensional, got {array.ndim} dimensions"
        raise ValueError(msg)
    if array.dtype.kind == "u" and array.dtype.itemsize == np.dtype(np.uint64).itemsize:
        return np.ascontiguousarray(array, dtype=np.uint64)
    if array.dtype.kind in "iu":
        return np.ascontiguousarray(array, dtype=np.int64)
    if array.dtype.kind == "f":
        return np.ascontiguousarray(array, dtype=np.float64)
    if array.dtype.kind not in "UOTS":
        msg = f"{name} must be strings or integers, got {array.dtype}"
        raise TypeError(msg)
    return _objects(array.tolist() if array.dtype.kind != "O" else list(array), name)


def kinds_of(values: Any, name: str) -> Any:
    """Return a column of kinds: as labels, or booleans as text."""
    objects = (
        [None if is_missing(value) else value for value in values] if hasattr(values, "__iter__") else values
    )
    if isinstance(objects, list):
        flags = [value for value in objects if value is not None]
        if flags and all(isinstance(value, bool | np.bool_) for value in flags):
            return [None if value is None else str(bool(value)).lower() for value in objects]
    return labels_of(values, name)


def _objects(values: list[Any], name: str) -> Any:
    values = [None if is_missing(value) else plain_label(value) for value in values]
    kinds = {type(value) for value in values if value is not None}
    if all(issubclass(kind, str) for kind in kinds):
        _check_unicode([value for value in values if value is not None], name)
        return values
    whole = (int, np.integer)
    if all(issubclass(kind, whole) and kind is not bool for kind in kinds):
        return _integers(values, name)
    if all(issubclass(kind, (*whole, float, np.floating)) and kind is not bool for kind in kinds):
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    found = ", ".join(sorted(kind.__name__ for kind in kinds))
    msg = f"{name} must be strings or integers throughout, got {found}"
    raise TypeError(msg)


def plain_label(value: Any) -> Any:
    """Return a label as labels are kept: UUIDs as text, bytes as the text that they are."""
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            msg = f"labels must be texts, got {value!r}, which is no UTF-8: take its hex() for example"
            raise ValueError(msg) from None
    return value


def is_missing(value: Any) -> bool:
    """Whether a value stands for none."""
    if isinstance(value, float):
        return value != value  # NaN is not itself
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _check_unicode(texts: list[str], name: str) -> None:
    step = 100_000
    for start in range(0, len(texts), step):
        try:
            "".join(texts[start : start + step]).encode()
        except UnicodeEncodeError as error:
            msg = f"{name} must be Unicode: {error}"
            raise ValueError(msg) from None


def _integers(values: list[Any], name: str) -> Any:
    """Return integers of 64 bits as an array, of floats where some are missing."""
    known = [int(value) for value in values if value is not None]
    low, high = min(known, default=0), max(known, default=0)
    if low < -(2**63) or high >= 2**64 or (low < 0 and high >= 2**63):
        msg = f"{name} must be integers of 64 bits, got {max(known, key=abs)}"
        raise ValueError(msg)
    if len(known) == len(values):
        return np.array(known, dtype=np.uint64 if high >= 2**63 else np.int64)
    if max(-low, high) > 2**53:
        msg = f"{name} must not be missing where integers are above 2**53: make strings of them"
        raise ValueError(msg)
    return np.array([np.nan if value is None else float(value) for value in values])


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
        msg = f"{name} must be numbers, got {_arguments.describe(value)}"
        raise TypeError(msg)
    return float(value)

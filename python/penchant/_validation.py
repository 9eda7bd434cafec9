"""Numbers, ids and arrays that callers pass: checked, with the name of the argument in every message."""

from __future__ import annotations

import inspect
import math
import os
import warnings
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from penchant.exceptions import ParameterWarning

Floats: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Ids: TypeAlias = npt.NDArray[np.int32]


def describe(value: object) -> str:
    """Name the type of a value as a message should."""
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


def warn(message: str, category: type[Warning] = ParameterWarning) -> None:
    """Warn about an argument, at the line outside of this package that passed it."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] == "penchant":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def integer(value: Any, name: str, least: int | None = None) -> int:
    """Return a Python integer of at least `least` that the core can take."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        msg = f"{name} must be an integer, got {describe(value)}"
        raise TypeError(msg)
    if least is not None and value < least:
        msg = f"{name} must be at least {least}, got {value}"
        raise ValueError(msg)
    if not -(2**63) <= value < 2**63:
        msg = f"{name} must be a number of 64 bits, got {value}"
        raise ValueError(msg)
    return int(value)


def number(value: Any, name: str) -> float:
    """Return a Python float that is a number."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        msg = f"{name} must be a number, got {describe(value)}"
        raise TypeError(msg)
    if math.isnan(value):
        msg = f"{name} must be a number, got nan"
        raise ValueError(msg)
    return float(value)


def ids(values: Any, name: str, count: int, *, scalar: bool = False) -> Ids:
    """Return ids as int32 after checking that each of them exists."""
    if scalar and type(values) is int and 0 <= values < count:
        return np.array([values], np.int32)  # the most frequent request, without the arrays that checks make
    array = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.int32)
    if array.dtype == object and all(isinstance(value, int) for value in array.flat):
        largest = max(array.flat, key=abs)  # more than 64 bits
        msg = f"{name} {largest} is outside the model, which has {count} of them"
        raise IndexError(msg)
    if array.dtype.kind not in "iu":
        msg = f"{name} must be an integer or integers, got {array.dtype}"
        raise TypeError(msg)
    if array.ndim > 1 or (array.ndim == 0 and not scalar):
        msg = f"{name} must be one-dimensional, got {array.ndim} dimensions"
        raise ValueError(msg)
    array = np.atleast_1d(array)
    outside = (array < 0) | (array >= count)
    if outside.any():
        msg = f"{name} {int(array[outside][0])} is outside the model, which has {count} of them"
        raise IndexError(msg)
    return np.ascontiguousarray(array, dtype=np.int32)


def one_id(value: Any, name: str, count: int) -> int:
    """Return one id after checking that it exists."""
    if np.ndim(value) != 0:
        msg = f"{name} must be a single id, got {np.ndim(value)} dimensions"
        raise ValueError(msg)
    return int(ids(value, name, count, scalar=True)[0])


def check_memory(size: int, what: str) -> None:
    """Raise a MemoryError for what is larger than all of this machine's memory."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return
    if size > memory:
        msg = f"{what} take {size / 2**30:.0f} GiB, more than the {memory / 2**30:.0f} GiB of this machine"
        raise MemoryError(msg)


def check_finite(values: npt.NDArray[Any], name: str) -> None:
    """Raise a ValueError for the first value that is infinite or NaN."""
    if not np.isfinite(values).all():
        msg = f"{name} must be finite, got {values[~np.isfinite(values)][0]}"
        raise ValueError(msg)


def factors(values: Any, name: str, *, copy: bool | None = True) -> Floats:
    """Return factors as a contiguous matrix of floats: a copy, or with None only if need be."""
    array = np.asarray(values)
    if array.dtype not in (np.float32, np.float64):
        msg = f"{name} must be float32 or float64, got {array.dtype}"
        raise TypeError(msg)
    if array.ndim != 2:
        msg = f"{name} must have two dimensions, got {array.ndim}"
        raise ValueError(msg)
    if array.shape[1] == 0:
        msg = f"{name} must have at least one column"
        raise ValueError(msg)
    check_finite(array, name)
    return np.array(array, dtype=array.dtype.newbyteorder("="), order="C", copy=copy)

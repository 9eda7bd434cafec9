"""What callers pass, checked and brought into the few forms that the core takes."""

from __future__ import annotations

import inspect
import math
import os
import warnings
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant import _core
from penchant.utils import ParameterWarning

Floats: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Ids: TypeAlias = npt.NDArray[np.int32]
Csr: TypeAlias = tuple[int, npt.NDArray[np.int64], Ids, Floats]
Entries: TypeAlias = tuple[int, npt.NDArray[np.int64], Ids]


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


def is_sparse(value: Any) -> bool:
    """Whether this is a SciPy sparse matrix or array."""
    return sp.issparse(value)


def sparse(matrix: Any, name: str) -> Any:
    """Return `matrix` after making sure that it is sparse and has two dimensions."""
    if not is_sparse(matrix):
        msg = f"{name} must be a SciPy sparse matrix or array, got {describe(matrix)}"
        raise TypeError(msg)
    if matrix.ndim != 2:
        msg = f"{name} must have two dimensions, got {matrix.ndim}: take rows of an array as matrix[[row]]"
        raise ValueError(msg)
    return matrix


def sparse_rows(matrix: Any, name: str, dtype: npt.DTypeLike) -> Any:
    """Return `matrix` as CSR, with a warning if it had to be converted."""
    if sparse(matrix, name).format != "csr":
        warn(f"{name} is {matrix.format.upper()}; converting it to CSR takes time and memory")
        matrix = widened(matrix, dtype).tocsr()
    return matrix


def widened(matrix: Any, dtype: npt.DTypeLike) -> Any:
    """Return a matrix whose repeats can be summed: in its own type they may overflow."""
    return matrix.astype(dtype) if matrix.dtype.kind in "buif" and matrix.dtype != dtype else matrix


def _narrow(index: Any, limit: int, name: str, what: str, dtype: Any) -> Any:
    """Cast an index array, after making sure that nothing wraps around."""
    if index.dtype.kind not in "iu" or index.ndim != 1:
        msg = f"{name}.{what} must be a one-dimensional array of integers, got {index.ndim} of {index.dtype}"
        raise ValueError(msg)
    if index.dtype.itemsize >= np.dtype(dtype).itemsize and index.size:
        low, high = int(index.min()), int(index.max())
        if low < 0 or high > limit:
            msg = f"{name}.{what} must be between 0 and {limit}, got {low} to {high}"
            raise ValueError(msg)
    return np.ascontiguousarray(index, dtype=dtype)


def entries(matrix: Any, name: str) -> Entries:
    """Return columns, indptr and indices of a CSR matrix: which entries it stores."""
    if is_sparse(matrix) and matrix.ndim == 1:
        msg = f"{name} must have two dimensions, got 1: take rows of an array as matrix[[row]]"
        raise ValueError(msg)
    if not (is_sparse(matrix) and matrix.format == "csr"):
        msg = f"{name} must be a SciPy CSR matrix or array, got {describe(matrix)}"
        raise ValueError(msg)
    columns, indptr, indices, _ = canonical(matrix, name)
    return columns, indptr, indices


def entries_of(matrix: Any, name: str, count: int, what: str) -> Entries:
    """Return which entries a CSR matrix stores, after making sure that it has a row for each of `count`."""
    found = entries(matrix, name)
    if matrix.shape[0] != count:
        msg = f"{name} must have one row for each of {count} {what}, got {matrix.shape[0]}"
        raise ValueError(msg)
    return found


def rows_of(found: Entries, first: int, last: int) -> Entries:
    """Return consecutive rows."""
    columns, indptr, indices = found
    start, end = indptr[first], indptr[last]
    return columns, indptr[first : last + 1] - start, indices[start:end]


def canonical(matrix: Any, name: str) -> tuple[int, npt.NDArray[np.int64], Ids, Any]:
    """Return columns, indptr, indices and data with sorted columns and repeats summed."""
    rows, columns = matrix.shape
    for _ in range(2):
        data = np.asarray(matrix.data)
        indptr = _narrow(np.asarray(matrix.indptr), data.size, name, "indptr", np.int64)
        indices = _narrow(np.asarray(matrix.indices), max(columns - 1, 0), name, "indices", np.int32)
        if indptr.size != rows + 1 or data.shape != indices.shape:
            msg = (
                f"{name} has {rows} rows but {indptr.size} entries in indptr, "
                f"and {indices.size} indices but {data.size} values"
            )
            raise ValueError(msg)
        if _core.csr_is_canonical(columns, indptr, indices):
            return columns, indptr, indices, data
        # Not in a type that the sums could overflow; what kind of numbers they are has been looked at before.
        matrix = matrix.astype(np.float64) if matrix.dtype.kind in "bui" else matrix.copy()
        matrix.has_canonical_format = False
        matrix.has_sorted_indices = False
        matrix.sum_duplicates()
    msg = f"{name} changed while it was being read"
    raise ValueError(msg)


def one_row(matrix: Any, name: str, row: int) -> Any:
    """Return a row of a CSR matrix as one of its own, after a look at where it starts and ends."""
    indptr, indices, data = (np.asarray(part) for part in (matrix.indptr, matrix.indices, matrix.data))
    if indptr.dtype.kind not in "iu" or indptr.shape != (matrix.shape[0] + 1,):
        got = f"{indptr.dtype} of shape {indptr.shape}"
        msg = f"{name}.indptr must hold {matrix.shape[0] + 1} integers, got {got}"
        raise ValueError(msg)
    if indices.ndim != 1 or data.ndim != 1:
        msg = f"{name}.indices and {name}.data must be one-dimensional, got {indices.ndim} and {data.ndim}"
        raise ValueError(msg)
    start, end = int(indptr[row]), int(indptr[row + 1])
    if not 0 <= start <= end <= min(len(indices), len(data)):
        msg = f"{name}.indptr says that row {row} goes from {start} to {end} of {len(indices)} entries"
        raise ValueError(msg)
    part = sp.csr_array((1, matrix.shape[1]), dtype=matrix.dtype)
    part.data, part.indices, part.indptr = data[start:end], indices[start:end], np.array([0, end - start])
    return part


def csr(matrix: Any, name: str, dtype: npt.DTypeLike) -> Csr:
    """Return a CSR matrix as the core takes it, its values cast to `dtype`."""
    if matrix.dtype.kind not in "buif":
        msg = f"{name} must hold real numbers, got {matrix.dtype}"
        raise TypeError(msg)
    columns, indptr, indices, data = canonical(matrix, name)
    with np.errstate(over="ignore"):  # an infinity is reported by the core, with its place
        return columns, indptr, indices, np.ascontiguousarray(data, dtype=dtype)


def ids(values: Any, name: str, count: int, *, scalar: bool = False) -> Ids:
    """Return ids as int32 after checking that each of them exists."""
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


def factors(values: Any, name: str) -> Floats:
    """Return a copy of factors as a contiguous two-dimensional array of floats."""
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
    if not np.isfinite(array).all():
        msg = f"{name} must be finite, got {array[~np.isfinite(array)][0]}"
        raise ValueError(msg)
    return np.array(array, dtype=array.dtype.newbyteorder("="), order="C")

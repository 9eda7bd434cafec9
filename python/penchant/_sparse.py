"""SciPy matrices that callers pass: checked once, then handed on as `Rows`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant import _core
from penchant._validation import Floats, Ids, describe, warn

Indptr: TypeAlias = npt.NDArray[np.int64]
Csr: TypeAlias = tuple[int, Indptr, Ids, Floats]
Entries: TypeAlias = tuple[int, Indptr, Ids]


# So few rows are faster taken one by one.
_FEW = 32


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of a matrix: columns in order in each, and none twice.

    Attributes
    ----------
    columns : int
    indptr : numpy.ndarray of int64, shape [n_rows + 1]
    indices : numpy.ndarray of int32
    values : numpy.ndarray
        As they came, of any type.
    name : str
        What the caller knows the matrix as.
    """

    columns: int
    indptr: Indptr
    indices: Ids
    values: Any
    name: str

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of columns."""
        return len(self), self.columns

    def entries(self) -> Entries:
        """Return which entries are stored, as the core takes it."""
        return self.columns, self.indptr, self.indices

    def csr(self, dtype: npt.DTypeLike) -> Csr:
        """Return everything as the core takes it, in this precision."""
        check_real(self.values.dtype, self.name)
        with np.errstate(over="ignore"):  # an infinity is reported by the core, with its place
            return *self.entries(), np.ascontiguousarray(self.values, dtype=dtype)

    def part(self, first: int, last: int) -> Rows:
        """Return consecutive rows."""
        start, end = self.indptr[first], self.indptr[last]
        indptr = self.indptr[first : last + 1] - start
        return Rows(self.columns, indptr, self.indices[start:end], self.values[start:end], self.name)

    def check_count(self, count: int, what: str) -> None:
        """Raise unless there is a row for each of `count`."""
        if len(self) != count:
            msg = f"{self.name} must have one row for each of {count} {what}, got {len(self)}"
            raise ValueError(msg)

    def check_width(self, most: int) -> None:
        """Raise if there are more columns than this."""
        if self.columns > most:
            msg = f"{self.name} must have at most {most} columns, got {self.columns}"
            raise ValueError(msg)


def precision(rows: Rows) -> npt.DTypeLike:
    """Return the precision in which rows are worked with: that of floats, and otherwise single."""
    return np.float64 if rows.values.dtype == np.float64 else np.float32


def copied(csr: Csr) -> Csr:
    """Return a matrix that nobody else has."""
    columns, indptr, indices, values = csr
    return columns, indptr.copy(), indices.copy(), values.copy()


def freeze(csr: Csr) -> None:
    """Make the arrays of a matrix read-only, which NumPy forgets when it unpickles them."""
    for part in csr[1:]:
        part.flags.writeable = False


def scipy_csr(csr: Csr, kind: Any = sp.csr_array) -> Any:
    """Return what the core takes as a SciPy matrix, whose constructor would look through it again."""
    columns, indptr, indices, values = csr
    matrix = kind((len(indptr) - 1, columns), dtype=values.dtype)
    narrow = np.int32 if len(indices) <= np.iinfo(np.int32).max else np.int64
    matrix.data, matrix.indices = values, indices.astype(narrow, copy=False)
    matrix.indptr = indptr.astype(narrow)
    matrix.has_canonical_format = True
    return matrix


def taken_rows(matrix: Any, codes: Ids) -> Any:
    """Return rows of a canonical CSR matrix, as ``matrix[codes]`` does; a few take much less time."""
    if len(codes) > _FEW:
        return matrix[codes]
    indptr, indices, values = matrix.indptr, matrix.indices, matrix.data
    parts = [slice(indptr[code], indptr[code + 1]) for code in codes.tolist()]
    ends = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([part.stop - part.start for part in parts], out=ends[1:])
    taken = (
        np.concatenate([whole[part] for part in parts]) if parts else whole[:0] for whole in (indices, values)
    )
    return scipy_csr((matrix.shape[1], ends, *taken), type(matrix))


def csr_rows(matrix: Any, name: str) -> Rows:
    """Return the rows of a CSR matrix; anything else is an error."""
    is_sparse: bool = sp.issparse(matrix)
    if is_sparse and matrix.ndim == 1:
        msg = f"{name} must have two dimensions, got 1: take rows of an array as matrix[[row]]"
        raise ValueError(msg)
    if not (is_sparse and matrix.format == "csr"):
        msg = f"{name} must be a SciPy CSR matrix or array, got {describe(matrix)}"
        raise ValueError(msg)
    return _canonical(matrix, name)


def any_rows(matrix: Any, name: str, dtype: npt.DTypeLike) -> Rows:
    """Return the rows of a sparse matrix of real numbers; what is not CSR is converted, with a warning."""
    if check_sparse(matrix, name).format != "csr":
        warn(f"{name} is {matrix.format.upper()}; converting it to CSR takes time and memory")
    check_real(matrix.dtype, name)
    return _canonical(matrix if matrix.format == "csr" else widened(matrix, dtype).tocsr(), name)


def rows_on_disk(matrix: Any, name: str) -> Rows:
    """Return the rows of a CSR matrix that were written sorted: a look at all of them would take time."""
    return Rows(
        matrix.shape[1], matrix.indptr.astype(np.int64, copy=False), matrix.indices, matrix.data, name
    )


def quiet_rows(matrix: Any, name: str) -> Rows:
    """Return the rows of a sparse matrix of real numbers, in whatever format it comes."""
    check_real(check_sparse(matrix, name).dtype, name)
    return _canonical(matrix if matrix.format == "csr" else widened(matrix, np.float64).tocsr(), name)


def check_sparse(matrix: Any, name: str) -> Any:
    """Return `matrix` after making sure that it is sparse and has two dimensions."""
    is_sparse: bool = sp.issparse(matrix)
    if not is_sparse:
        msg = f"{name} must be a SciPy sparse matrix or array, got {describe(matrix)}"
        raise TypeError(msg)
    if matrix.ndim != 2:
        msg = f"{name} must have two dimensions, got {matrix.ndim}: take rows of an array as matrix[[row]]"
        raise ValueError(msg)
    return matrix


def check_real(dtype: np.dtype[Any], name: str) -> None:
    """Raise unless a type is one of real numbers."""
    if dtype.kind not in "buif":
        msg = f"{name} must hold real numbers, got {dtype}"
        raise TypeError(msg)


def widened(matrix: Any, dtype: npt.DTypeLike) -> Any:
    """Return a matrix whose repeats can be summed: in its own type they may overflow."""
    return matrix.astype(dtype) if matrix.dtype.kind in "buif" and matrix.dtype != dtype else matrix


def canonical_matrix(matrix: Any, name: str) -> Any:
    """Return a checked CSR matrix of the same kind with sorted columns and without repeats."""
    rows = quiet_rows(matrix, name)
    kind = sp.csr_array if isinstance(matrix, sp.sparray) else sp.csr_matrix
    # In the type that it came in, unless sums of repeats do not fit.
    own = rows.values.astype(matrix.dtype)
    values = own if (own == rows.values).all() else rows.values
    return kind((values, rows.indices, rows.indptr), shape=matrix.shape)


def _canonical(matrix: Any, name: str) -> Rows:
    """Return rows with sorted columns and repeats summed."""
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
        if _core.sparse.csr_is_canonical(columns, indptr, indices):
            return Rows(columns, indptr, indices, data, name)
        # Not in a type that the sums could overflow; what kind of numbers they are has been looked at before.
        matrix = matrix.astype(np.float64) if matrix.dtype.kind in "bui" else matrix.copy()
        matrix.has_canonical_format = False
        matrix.has_sorted_indices = False
        matrix.sum_duplicates()
    msg = f"{name} changed while it was being read"
    raise ValueError(msg)


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

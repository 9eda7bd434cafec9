"""Whom an update of the data concerns."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from penchant._validation import Ids

# By which part a weight that has faded may differ from one that was faded at once.
_ROUNDING = 1e-6


def changed_rows(before: Any, after: Any, faded_by: float) -> Ids:
    """Return the rows that are new or not what they were, but for a factor that all have in common."""
    old = _as_it_would_be(before, after, faded_by)
    # A stored zero is an entry as well, and may be all that a new user has.
    changed = np.diff(after.indptr) != np.diff(old.indptr)
    changed[np.unique(_differences(old, after, faded_by)[0])] = True
    return np.flatnonzero(changed).astype(np.int32)


def changed_columns(before: Any, after: Any, faded_by: float, rows: Ids) -> Ids:
    """Return the columns in which such rows are not what they were; `rows` are those of `changed_rows`."""
    old = _as_it_would_be(before, after, faded_by)[rows]
    return np.unique(_differences(old, after[rows], faded_by)[1]).astype(np.int32)


def _as_it_would_be(before: Any, after: Any, faded_by: float) -> Any:
    """Return what there was before with the factor, in the shape of what there is now."""
    faded = before.data if faded_by == 1.0 else (before.data.astype(np.float64) * faded_by).astype(np.float32)
    old = sp.csr_array((faded, before.indices, before.indptr), shape=(before.shape[0], after.shape[1]))
    old.resize(after.shape)
    return old


def _differences(old: Any, after: Any, faded_by: float) -> tuple[Any, Any]:
    """Return rows and columns of the entries that differ."""
    if faded_by == 1.0:
        differs = (after != old).tocoo()
        return differs.row, differs.col
    # The last bit of a product may differ.
    gap = abs(after - old).tocoo()
    allowed = _ROUNDING * np.abs(np.asarray(after[gap.row, gap.col])).ravel()
    differs = gap.data > np.maximum(allowed, np.finfo(np.float32).smallest_subnormal)
    return gap.row[differs], gap.col[differs]

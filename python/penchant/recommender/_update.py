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
    faded = before.data if faded_by == 1.0 else (before.data.astype(np.float64) * faded_by).astype(np.float32)
    old = sp.csr_array((faded, before.indices, before.indptr), shape=(before.shape[0], after.shape[1]))
    old.resize(after.shape)
    # A stored zero is an entry as well, and may be all that a new user has.
    changed = np.diff(after.indptr) != np.diff(old.indptr)
    differs = after != old
    if faded_by != 1.0 and differs.nnz:
        # The last bit of a product may differ.
        gap = abs(after - old).tocoo()
        allowed = _ROUNDING * np.abs(np.asarray(after[gap.row, gap.col])).ravel()
        rows = gap.row[gap.data > np.maximum(allowed, np.finfo(np.float32).smallest_subnormal)]
        changed[np.unique(rows)] = True
    else:
        changed |= np.diff(differs.indptr) > 0
    return np.flatnonzero(changed).astype(np.int32)

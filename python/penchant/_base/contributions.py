"""A user's row, and the items in it that speak most for another one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._sparse import any_rows, check_sparse, one_row
from penchant._validation import Ids, one_id


def history(userid: Any, user_items: Any, items: int) -> tuple[Ids, npt.NDArray[np.float64]]:
    """Return the ids and values that count in a user's row of a matrix, or in its only row."""
    matrix = check_sparse(user_items, "user_items")
    user = one_id(userid, "userid", np.iinfo(np.int32).max)
    if matrix.shape[0] != 1 and user >= matrix.shape[0]:
        msg = f"userid {user} is not a row of user_items, which has {matrix.shape[0]}"
        raise IndexError(msg)
    if matrix.format == "csr":
        matrix = one_row(matrix, "user_items", 0 if matrix.shape[0] == 1 else user)
        user = 0
    rows = any_rows(matrix, "user_items", np.float64)
    rows = rows if len(rows) == 1 else rows.part(user, user + 1)
    rows.check_width(items)
    values = rows.values.astype(np.float64)
    if not np.isfinite(values).all():
        msg = f"user_items must be finite, got {values[~np.isfinite(values)][0]} in the row of user {userid}"
        raise ValueError(msg)
    return rows.indices[values != 0], values[values != 0]


def largest(ids: Ids, terms: npt.NDArray[np.float64], count: int) -> list[tuple[int, float]]:
    """Return the ids with the largest terms, ties to the smaller id."""
    best = np.lexsort((ids, -terms))[:count]
    return [(int(ids[at]), float(terms[at])) for at in best]

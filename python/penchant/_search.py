"""What a search is asked for, checked, and what it gives back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from penchant import _arguments
from penchant._arguments import Floats, Ids


def wanted(
    n: Any,
    only: Any,
    without: Any,
    count: int,
    names: tuple[str, str],
    threads: int,
    limits: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Check how many of `count` candidates are wanted, and which of them.

    `only` and `without` are ids or None; `names` is what the caller knows them as.
    """
    n = _arguments.integer(n, "N", 1)
    if only is not None and without is not None:
        msg = f"{names[0]} and {names[1]} cannot be used together"
        raise ValueError(msg)
    return {
        "n": min(n, max(count, 1)),
        "only": None if only is None else _arguments.ids(only, names[0], count),
        "without": _arguments.ids([] if without is None else without, names[1], count),
        "at_least": -math.inf,
        "groups": None,
        "most_of_a_group": 1,
        "num_threads": threads,
    } | (limits or {})


def limits(min_score: Any, groups: Any, most: Any, count: int) -> dict[str, Any]:
    """Check a least score and a limit for each group."""
    most = _arguments.integer(most, "max_per_group", 1)
    least = -math.inf if min_score is None else _arguments.number(min_score, "min_score")
    checked: dict[str, Any] = {"at_least": least}
    if groups is not None:
        array = np.asarray(groups)
        if array.dtype.kind not in "iu":
            msg = f"item_groups must be integers, got {array.dtype}"
            raise TypeError(msg)
        if array.shape != (count,):
            msg = f"item_groups must have one group for each of {count} items, got shape {array.shape}"
            raise ValueError(msg)
        # Any integers will do: the core wants small ones.
        codes = np.unique(array, return_inverse=True)[1].astype(np.int32)
        checked |= {"groups": codes, "most_of_a_group": min(most, count)}
    return checked


# Work between two looks at whether someone has pressed Ctrl-C: a fraction of a second. In products of
# coordinates, of which finding, sorting and returning one result is worth so many.
_WORK_PER_BLOCK = 2e10
_WORK_PER_RESULT = 2e4


def in_blocks(
    call: Callable[[int, int], tuple[Ids, Floats]], queries: int, candidates: Any, wanted: dict[str, Any]
) -> tuple[Ids, Floats]:
    """Answer queries from one number to another with `call`, so many at a time that Ctrl-C is soon heard."""
    width = min(wanted["n"], len(candidates) if wanted["only"] is None else len(np.unique(wanted["only"])))
    size = int(np.clip(_WORK_PER_BLOCK / max(candidates.size + _WORK_PER_RESULT * width, 1), 64, 1 << 16))
    if queries <= size:
        return call(0, queries)
    _arguments.check_memory(
        queries * width * (4 + candidates.itemsize), f"{width} results for each of {queries} ids"
    )
    ids, scores = np.empty((queries, width), np.int32), np.empty((queries, width), candidates.dtype)
    for start in range(0, queries, size):
        end = min(start + size, queries)
        ids[start:end], scores[start:end] = call(start, end)
    return ids, scores


def unwrapped(found: tuple[Ids, Floats], asked: Any) -> tuple[Ids, Floats]:
    """Give one row for one id, and as many rows as ids for a list."""
    ids, scores = found
    if np.ndim(asked) == 0:
        return ids[0], scores[0]
    return ids, scores

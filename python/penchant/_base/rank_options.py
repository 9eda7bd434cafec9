"""What a search is asked for, checked, and what it gives back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from penchant._validation import Floats, Ids, check_memory, ids, integer, number


@dataclass(frozen=True, slots=True, eq=False)
class RankOptions:
    """How many of the candidates are wanted, and which of them.

    Attributes
    ----------
    n : int
        How many for each query, at most as many as there are candidates.
    only, without : numpy.ndarray of int32
        The only candidates, or None for all; and those that are left out for every query.
    at_least : float
        The least score of a result; -inf for any.
    groups : numpy.ndarray of int32, shape [n_candidates], or None
    most_of_a_group : int
        With `groups`, the most results from one.
    num_threads : int
    """

    n: int
    only: Ids | None
    without: Ids
    at_least: float
    groups: Ids | None
    most_of_a_group: int
    num_threads: int

    def core(self) -> dict[str, Any]:
        """Return it as the core takes it."""
        return {name: getattr(self, name) for name in self.__slots__}

    def width(self, candidates: int) -> int:
        """Return how many results each of the queries has."""
        return min(self.n, candidates if self.only is None else len(np.unique(self.only)))


def rank_options(
    n: Any,
    only: Any,
    without: Any,
    count: int,
    num_threads: int,
    *,
    names: tuple[str, str] = ("items", "filter_items"),
    min_score: Any = None,
    groups: Any = None,
    max_per_group: Any = 1,
) -> RankOptions:
    """Check what is wanted of `count` candidates; `names` is what callers know `only` and `without` as."""
    n = integer(n, "N", 1)
    if only is not None and without is not None:
        msg = f"{names[0]} and {names[1]} cannot be used together"
        raise ValueError(msg)
    most = integer(max_per_group, "max_per_group", 1)
    return RankOptions(
        n=min(n, max(count, 1)),
        only=None if only is None else ids(only, names[0], count),
        without=np.empty(0, np.int32) if without is None else ids(without, names[1], count),
        at_least=-math.inf if min_score is None else number(min_score, "min_score"),
        groups=None if groups is None else _groups(groups, count),
        most_of_a_group=1 if groups is None else min(most, max(count, 1)),
        num_threads=num_threads,
    )


def _groups(groups: Any, count: int) -> Ids:
    array = np.asarray(groups)
    if array.dtype.kind not in "iu":
        msg = f"item_groups must be integers, got {array.dtype}"
        raise TypeError(msg)
    if array.shape != (count,):
        msg = f"item_groups must have one group for each of {count} items, got shape {array.shape}"
        raise ValueError(msg)
    # Any integers will do: the core wants small ones.
    codes: Ids = np.unique(array, return_inverse=True)[1].astype(np.int32)
    return codes


# Work between two looks at whether someone has pressed Ctrl-C: a fraction of a second. In products of
# coordinates, of which finding, sorting and returning one result is worth so many.
_WORK_PER_BLOCK = 2e10
_WORK_PER_RESULT = 2e4


def in_blocks(
    call: Callable[[int, int], tuple[Ids, Floats]], queries: int, candidates: Any, options: RankOptions
) -> tuple[Ids, Floats]:
    """Answer queries from one number to another with `call`, so many at a time that Ctrl-C is soon heard."""
    width = options.width(len(candidates))
    size = int(min(max(_WORK_PER_BLOCK / max(candidates.size + _WORK_PER_RESULT * width, 1), 64), 1 << 16))
    if queries <= size:
        return call(0, queries)
    check_results(queries, width, candidates.dtype)
    found, scores = np.empty((queries, width), np.int32), np.empty((queries, width), candidates.dtype)
    for start in range(0, queries, size):
        end = min(start + size, queries)
        found[start:end], scores[start:end] = call(start, end)
    return found, scores


def check_results(queries: int, width: int, dtype: np.dtype[Any]) -> None:
    """Raise a MemoryError for more results than this machine can hold."""
    check_memory(queries * width * (4 + dtype.itemsize), f"{width} results for each of {queries} ids")

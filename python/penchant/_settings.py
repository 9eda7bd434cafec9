"""What becomes of events, as callers say it and as the core takes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, Self, TypeAlias

import numpy as np

from penchant import _arguments, _frames

HalfLife: TypeAlias = float | dt.timedelta | np.timedelta64
Duplicates: TypeAlias = Literal["sum", "count", "last", "max"]
OnBadRows: TypeAlias = Literal["warn", "skip", "raise"]

_ON_BAD_ROWS = ("warn", "skip", "raise")


class Wanted:
    """What becomes of events, as the caller said it and as the core takes it."""

    def __init__(
        self,
        columns: _frames.Columns,
        kind_weights: Mapping[str, float] | None,
        duplicates: Duplicates,
        half_life: HalfLife | None,
        min_items_per_user: int,
        min_users_per_item: int,
        on_bad_rows: OnBadRows,
        num_threads: int,
    ) -> None:
        if on_bad_rows not in _ON_BAD_ROWS:
            msg = f"on_bad_rows must be one of {', '.join(map(repr, _ON_BAD_ROWS))}, got {on_bad_rows!r}"
            raise ValueError(msg)
        self.on_bad_rows = on_bad_rows
        if (columns["kind"] is None) != (kind_weights is None):
            msg = "kind and kind_weights go together: the column, and what each of its values weighs"
            raise ValueError(msg)
        if half_life is not None and columns["time"] is None:
            msg = "half_life needs time: the column that says when"
            raise ValueError(msg)
        self.counts = duplicates == "count"
        if not isinstance(duplicates, str):
            msg = f"duplicates must be a string, got {_arguments.describe(duplicates)}"
            raise TypeError(msg)
        least = {
            "min_items_per_user": _arguments.integer(min_items_per_user, "min_items_per_user", 1),
            "min_users_per_item": _arguments.integer(min_users_per_item, "min_users_per_item", 1),
        }
        for name, value in least.items():
            if value >= 2**31:
                msg = f"{name} must be below {2**31}, got {value}"
                raise ValueError(msg)
        self._options = {
            "duplicates": duplicates,
            "half_life": None if half_life is None else _seconds(half_life),
            "kinds": _kinds(kind_weights),
            "strict": on_bad_rows == "raise",
            "threads": _arguments.integer(num_threads, "num_threads", 0),
            **least,
        }

    def options(self) -> dict[str, Any]:
        """Return what the core takes."""
        return self._options

    def state(self) -> dict[str, Any]:
        """Return everything, for JSON."""
        return {"on_bad_rows": self.on_bad_rows, "counts": self.counts, "options": self._options}

    @classmethod
    def of(cls, state: dict[str, Any]) -> Self:
        """Return what has this state."""
        self = object.__new__(cls)
        self.on_bad_rows, self.counts = state["on_bad_rows"], bool(state["counts"])
        if self.on_bad_rows not in _ON_BAD_ROWS:
            msg = f"on_bad_rows is {self.on_bad_rows!r}"
            raise ValueError(msg)
        kinds = [(kind, weight) for kind, weight in state["options"]["kinds"]]
        self._options = state["options"] | {"kinds": kinds}
        return self

    def used(self, columns: _frames.Columns) -> _frames.Columns:
        """Return the columns that are looked at: a count takes no notice of weights."""
        return columns | {"weight": None} if self.counts else columns


NOTHING_HIDDEN: dict[str, Any] = {
    "ignored_rows": 0,
    "merged_rows": 0,
    "bad_rows": 0,
    "first_bad_rows": [],
    "timed": False,
    "latest": -np.inf,
    "times": np.zeros(0),
    "kept_users": np.zeros(0, np.int32),
    "kept_items": np.zeros(0, np.int32),
}
DEFAULTS: Any = (None, "sum", None, 1, 1, "warn", 0)


def _kinds(weights: Mapping[str, float] | None) -> list[tuple[str, float]]:
    if weights is None:
        return []
    if not isinstance(weights, Mapping) or not weights:
        msg = f"kind_weights must be a dict of kinds and weights, got {weights!r}"
        raise TypeError(msg)
    for kind in weights:
        if not isinstance(kind, str):
            msg = f"kind_weights must be a dict of strings, got a key of type {_arguments.describe(kind)}"
            raise TypeError(msg)
    return [(kind, _arguments.number(weight, f"the weight of {kind!r}")) for kind, weight in weights.items()]


def _seconds(half_life: HalfLife) -> float:
    if isinstance(half_life, dt.timedelta):
        return half_life.total_seconds()
    if isinstance(half_life, np.timedelta64):
        try:
            return float(half_life / np.timedelta64(1, "s"))
        except TypeError:
            msg = f"half_life must be in a unit of fixed length, got {half_life!r}"
            raise ValueError(msg) from None
    return _arguments.number(half_life, "half_life")


def lines_of(sep: Any, header: Any, quote: Any, labels: Any) -> dict[str, Any]:
    """Return what the lines of a file look like, as the core takes it."""
    for name, value in (("sep", sep), ("quote", quote)):
        if value is not None and not isinstance(value, str):
            msg = f"{name} must be a string or None, got {_arguments.describe(value)}"
            raise TypeError(msg)
    if labels not in ("auto", "string"):
        msg = f"labels must be 'auto' or 'string', got {labels!r}"
        raise ValueError(msg)
    if not isinstance(header, bool | np.bool_):
        msg = f"header must be True or False, got {_arguments.describe(header)}"
        raise TypeError(msg)
    return {"separator": sep, "header": bool(header), "quote": quote, "texts": labels == "string"}


LINES = lines_of(None, True, None, "auto")

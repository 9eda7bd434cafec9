"""What becomes of events, as callers say it and as the core takes it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

import numpy as np

from penchant._validation import describe, integer, number
from penchant.interactions._columns import Columns

Age: TypeAlias = float | str | dt.timedelta | np.timedelta64
TimeUnit: TypeAlias = Literal["s", "ms", "us", "ns"]
KindWeights: TypeAlias = Mapping[str, float] | Mapping[int, float] | Mapping[bool, float]
Duplicates: TypeAlias = Literal["sum", "count", "last", "max"]
OnBadRows: TypeAlias = Literal["warn", "skip", "raise"]

_ON_BAD_ROWS = ("warn", "skip", "raise")
_UNITS = ("s", "ms", "us", "ns")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
# What the core takes besides, where an older file does not say it.
_OLDER = {
    "half_life_is_age": False,
    "max_age": None,
    "max_age_is_age": False,
    "time_unit": None,
    "time_format": None,
    "keep_events": False,
}
# What later events do not need to know where nothing is left to be told from them.
_PLAIN = {"half_life": None, "max_age": None, "min_items_per_user": 1, "min_users_per_item": 1}


#: Events in memory while others wait in files; each takes up to 60 bytes.
EVENTS_AT_A_TIME = 1 << 22


class ReadOptions:
    """What becomes of events, as the caller said it and as the core takes it."""

    _place: dict[str, Any] = {"folder": None, "events_at_a_time": 0}  # noqa: RUF012 - never changed

    def __init__(
        self,
        columns: Columns,
        kind_weights: KindWeights | None = None,
        duplicates: Duplicates = "sum",
        half_life: Age | None = None,
        min_items_per_user: int = 1,
        min_users_per_item: int = 1,
        on_bad_rows: OnBadRows = "warn",
        num_threads: int = 0,
        time_unit: TimeUnit | None = None,
        time_format: str | None = None,
        max_age: Age | None = None,
        keep_events: bool = False,
    ) -> None:
        if on_bad_rows not in _ON_BAD_ROWS:
            msg = f"on_bad_rows must be one of {', '.join(map(repr, _ON_BAD_ROWS))}, got {on_bad_rows!r}"
            raise ValueError(msg)
        self.on_bad_rows = on_bad_rows
        if (columns["kind"] is None) != (kind_weights is None):
            msg = "kind and kind_weights go together: the column, and what each of its values weighs"
            raise ValueError(msg)
        spoken = {
            "half_life": half_life,
            "max_age": max_age,
            "time_unit": time_unit,
            "time_format": time_format,
        }
        for name, value in spoken.items():
            if value is not None and columns["time"] is None:
                msg = f"{name} needs time: the column that says when"
                raise ValueError(msg)
        if time_unit is not None and time_unit not in _UNITS:
            msg = f"time_unit must be one of {', '.join(map(repr, _UNITS))}, got {time_unit!r}"
            raise ValueError(msg)
        if time_format is not None and not isinstance(time_format, str):
            msg = f"time_format must be a string, got {describe(time_format)}"
            raise TypeError(msg)
        ages: dict[str, Any] = {}
        for name, value in (("half_life", half_life), ("max_age", max_age)):
            ages[name], ages[f"{name}_is_age"] = (None, False) if value is None else _age(value, name)
        self.counts = duplicates == "count"
        if not isinstance(duplicates, str):
            msg = f"duplicates must be a string, got {describe(duplicates)}"
            raise TypeError(msg)
        least = {
            "min_items_per_user": integer(min_items_per_user, "min_items_per_user", 1),
            "min_users_per_item": integer(min_users_per_item, "min_users_per_item", 1),
        }
        for name, value in least.items():
            if value >= 2**31:
                msg = f"{name} must be below {2**31}, got {value}"
                raise ValueError(msg)
        self._options: dict[str, Any] = {
            "duplicates": duplicates,
            **ages,
            "time_unit": time_unit,
            "time_format": time_format,
            "kinds": _kinds(kind_weights),
            "keep_events": _flag(keep_events, "keep_events"),
            "strict": on_bad_rows == "raise",
            "threads": integer(num_threads, "num_threads", 0),
            **least,
        }

    def core(self) -> dict[str, Any]:
        """Return what the core takes."""
        return self._place | self._options

    def into(self, folder: Path) -> Self:
        """Return the options with which entries are written to a folder."""
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__
        other._place = {"folder": str(folder), "events_at_a_time": EVENTS_AT_A_TIME}
        return other

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
        self._options = _OLDER | state["options"] | {"kinds": kinds}
        return self

    def plain(self) -> Self:
        """Return the options with which nothing fades, nothing is left out, and events are not kept."""
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__
        other._options = self._options | _PLAIN | {"keep_events": False}
        if other._options["duplicates"] == "last":
            other._options["duplicates"] = "max"  # as there are no times any more
        return other

    @property
    def half_life(self) -> float | None:
        """The half-life in the unit in which times are kept: seconds where theirs is known."""
        options: dict[str, Any] = self._options
        age: float | None = options["half_life"]
        unit = options["time_unit"]
        if age is None or unit is None or self._options["half_life_is_age"]:
            return age
        return age / 1000.0 ** _UNITS.index(unit)

    @property
    def is_aged(self) -> bool:
        """Whether the half-life is in seconds, whatever the times are."""
        return bool(self._options["half_life_is_age"])

    def used(self, columns: Columns) -> Columns:
        """Return the columns that are looked at: a count takes no notice of weights."""
        return columns | {"weight": None} if self.counts else columns


@dataclass(frozen=True, slots=True)
class Reading:
    """How events were read, kept for those that come later.

    Attributes
    ----------
    options : ReadOptions
    columns : dict
        Which column says what.
    lines : dict
        What the lines of files look like.
    backend : str or None
        The kind of frame that they came in.
    """

    options: ReadOptions
    columns: Columns
    lines: dict[str, Any]
    backend: str | None

    def plain(self) -> Reading:
        """Return the same, without what fades weights or leaves events out."""
        return replace(self, options=self.options.plain())


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
    "faded_entries": 0,
    "event_users": np.zeros(0, np.int32),
    "event_items": np.zeros(0, np.int32),
    "event_weights": np.zeros(0, np.float32),
    "event_times": np.zeros(0),
}


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool | np.bool_):
        msg = f"{name} must be True or False, got {describe(value)}"
        raise TypeError(msg)
    return bool(value)


def _kinds(weights: KindWeights | None) -> list[tuple[str, float]]:
    if weights is None:
        return []
    if not isinstance(weights, Mapping) or not weights:
        msg = f"kind_weights must be a dict of kinds and weights, got {weights!r}"
        raise TypeError(msg)
    kinds = [(_kind(kind), number(weight, f"the weight of {kind!r}")) for kind, weight in weights.items()]
    names = [kind for kind, _ in kinds]
    for kind in names:
        if names.count(kind) > 1:
            msg = f"kind_weights must name each kind once, got {kind!r} in two ways"
            raise ValueError(msg)
    return kinds


def _kind(kind: Any) -> str:
    """Return a kind as text: what text files have, and what the core makes of integers and booleans."""
    if isinstance(kind, str):
        return kind
    if isinstance(kind, bool | np.bool_):
        return str(bool(kind)).lower()
    if isinstance(kind, int | np.integer):
        return str(int(kind))
    msg = f"kind_weights must have strings, integers or booleans for keys, got a {describe(kind)}"
    raise TypeError(msg)


def _age(age: Age, name: str) -> tuple[float, bool]:
    """Return an age, and whether it is in seconds rather than in the unit of the times."""
    if isinstance(age, str):
        return age_of(age, name)
    if isinstance(age, dt.timedelta):
        return age.total_seconds(), True
    if isinstance(age, np.timedelta64):
        try:
            return float(age / np.timedelta64(1, "s")), True
        except TypeError:
            msg = f"{name} must be in a unit of fixed length, got {age!r}"
            raise ValueError(msg) from None
    return number(age, name), False


def age_of(text: str, name: str) -> tuple[float, bool]:
    """Return the age that a text such as ``30d`` says, and whether it is in seconds."""
    match = re.fullmatch(r"\s*(?P<number>.*\d\.?)\s*(?P<unit>[a-z]*)\s*", text)
    digits, unit = (match["number"], match["unit"]) if match else (text, "")
    try:
        age = float(digits) * _SECONDS[unit] if unit else float(digits)
    except (KeyError, ValueError):
        msg = f"{name} must be a number, alone or with one of {', '.join(_SECONDS)}, as '30d', got {text!r}"
        raise ValueError(msg) from None
    return age, bool(unit)

"""Events of requests as columns, and what is wrong with them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

from penchant.service._growing import BadEventError, are_seconds
from penchant.service._problem import Problem
from penchant.service._schema import Event

_PER_SECOND = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}


def columns_of_events(data: Any, events: Sequence[Event]) -> Mapping[str, Sequence[Any]]:
    """Return the columns that the data have, of events that fit to them; without a time it is now."""
    reading, options = data.reading, data.reading.options.core()
    has = {part: column is not None for part, column in reading.columns.items()}
    for part in ("weight", "time", "kind"):
        given = [part in event.model_fields_set and getattr(event, part) is not None for event in events]
        if any(given) and not has[part]:
            raise Problem(
                422, f"the data of this model have no {part}", f"events[{given.index(True)}].{part}"
            )
        if part == "time" and any(given) and not all(given):
            place = f"events[{given.index(False)}].time"
            raise Problem(422, "either all events of a request have a time or none of them", place)
        if part == "kind" and has["kind"] and not all(given):
            kinds = ", ".join((repr(name) for name, _ in options["kinds"]))
            raise Problem(422, f"kind must be one of {kinds}", f"events[{given.index(False)}].kind")
    columns: dict[str, list[Any]] = {part: [getattr(e, part) for e in events] for part in has if has[part]}
    for side, labels in (("user", data.events.users), ("item", data.events.items)):
        kind = "an integer" if labels.are_integers else "a string"
        for row, label in enumerate(columns[side]):
            if not len(labels):
                continue
            if isinstance(label, int) and not _fits(label, labels):
                raise Problem(
                    422, f"{side} must be in the range of those of the data", f"events[{row}].{side}"
                )
            if isinstance(label, str) == labels.are_integers:
                raise Problem(422, f"{side} must be {kind}, as in the data", f"events[{row}].{side}")
    if has["kind"]:
        columns["kind"] = [_kind(kind) for kind in columns["kind"]]
    if has["time"] and events[0].time is None:
        latest = data.events.times()[0]
        written = options["time_format"] is not None or options["time_unit"] is not None
        if not written and latest > -math.inf and not are_seconds(latest):
            raise Problem(
                422, "time must be given, as the times of the data are no seconds", "events[0].time"
            )
        columns["time"] = [_now(options)] * len(events)
    return columns


def _fits(label: int, labels: Any) -> bool:
    """Whether integers of 64 bits hold a label beside those that there are."""
    low, high = (0, 2**64) if labels.are_unsigned else (-(2**63), 2**63)
    return low <= label < high


def _kind(kind: Any) -> str:
    """Return a kind as the data have it."""
    return str(kind).lower() if isinstance(kind, bool) else str(kind)


def problem_of(error: Exception) -> Problem:
    """Return what the caller is told who sent events that cannot be taken in."""
    if isinstance(error, BadEventError):
        return Problem(422, str(error), f"events[{error.row}]")
    return Problem(422, str(error), "events")


def _now(options: Mapping[str, Any]) -> Any:
    """Return the time as the times of the data are written."""
    now = dt.datetime.now(dt.UTC)
    if options["time_format"] is not None:
        return now.strftime(options["time_format"])
    if options["time_unit"] is not None:
        return now.timestamp() * _PER_SECOND[options["time_unit"]]
    return now.isoformat()

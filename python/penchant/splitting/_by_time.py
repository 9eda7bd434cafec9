"""Splits by time: models learn from what came first and are tested with what came after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from penchant._validation import describe, integer, number
from penchant.splitting._source import Source
from penchant.splitting._split import Cut, Splitter, without_repeats

_DAY = 86400.0


@dataclass(frozen=True)
class LeaveLastOut(Splitter):
    """Put the last items of each user aside who has more: those whose latest events are the latest.

    Items at the same time are taken in the order of their codes, the later first.

    Parameters
    ----------
    k : int, default 1
        How many of each.
    """

    k: int = 1

    def _cuts(self, source: Source) -> Iterator[Cut]:
        k = integer(self.k, "k", 1)
        times, pairs = source.when(), source.pairs()
        count = int(pairs.max(initial=-1)) + 1
        users, latest = np.zeros(count, np.int32), np.full(count, -np.inf)
        users[pairs] = source.users
        np.maximum.at(latest, pairs, times)
        counts = np.bincount(users).astype(np.int64)
        order = np.lexsort((-np.arange(count), -latest, users))
        place = np.empty(count, np.int64)
        place[order] = np.arange(count) - np.repeat(np.cumsum(counts) - counts, counts)
        aside = ((place < k) & (counts > k)[users])[pairs]
        yield Cut(~aside, aside, name=f"the last {k} of each user")


@dataclass(frozen=True)
class TimeSplit(Splitter):
    """Learn from what happened before a point in time, test with what happened from then on.

    Parameters
    ----------
    at : datetime, date, str or float
        The point in time: a string as in ISO 8601; without a zone it is UTC. A number is in the unit in which
        times are kept: seconds since 1970 where they are times or dates.
    keep_repeats : bool, default False
        Whether items that a user has in the first part as well are tested; models leave them out of what they
        recommend unless they are told not to.
    """

    at: dt.datetime | dt.date | str | float
    keep_repeats: bool = False

    def _cuts(self, source: Source) -> Iterator[Cut]:
        at = _point(self.at)
        yield _cut(source, at, np.inf, self.keep_repeats, f"until and from {self.at}")


@dataclass(frozen=True)
class LastDays(Splitter):
    """Test with what happened in the last days, as seen from the latest event.

    Parameters
    ----------
    days : float, default 7
        How many; above 0. Times must be seconds.
    keep_repeats : bool, default False
        As for `TimeSplit`.
    """

    days: float = 7
    keep_repeats: bool = False

    def _cuts(self, source: Source) -> Iterator[Cut]:
        for at, end in _windows(source, self.days, 1):
            yield _cut(source, at, end, self.keep_repeats, f"the last {self.days:g} days")


@dataclass(frozen=True)
class RollingWindows(Splitter):
    """Test with one window of days after the other, each time learning from everything before it.

    Parameters
    ----------
    days : float, default 7
        How long a window is; above 0. Times must be seconds.
    windows : int, default 3
        How many; the last one ends with the latest event.
    keep_repeats : bool, default False
        As for `TimeSplit`.
    """

    days: float = 7
    windows: int = 3
    keep_repeats: bool = False

    def _cuts(self, source: Source) -> Iterator[Cut]:
        windows = integer(self.windows, "windows", 1)
        for place, (at, end) in enumerate(_windows(source, self.days, windows)):
            name = f"window {place + 1} of {windows}, {self.days:g} days"
            yield _cut(source, at, end, self.keep_repeats, name)


def _windows(source: Source, days: float, count: int) -> Iterator[tuple[float, float]]:
    length = number(days, "days") * _DAY
    if not 0 < length < np.inf:
        msg = f"days must be above 0 and finite, got {days}"
        raise ValueError(msg)
    times = source.when()
    source.check_seconds()
    latest = times.max(initial=-np.inf)
    # Windows are open on the left: what happened exactly seven days before the latest event is too old.
    starts = [np.nextafter(latest - length * back, np.inf) for back in range(count, 0, -1)]
    yield from zip(starts, [*starts[1:], np.inf], strict=True)


def _cut(source: Source, at: float, end: float, keep_repeats: bool, name: str) -> Cut:
    times = source.when()
    train, test = times < at, (times >= at) & (times < end)
    left_out = 0
    if not keep_repeats:
        test, left_out = without_repeats(source, train, test)
    return Cut(train, test, name=name, left_out=left_out)


def _point(at: object) -> float:
    if isinstance(at, bool) or at is None:
        msg = f"at must be a point in time, got {describe(at)}"
        raise TypeError(msg)
    if isinstance(at, str):
        try:
            at = dt.datetime.fromisoformat(at)
        except ValueError:
            msg = f"at must be a point in time as 2020-01-31 or 2020-01-31T12:00, got {at!r}"
            raise ValueError(msg) from None
    if isinstance(at, np.datetime64):
        return float(at.astype("datetime64[us]").astype(np.int64)) / 1e6
    if isinstance(at, dt.date) and not isinstance(at, dt.datetime):
        at = dt.datetime(at.year, at.month, at.day)
    if isinstance(at, dt.datetime):
        return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).timestamp()
    return number(at, "at")

"""A model that takes in events, and is the same wherever the same events were taken in."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

from penchant.recommender.plain import PlainRecommender

# Clocks differ by less than this, in seconds; and times are since 1970 from the year 2001 on.
_AHEAD = 86400.0
_LONG_AGO = 1e9
# After so many the model with them becomes the one that others are added to.
_STEP = 10_000


class BadEventError(ValueError):
    """One of the events that are to be added cannot be used.

    Attributes
    ----------
    row : int
        Which one, from 0.
    """

    def __init__(self, row: int, sentence: str) -> None:
        super().__init__(sentence)
        self.row = row


class Growing:
    """A model as it was at the last step, and with what has come since.

    Each state is made of the last step and all events since, and not of the state before: so it does not
    matter in how many parts they came, and workers that take them in at different times agree in every bit.

    Attributes
    ----------
    recommender : PlainRecommender
        With everything that has been taken in.
    events : int
        How many that is.
    """

    def __init__(self, recommender: PlainRecommender) -> None:
        self.recommender = recommender
        self.events = 0
        self._step = recommender
        self._since: dict[str, list[Any]] = {}

    def with_batches(self, batches: Sequence[Mapping[str, Sequence[Any]]]) -> Self:
        """Return the state with more events; this one stays as it is.

        Raises
        ------
        BadEventError, ValueError, TypeError
            If an event of the last batch, or all of them, cannot be used.
        """
        other = copy.copy(self)
        other._since = {part: list(values) for part, values in self._since.items()}
        new = 0
        for batch in batches:
            new = len(batch["user"])
            for part, values in batch.items():
                other._since.setdefault(part, []).extend(values)
            other.events += new
            if len(other._since["user"]) >= _STEP:
                other._step = other.recommender = _updated(other._step, other._since, new)
                other._since = {}
        if other._since:
            other.recommender = _updated(other._step, other._since, new)
        return other


def are_seconds(latest: float) -> bool:
    """Whether times, of which this is the latest, can be seconds since 1970 and not something else."""
    return _LONG_AGO < latest < time.time() + _AHEAD


def _updated(
    recommender: PlainRecommender, columns: Mapping[str, Sequence[Any]], new: int
) -> PlainRecommender:
    """Return a copy with events, of which the last ones are new; all of them must be good."""
    other = copy.copy(recommender)
    other.model = copy.copy(recommender.model)
    data = recommender.data
    given = {part: name for part, name in data.reading.columns.items() if name is not None}
    bad = data.report.bad_rows
    other.update(
        {part: list(columns[part]) for part in given}, show_progress=False, **{part: part for part in given}
    )
    known, latest = data.events.times()[0], other.data.events.times()[0]
    # All weights fade as seen from the latest event.
    if are_seconds(known) and latest > time.time() + _AHEAD:
        msg = "time must not lie in the future, as all other weights would fade away"
        raise ValueError(msg)
    report = other.data.report
    if report.bad_rows > bad:
        place, _, sentence = report.first_bad_rows[0].partition(": ")
        row = int(re.sub(r"\D", "", place)) - (len(columns["user"]) - new)
        raise BadEventError(row, sentence)
    return other

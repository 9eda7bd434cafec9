"""Interactions made of others: some of their events, or events in the rows and columns of others."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from penchant import _core
from penchant._validation import describe
from penchant.interactions._options import NOTHING_HIDDEN, Reading
from penchant.splitting import Mask, MatrixSource, Source

if TYPE_CHECKING:
    from penchant.interactions._interactions import Interactions


class EventSource(Source):
    """The events of Interactions that have kept them."""

    def __init__(self, data: Interactions, log: tuple[Any, Any, Any, Any]) -> None:
        self.data = data
        self.users, self.items, _, times = log
        self.times = times if len(times) else None
        self.shape = data.events.sizes()

    def check_seconds(self) -> None:
        self.data.events.check_seconds()

    def part(self, mask: Mask, *, test: bool) -> Interactions:
        part = type(self.data).of_read(self.data.reading, self.data.events.subset(mask, test))
        if not test:
            return part
        # Nobody should be recommended what they dislike.
        matrix = part.matrix.copy()
        matrix.data[matrix.data < 0] = 0
        matrix.eliminate_zeros()
        return _with_labels(part, matrix, part.reading)

    def aligned(self, part: Interactions, like: Interactions) -> Interactions:
        left_out = like.report.dropped_users or like.report.dropped_items
        return aligned(part, like) if part.shape != like.shape or left_out else part


class EntrySource(Source):
    """The entries of Interactions whose events are not kept."""

    def __init__(self, data: Interactions) -> None:
        self.data = data
        self.inner = MatrixSource(data.matrix)
        self.users, self.items, self.times = self.inner.users, self.inner.items, None
        self.shape = data.shape

    def part(self, mask: Mask, *, test: bool) -> Interactions:
        matrix = self.inner.part(mask, test=test)
        return _with_labels(self.data, matrix, self.data.reading.plain())

    def aligned(self, part: Interactions, like: Interactions) -> Interactions:
        del like
        return part

    def check_seconds(self) -> None:
        """There are no times."""


def aligned(data: Interactions, like: Interactions) -> Interactions:
    """Return data in the rows and columns of other data; what those do not have is left out and counted."""
    sides = (data.events.users, like.events.users, "users"), (data.events.items, like.events.items, "items")
    places = []
    for own, other, what in sides:
        if own.are_integers != other.are_integers and len(own) and len(other):
            kinds = ["integers" if labels.are_integers else "strings" for labels in (own, other)]
            msg = f"{what} are {kinds[0]} here, but {kinds[1]} in the data to be aligned with"
            raise ValueError(msg)
        labels = own.all()
        places.append(other.codes(labels) if len(own) else np.zeros(0, np.int32))
    matrix = data.matrix.tocoo()
    rows, columns = places[0][matrix.row], places[1][matrix.col]
    there = (rows >= 0) & (columns >= 0)
    shown = type(matrix)((matrix.data[there], (rows[there], columns[there])), shape=like.shape).tocsr()
    made = _with_labels(like, shown, data.reading)
    made.amend_report(
        dataclasses.replace(
            data.report,
            users=made.shape[0],
            items=made.shape[1],
            entries=made.nnz,
            density=made.report.density,
            dropped_users=data.report.dropped_users + int((places[0] < 0).sum()),
            dropped_items=data.report.dropped_items + int((places[1] < 0).sum()),
            dropped_entries=data.report.dropped_entries + int((~there).sum()),
        )
    )
    return made


def checked_like(like: Any, kind: type[Interactions]) -> Any:
    """Return it if it is what it must be."""
    if not isinstance(like, kind):
        msg = f"like must be Interactions, got {describe(like)}"
        raise TypeError(msg)
    return like


def _with_labels(like: Interactions, matrix: Any, reading: Reading) -> Interactions:
    """Return a matrix with the labels of other data."""
    values = matrix.data.astype(np.float32)
    csr = (matrix.shape[1], matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), values)
    reading = reading.plain()
    besides = {"rows": len(values)} | NOTHING_HIDDEN
    read = _core.interactions.restore(
        like.events.users, like.events.items, csr, besides, reading.options.core()
    )
    return type(like).of_read(reading, read)

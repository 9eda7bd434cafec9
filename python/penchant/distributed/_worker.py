"""A worker: the rows of its users, and the phases of a fit that it takes part in."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant import _core
from penchant.distributed import _checkpoint

#: Phases that return a message for each worker.
SENDING = frozenset(
    {
        "deal", "needs", "counts", "meet", "present", "spread", "sketch_sums", "whiten", "begin_items",
        "pass_", "advance",
    }
)  # fmt: skip
#: Those whose messages ask for something: the items come first in each.
ASKING = frozenset({"begin_items", "advance"})


@dataclass(frozen=True)
class Layout:
    """How users and items are cut into leaves, and which leaves each worker has.

    Attributes
    ----------
    users, items : tuple of int
        Where the leaves begin, and where the last one ends.
    workers : tuple of (int, int)
        The first leaf of each worker, and the one after its last.
    users_travel : bool
        Whether, in the items' half of an epoch, it is users that travel, or else sums over users.
    compact : bool
        Whether all of them store rows as halves.
    """

    users: tuple[int, ...]
    items: tuple[int, ...]
    workers: tuple[tuple[int, int], ...]
    users_travel: bool = True
    compact: bool = False

    def users_of(self, rank: int) -> tuple[int, int]:
        """Return the first user of a worker, and the one after the last."""
        first, end = self.workers[rank]
        return self.users[first], self.users[end]

    def items_of(self, rank: int) -> tuple[int, int]:
        """Return the first item that a worker owns, and the one after the last."""
        first, end = self.workers[rank]
        return self.items[first], self.items[end]


class Worker:
    """One of those who share a fit."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self._rows: Any = None
        self._params: dict[str, Any] = {}
        self._layout: Layout
        self._part: Any = None
        self._own: Any = None

    def load(self, params: dict[str, Any], dtype: str, layout: Layout, labels: Any, *pieces: Any) -> None:
        """Take the rows of its users, in pieces, and the labels of all items if pieces have some."""
        shape = layout.items[-1]
        matrices = [piece_matrix(piece, shape, labels, dtype) for piece in pieces]
        first, end = layout.users_of(self.rank)
        rows = sp.vstack(matrices, format="csr") if matrices else sp.csr_matrix(np.zeros((0, shape), dtype))
        if rows.shape[0] != end - first:
            msg = f"the data has changed since it was counted: {rows.shape[0]} users, not {end - first}"
            raise ValueError(msg)
        self._params, self._layout, self._rows, self._part = params, layout, rows, None

    def _deal(self) -> list[Any]:
        """Return the entries of its users by item, for each owner of items."""
        by_item = self._rows.T.tocsr()
        owned = map(self._layout.items_of, range(len(self._layout.workers)))
        return [_arrays(by_item[first:end]) for first, end in owned]

    def _assemble(self, dealt: list[Any] | None = None) -> None:
        """Get ready, with the entries of the items that it owns."""
        layout = self._layout
        if dealt is None:
            by_item = self._rows.T.tocsr()
        else:
            users = [end - first for first, end in map(layout.users_of, range(len(dealt)))]
            parts = [
                sp.csr_matrix((each[2], each[1], each[0]), shape=(len(each[0]) - 1, count))
                for each, count in zip(dealt, users, strict=True)
            ]
            by_item = sp.hstack(parts, format="csr")
        self._part = _core.als.Part(
            self._params, list(layout.users), list(layout.items), list(layout.workers), self.rank,
            layout.users_travel, layout.compact, _matrix(self._rows), _matrix(by_item),
        )  # fmt: skip

    def has_data(self) -> bool:
        """Whether it has its rows; not after it was started again."""
        return self._rows is not None

    def has_fast_halves(self) -> bool:
        """Whether this machine is fast at reading halves."""
        return _core.als.has_fast_halves()

    def run(self, phase: str, args: tuple[Any, ...], *received: Any) -> Any:
        """Do a phase of a fit, with what everyone sends if it is one that takes messages.

        Of a phase that sends, the result is a message for each worker, and then how many items are asked for
        and how many bytes go to others. What it sends to itself stays here.
        """
        if received:
            messages = list(received)
            messages[self.rank], self._own = self._own, None
            args = (messages, *args)
        own: dict[str, Any] = {"deal": self._deal, "assemble": self._assemble, "counts": self._counts}
        result = own[phase](*args) if phase in own else getattr(self._part, phase)(*args)
        if phase not in SENDING:
            return result
        asked = sum(len(message[0]) for message in result) if phase in ASKING else 0
        self._own, result[self.rank] = result[self.rank], None
        return *result, (asked, sum(map(_bytes, result)))

    def _counts(self) -> list[Any]:
        counts = self._part.counts()
        owned = map(self._layout.items_of, range(len(self._layout.workers)))
        return [tuple(each[first:end] for each in counts) for first, end in owned]

    def restore(self, layout: Layout, state: Any) -> None:
        """Begin with given factors, or with those of a checkpoint."""
        users, items = layout.users_of(self.rank), layout.items_of(self.rank)
        if isinstance(state, _checkpoint.Saved):
            self._part.restore(*state.rows(users, items))
            return
        x, y = state
        self._part.restore(x[slice(*users)], y[slice(*items)], y[slice(*items)], np.eye(x.shape[1]))

    def save(self, layout: Layout, folder: Any) -> list[Any]:
        """Write its part of a checkpoint, and return what was written."""
        users, items = layout.users_of(self.rank), layout.items_of(self.rank)
        return _checkpoint.write_part(folder, self._part.state(), users, items, self.rank)

    def factors(self) -> Any:
        """Return the factors of its users and of the items that it owns."""
        return self._part.factors()


def leaves_of(counts: npt.NDArray[np.int64], leaves: int) -> tuple[int, ...]:
    """Cut rows with so many entries each into leaves with about as many entries in each."""
    before = np.concatenate([[0], np.cumsum(counts)])
    wanted = np.arange(leaves) * (before[-1] / leaves)
    return (*np.searchsorted(before[:-1], wanted).tolist(), len(counts))


def dealt(leaves: int, workers: int) -> tuple[tuple[int, int], ...]:
    """Deal leaves to workers, as many to each as to any other or one more."""
    return tuple(pairwise(rank * leaves // workers for rank in range(workers + 1)))


def piece_matrix(piece: Any, items: int, labels: Any, dtype: str) -> Any:
    """Return a piece (arrays of a CSR matrix and perhaps labels) as a matrix of all items."""
    indptr, indices, values = piece[:3]
    if labels is not None:
        indices = np.searchsorted(labels, piece[4]).astype(np.int32)[indices]
    matrix = sp.csr_matrix((values.astype(dtype), indices, indptr), shape=(len(indptr) - 1, items))
    matrix.sort_indices()
    return matrix


def _arrays(rows: Any) -> tuple[Any, Any, Any]:
    return rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data


def _matrix(rows: Any) -> Any:
    rows.sort_indices()
    return _core.rank.Matrix((rows.shape[1], *_arrays(rows)))


def _bytes(message: Any) -> int:
    """Return the size of the arrays in a message."""
    if isinstance(message, np.ndarray):
        return message.nbytes
    return sum(map(_bytes, message)) if isinstance(message, tuple | list) else 0

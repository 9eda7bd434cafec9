"""A split, and what makes one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.splitting._source import Mask, Source, source_of


@dataclass(frozen=True, repr=False)
class Split:
    """What models learn from, and what they are tested with.

    It unpacks into both: ``train, test = ...``.

    Attributes
    ----------
    train, test : Interactions or scipy.sparse matrix, shape [n_users, n_items]
        Rows and columns mean the same in both.
    history : of the same kind
        What is known of the users when they are tested: `train`, and of held-out users what is folded in.
    held_out : bool
        Whether users were held out, whose factors a model has to make of their history.
    name : str
        How it was made.
    cold_users, cold_items : int
        How many users with something in `test` have no history, and how many items there have nobody in
        `train`. No model that goes by what people did alone can do anything about them.
    left_out : int
        Entries that are in neither part: what is known of the user already, or of users or items that
        `train` left out because they had too few of the other.
    items : numpy.ndarray of int32, or None
        The items that were held out, where it was items: those alone are ranked. None for all items.
    """

    train: Any
    test: Any
    history: Any
    held_out: bool
    name: str
    cold_users: int
    cold_items: int
    left_out: int
    items: npt.NDArray[np.int32] | None = None

    def __iter__(self) -> Iterator[Any]:
        yield self.train
        yield self.test

    def __repr__(self) -> str:
        train, test = matrix_of(self.train), matrix_of(self.test)
        users = np.count_nonzero(np.diff(test.indptr))
        known = f", of which the model cannot know {self.cold_users:,}" if self.cold_users else ""
        return (
            f"Split({self.name}: {train.nnz:,} entries to learn from, {test.nnz:,} to test with, "
            f"of {users:,} users{known})"
        )


def matrix_of(data: Any) -> Any:
    """Return the matrix of either kind of data."""
    return getattr(data, "matrix", data)


@dataclass(frozen=True)
class Cut:
    """Which events go where."""

    train: Mask
    test: Mask
    history: Mask | None = None
    name: str = ""
    left_out: int = field(default=0)
    #: Whether all of some items was held out.
    of_items: bool = False


class Splitter(ABC):
    """A way to split. Equal settings and data give equal splits."""

    def split(self, data: Any, times: Any = None) -> Split:
        """Split.

        Parameters
        ----------
        data : Interactions, or scipy.sparse matrix or array, shape [n_users, n_items]
            Interactions that were read with ``keep_events=True`` are split event by event, so that each part
            is what it would be if only its events had been read; weights fade as seen from its own latest
            event. Of others and of matrices the entries are split.
        times : array, shape [nnz], or sparse matrix with the entries of `data`, optional
            When the entries of a matrix happened: numbers, seconds where days are counted, or datetime64; in
            order of row and column.

        Returns
        -------
        Split

        Raises
        ------
        ValueError
            If nothing would be left to learn from or nobody to test, if there are several splits, or if times
            are needed and missing, or cannot be seconds.
        TypeError
            If `data` is neither.
        """
        every = self.splits(data, times)
        first = next(every)
        if next(every, None) is not None:
            msg = f"{type(self).__name__} makes several splits: go through splits(data)"
            raise ValueError(msg)
        return first

    def splits(self, data: Any, times: Any = None) -> Iterator[Split]:
        """Make all splits, one after the other; see `split`."""
        source = source_of(data, times)
        for cut in self._cuts(source):
            yield _made(source, cut)

    @abstractmethod
    def _cuts(self, source: Source) -> Iterator[Cut]:
        """Say which events go where."""

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({shown})"


def _made(source: Source, cut: Cut) -> Split:
    for what, mask in (("nothing to learn from", cut.train), ("nobody to test", cut.test)):
        if not mask.any():
            msg = f"this split leaves {what}: {cut.name} of {len(mask):,} events"
            raise ValueError(msg)
    train = history = source.part(cut.train, test=False)
    if cut.history is not None:
        # Whoever is held out is in no row of the train part by itself.
        history = source.part(cut.train | cut.history, test=False)
        train = source.aligned(train, history)
    whole = source.part(cut.test, test=True)
    test = source.aligned(whole, history)
    there = matrix_of(test)
    known, learned = matrix_of(history), matrix_of(train)
    tested = np.diff(there.indptr) > 0
    if not tested.any():
        why = (
            "items that nobody has are left out of what was read with min_users_per_item"
            if cut.of_items
            else ("no user or item of the test part is in the other")
        )
        msg = f"this split leaves nobody to test: {why} ({cut.name})"
        raise ValueError(msg)
    items = np.bincount(there.indices, minlength=there.shape[1]) > 0
    learnable = np.bincount(learned.indices, minlength=there.shape[1]) > 0
    return Split(
        train, test, history, cut.history is not None, cut.name,
        cold_users=int(np.count_nonzero(tested & (np.diff(known.indptr) == 0))),
        cold_items=int(np.count_nonzero(items & ~learnable)),
        left_out=cut.left_out + int(matrix_of(whole).nnz - there.nnz),
        items=np.flatnonzero(items).astype(np.int32) if cut.of_items else None,
    )  # fmt: skip


def without_repeats(source: Source, train: Mask, test: Mask) -> tuple[Mask, int]:
    """Leave out of the test events those of pairs that are to be learned from, and count their pairs."""
    pairs = source.pairs()
    known = np.zeros(int(pairs.max(initial=-1)) + 1, bool)
    known[pairs[train]] = True
    repeated = test & known[pairs]
    return test & ~repeated, len(np.unique(pairs[repeated]))

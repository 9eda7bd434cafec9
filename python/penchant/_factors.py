"""The factors of users and items, and what is packed from them for searching."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from penchant import _arguments, _core
from penchant._arguments import Floats
from penchant.exceptions import NotFittedError

# With fewer candidates than this, packing them costs more than it saves.
_SMALLEST_INDEX = 1024

# Held while one side is replaced by something made from the old one. It is nobody's attribute, so that
# models can be pickled and compared.
WRITING = threading.RLock()


def _after_fork() -> None:
    """Replace the lock: another thread of the parent may have held it."""
    global WRITING  # noqa: PLW0603
    WRITING = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Factors:
    """Keeps the factors of both sides.

    They are read-only arrays: what is packed for searching is made from them once. To change them, assign
    changed copies.
    """

    num_threads: int
    dtype: np.dtype[Any]

    def __init__(self) -> None:
        # Replaced as a pair, so that other threads never see one side of a fit with the other of the next.
        self._sides: tuple[Floats | None, Floats | None] = (None, None)
        self._factors_were_set = False
        self._indexes: dict[str, tuple[Any, _core.Index]] = {}
        self._grams: dict[str, tuple[Any, _core.Gram]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_indexes": {}, "_grams": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._take_factors(*self._sides)  # NumPy forgets that they are read-only

    def _take_factors(self, users: Floats | None, items: Floats | None) -> None:
        """Replace the factors, and forget what was packed from the old ones."""
        for side in (users, items):
            if side is not None:
                side.flags.writeable = False
        self._sides = users, items
        self._indexes = {
            kind: kept for kind, kept in list(self._indexes.items()) if kept[0] is users or kept[0] is items
        }
        self._grams = {
            side: kept for side, kept in list(self._grams.items()) if kept[0] is users or kept[0] is items
        }

    @property
    def user_factors(self) -> Any:
        """The factors of the users, shape [n_users, factors]; None before a fit. Settable, with a copy."""
        return self._sides[0]

    @user_factors.setter
    def user_factors(self, values: Any) -> None:
        users = None if values is None else _arguments.factors(values, "user_factors")
        with WRITING:
            self._take_factors(users, self._sides[1])
        self._factors_were_set = True

    @property
    def item_factors(self) -> Any:
        """The factors of the items, shape [n_items, factors]; None before a fit. Settable, with a copy."""
        return self._sides[1]

    @item_factors.setter
    def item_factors(self, values: Any) -> None:
        items = None if values is None else _arguments.factors(values, "item_factors")
        with WRITING:
            self._take_factors(self._sides[0], items)
        self._factors_were_set = True

    def _folded(self, side: str, fixed: Floats, rows: Any, name: str, count: int) -> Floats:
        """Compute the factors of `count` rows over `fixed`, which are the factors of `side`."""
        raise NotImplementedError

    def _fitted(self, name: str) -> Any:
        return self._known(self._sides[name == "item_factors"], name)

    def _known(self, values: Floats | None, name: str) -> Any:
        if values is None:
            msg = f"this {type(self).__name__} has no {name} yet: call fit first"
            raise NotFittedError(msg)
        return values

    def _fitted_pair(self) -> tuple[Any, Any]:
        """Return the factors of both sides, which someone may have assigned one by one."""
        users, items = self._sides
        users, items = self._known(users, "user_factors"), self._known(items, "item_factors")
        if users.dtype != items.dtype or users.shape[1] != items.shape[1]:
            got = f"{users.shape[1]} columns of {users.dtype} and {items.shape[1]} of {items.dtype}"
            msg = f"user_factors and item_factors must have the same number of columns and dtype, got {got}"
            raise ValueError(msg)
        return users, items

    def _gram(self, side: str, factors: Floats) -> _core.Gram:
        """Return the Gram matrix of these factors of one side: made when first needed."""
        kept = self._grams.get(side)
        if kept is None or kept[0] is not factors:
            kept = self._grams[side] = (factors, _core.gram(factors, self._threads()))
        return kept[1]

    def _typical(self, users: Floats) -> Floats:
        """Return factors of users that a search may expect: of all of them, where they fit these."""
        everyone = self._sides[0]
        fits = everyone is not None and everyone.dtype == users.dtype and everyone.shape[1] == users.shape[1]
        return everyone if everyone is not None and fits and len(everyone) else users

    def _threads(self) -> int:
        """Return the number of threads, checked."""
        return _arguments.integer(self.num_threads, "num_threads", 0)

    def _index(self, kind: str, candidates: Any, queries: Any = None, *, always: bool = False) -> Any:
        """Return packed candidates: made when first needed, unless they are few.

        They are for products with rows like `queries`, or without those for comparing directions.
        """
        if len(candidates) < _SMALLEST_INDEX and not always:
            return None
        packed = self._indexes.get(kind)
        # Another thread may have replaced the factors since the caller read them.
        if packed is None or packed[0] is not candidates:
            threads = self._threads()
            if queries is None:
                index = _core.index_of_directions(candidates, threads)
            else:
                index = _core.index_of_items(queries, candidates, threads)
            packed = self._indexes[kind] = (candidates, index)
        return packed[1]

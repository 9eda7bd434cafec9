"""The factors of both sides of a model, and what is made of them for searching and solving."""

from __future__ import annotations

import os
import threading
from typing import Any, TypeAlias

from penchant import _core
from penchant._validation import Floats

# With fewer candidates than this, packing them costs more than it saves.
_SMALLEST_INDEX = 1024

_Sides: TypeAlias = tuple[Floats | None, Floats | None]

# Held while one side is replaced by something made from the old one. It is nobody's attribute, so that
# models can be pickled and compared.
WRITING = threading.RLock()


def _after_fork() -> None:
    """Replace the lock: another thread of the parent may have held it."""
    global WRITING  # noqa: PLW0603
    WRITING = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class FactorStore:
    """Keeps the factors of users and items as one value, and what is packed from either.

    They are read-only arrays: what is packed for searching is made from them once.
    """

    def __init__(self) -> None:
        # The factors of users and items, and what is known of the features of either. Replaced as one, so
        # that other threads never see a part of one fit with a part of the next.
        self._state: tuple[_Sides, tuple[Any, Any]] = (None, None), (None, None)
        # Whether someone has assigned factors since the last fit, which the next one then starts from.
        self.were_set = False
        self._indexes: dict[str, tuple[Any, _core.rank.Index]] = {}
        self._grams: dict[str, tuple[Any, Any, _core.als.Gram]] = {}

    def __eq__(self, other: object) -> bool:
        """Compare stores without factors, as those of unfitted models are; others equal themselves."""
        if not isinstance(other, FactorStore):
            return NotImplemented
        return self is other or (
            self.sides == (None, None) == other.sides and self.were_set == other.were_set
        )

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_indexes": {}, "_grams": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.replace(*self.sides, self.known)  # NumPy forgets that they are read-only

    def __copy__(self) -> FactorStore:
        other = FactorStore()
        other.__dict__ |= self.__dict__ | {"_indexes": dict(self._indexes), "_grams": dict(self._grams)}
        return other

    @property
    def sides(self) -> tuple[Floats | None, Floats | None]:
        """The factors of users and those of items."""
        return self._state[0]

    def snapshot(self) -> FactorStore:
        """Return what there is now, whatever becomes of this; what is made of it is kept in both."""
        other = FactorStore()
        other.__dict__ |= self.__dict__
        return other

    @property
    def known(self) -> tuple[Any, Any]:
        """What is known of the features of users and of items; None without any."""
        return self._state[1]

    def replace(
        self, users: Floats | None, items: Floats | None, known: tuple[Any, Any] = (None, None)
    ) -> None:
        """Replace the factors and what is known of features, and forget what was made of the old ones."""
        for side in (users, items):
            if side is not None:
                side.flags.writeable = False
        self._state = (users, items), known
        for kept in (self._indexes, self._grams):
            for kind, (made_of, *_) in list(kept.items()):
                if made_of is not users and made_of is not items:
                    kept.pop(kind, None)

    def gram(self, side: str, factors: Floats, threads: int) -> _core.als.Gram:
        """Return the Gram matrix of these factors of one side: made when first needed.

        Rows that are known from their features alone do not count.
        """
        kept, known = self._grams.get(side), self.known[side == "item_factors"]
        # Another thread may have replaced the factors since the caller read them.
        if kept is None or kept[0] is not factors or kept[1] is not known:
            counted, count = (factors, None) if known is None else known.taking_part(factors)
            kept = self._grams[side] = (factors, known, _core.als.gram(counted, threads, count))
        return kept[2]

    def index(
        self, kind: str, candidates: Any, queries: Any, threads: int, *, always: bool = False
    ) -> _core.rank.Index | None:
        """Return packed candidates: made when first needed, unless they are few.

        They are for products with rows like `queries`, or if that is None for comparing directions.
        """
        if len(candidates) < _SMALLEST_INDEX and not always:
            return None
        kept = self._indexes.get(kind)
        if kept is None or kept[0] is not candidates:
            if queries is None:
                index = _core.rank.index_of_directions(candidates, threads)
            else:
                index = _core.rank.index_of_items(queries, candidates, threads)
            kept = self._indexes[kind] = (candidates, index)
        return kept[1]

    def pack_moved_items(self, before: FactorStore, threads: int) -> None:
        """Pack the items as those of `before` are, which is faster than anew, if it has packed as many."""
        items, kept = self.sides[1], before._indexes.get("items")
        if items is not None and kept is not None and kept[0].shape == items.shape:
            self._indexes["items"] = (items, _core.rank.index_of_moved_items(kept[1], items, threads))

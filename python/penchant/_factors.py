"""The factors of users and items, and what is packed from them for searching."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant import _arguments, _core
from penchant._arguments import Floats
from penchant.exceptions import NotFittedError

# With fewer candidates than this, packing them costs more than it saves.
_SMALLEST_INDEX = 1024


class Factors:
    """Keeps the factors of both sides.

    They are read-only arrays: what is packed for searching is made from them once. To change them, assign
    changed copies.
    """

    num_threads: int
    dtype: np.dtype[Any]

    def __init__(self) -> None:
        self._user_factors: Floats | None = None
        self._item_factors: Floats | None = None
        self._factors_were_set = False
        self._indexes: dict[str, tuple[Any, _core.Index]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_indexes": {}}

    def _take_factors(self, users: Floats | None, items: Floats | None) -> None:
        """Replace the factors, and forget what was packed from the old ones."""
        for side in (users, items):
            if side is not None:
                side.flags.writeable = False
        self._user_factors, self._item_factors = users, items
        self._indexes = {}

    @property
    def user_factors(self) -> Any:
        """The factors of the users, shape [n_users, factors]; None before a fit. Settable, with a copy."""
        return self._user_factors

    @user_factors.setter
    def user_factors(self, values: Any) -> None:
        users = None if values is None else _arguments.factors(values, "user_factors")
        self._take_factors(users, self._item_factors)
        self._factors_were_set = True

    @property
    def item_factors(self) -> Any:
        """The factors of the items, shape [n_items, factors]; None before a fit. Settable, with a copy."""
        return self._item_factors

    @item_factors.setter
    def item_factors(self, values: Any) -> None:
        items = None if values is None else _arguments.factors(values, "item_factors")
        self._take_factors(self._user_factors, items)
        self._factors_were_set = True

    def _fitted(self, name: str) -> Any:
        values = getattr(self, f"_{name}")
        if values is None:
            msg = f"this {type(self).__name__} has no {name} yet: call fit first"
            raise NotFittedError(msg)
        return values

    def _index(self, kind: str, candidates: Any, queries: Any = None, *, always: bool = False) -> Any:
        """Return packed candidates: made when first needed, unless they are few.

        They are for products with rows like `queries`, or without those for comparing directions.
        """
        if len(candidates) < _SMALLEST_INDEX and not always:
            return None
        packed = self._indexes.get(kind)
        # Another thread may have replaced the factors since the caller read them.
        if packed is None or packed[0] is not candidates:
            threads = max(self.num_threads, 0)
            if queries is None:
                index = _core.index_of_directions(candidates, threads)
            else:
                index = _core.index_of_items(queries, candidates, threads)
            packed = self._indexes[kind] = (candidates, index)
        return packed[1]

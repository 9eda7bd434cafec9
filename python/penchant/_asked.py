"""Questions in the caller's labels, answers in their kind of frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant import _arguments, _frames
from penchant._arguments import Ids
from penchant._labels import Unknown, taken
from penchant.exceptions import NotFittedError
from penchant.interactions import Interactions


class Asked:
    """Knows the data that labels stand in."""

    _data: Interactions | None

    @property
    def data(self) -> Interactions:
        """What the model was fitted to, and updated with."""
        if self._data is None:
            msg = "this Recommender has not been fitted; call fit first"
            raise NotFittedError(msg)
        return self._data

    @property
    def _events(self) -> Any:
        return self.data._events

    def _users(self, users: Any, unknown: Unknown = "raise") -> Ids:
        if users is None:
            return np.arange(self.data.shape[0], dtype=np.int32)
        return np.atleast_1d(self.data._codes("user", users, unknown))

    def _items(self, items: Any, unknown: Unknown = "raise") -> Ids:
        return np.atleast_1d(self.data._codes("item", items, unknown))

    def _count(self, n: Any, most: int) -> int:
        return max(min(_arguments.integer(n, "n", 1), most), 1)

    def _candidates(self, items: Any, exclude: Any, unknown: Unknown) -> dict[str, Any]:
        chosen, left_out = (
            None if given is None else np.unique(self._items(given, unknown)) for given in (items, exclude)
        )
        if chosen is not None and left_out is not None:
            return {"items": np.setdiff1d(chosen, left_out)}
        return {"items": chosen, "filter_items": left_out}

    def _ranked(self, queries: dict[str, Any], found: str, ids: Ids, scores: Any, labels: Any = None) -> Any:
        """Return a frame of one line for each answer; -1 is none, and -inf what was filtered."""
        rows, places = np.nonzero((ids >= 0) & (scores > -np.inf))
        columns = {name: taken(among, codes[rows]) for name, (among, codes) in queries.items()}
        columns[found] = taken(labels or self._events.items, ids[rows, places])
        return self._frame(columns | {"score": scores[rows, places], "rank": places + 1})

    def _frame(self, columns: dict[str, Any]) -> Any:
        return _frames.frame_of(columns, self.data._backend)

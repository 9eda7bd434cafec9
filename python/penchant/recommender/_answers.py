"""From labels to codes, and from ids to frames of labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant._frames import frame_of
from penchant._labels import Unknown
from penchant._validation import Ids, integer
from penchant.interactions import LabelledMatrix


class Answers:
    """Codes for questions, frames for answers, in the labels of some data."""

    def __init__(self, data: LabelledMatrix) -> None:
        self.data = data

    def users(self, users: Any, unknown: Unknown = "raise") -> Ids:
        """Return the codes of users; None stands for everyone."""
        if users is None:
            return np.arange(self.data.shape[0], dtype=np.int32)
        return np.atleast_1d(self.data.user_codes(users, unknown=unknown))

    def items(self, items: Any, unknown: Unknown = "raise") -> Ids:
        """Return the codes of items."""
        return np.atleast_1d(self.data.item_codes(items, unknown=unknown))

    def count(self, n: Any, most: int) -> int:
        """Return how many are wanted, at most as many as there are."""
        return max(min(integer(n, "n", 1), most), 1)

    def candidates(self, items: Any, exclude: Any, unknown: Unknown) -> dict[str, Any]:
        """Return which items are ranked, as models take it."""
        chosen, left_out = (
            None if given is None else np.unique(self.items(given, unknown)) for given in (items, exclude)
        )
        if chosen is not None and left_out is not None:
            return {"items": np.setdiff1d(chosen, left_out)}
        return {"items": chosen, "filter_items": left_out}

    def ranked(
        self, asked: dict[str, tuple[Any, Ids]], found: str, labels: Any, ids: Ids, scores: Any
    ) -> Any:
        """Return a frame of one line for each answer; -1 is none, and -inf what was filtered.

        `asked` has for each column what makes labels of codes, and the code of each row; `found` is the name
        of the column of answers, whose labels `labels` makes.
        """
        rows, places = np.nonzero((ids >= 0) & (scores > -np.inf))
        columns = {name: labels_of(codes[rows]) for name, (labels_of, codes) in asked.items()}
        columns[found] = labels(ids[rows, places])
        return self.frame(columns | {"score": scores[rows, places], "rank": places + 1})

    def frame(self, columns: dict[str, Any]) -> Any:
        """Return columns as a frame of the kind that the data came in."""
        return frame_of(columns, self.data.frame_backend)

"""Lists of recommendations in which scores are equal: the candidates whose order is arbitrary.

An exact search lists equals in the order of their numbers, which says nothing about the model. The core
averages metrics over all orders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from penchant._validation import Ids

#: Lists so many items for each of some users, of whom rows say what they have.
Recommend: TypeAlias = Callable[[Any, Any, int], tuple[Ids, Any]]

# Candidates that are listed at a time where scores are equal.
_IDS_AT_A_TIME = 1 << 20


@dataclass(slots=True)
class Lists:
    """Recommendations for some users, and what is arbitrary about their order.

    Attributes
    ----------
    ids : numpy.ndarray of int32, shape [n_users, k or fewer]
    scores : numpy.ndarray, shape [n_users, as many or one more], or None
        None where the order is the model's own.
    tied : list of (place, ids, scores)
        For each user in whose list scores are equal, all candidates down to the last that ties with place k.
    """

    ids: Ids
    scores: Any
    tied: list[tuple[int, Ids, Any]]

    def certain(self, k: int) -> Any:
        """Return whether the item of each of the first k places is listed whatever the order of equals."""
        ids = self.ids[:, :k]
        if self.scores is None or self.scores.shape[1] <= k:
            return np.ones(ids.shape, bool)
        last = self.scores[:, [k - 1]]
        open_ended = (last == self.scores[:, [k]]) & (last > -np.inf)
        return ~(open_ended & (self.scores[:, :k] == last))

    def candidates(self) -> tuple[npt.NDArray[np.int64], Ids, npt.NDArray[np.float64]] | None:
        """Return where each list's candidates start, their ids and their scores: of `tied`, for the core."""
        if not self.tied:
            return None
        counts = np.zeros(len(self.ids), np.int64)
        ids, scores = [], []
        for place, own, values in self.tied:
            there = (own >= 0) & (values > -np.inf)
            ids.append(own[there])
            scores.append(values[there])
            counts[place] = len(ids[-1])
        starts = np.concatenate([[0], np.cumsum(counts)])
        return starts, np.concatenate(ids, dtype=np.int32), np.concatenate(scores, dtype=np.float64)


def listed(recommend: Recommend, users: Ids, rows: Any, k: int) -> Lists:
    """Recommend k items to users, and find out where their order is arbitrary."""
    ids, scores = recommend(users, rows, k + 1)
    equal = (scores[:, 1:] == scores[:, :-1]) & (scores[:, 1:] > -np.inf)
    open_ended = equal[:, k - 1] if scores.shape[1] > k else np.zeros(len(ids), bool)
    further = _down_to_the_last(recommend, users, rows, k, np.flatnonzero(open_ended))
    tied = [
        (place, *further.get(place, (ids[place], scores[place])))
        for place in np.flatnonzero(equal.any(axis=1)).tolist()
    ]
    return Lists(np.ascontiguousarray(ids[:, :k]), scores, tied)


def _down_to_the_last(
    recommend: Recommend, users: Ids, rows: Any, k: int, places: Any
) -> dict[int, tuple[Ids, Any]]:
    """Return the candidates of some users down to the last that ties with place k, by ever longer lists."""
    found: dict[int, tuple[Ids, Any]] = {}
    n = k
    while len(places):
        n = 4 * n
        size = max(1, _IDS_AT_A_TIME // n)
        unfinished = []
        for part in (places[first : first + size] for first in range(0, len(places), size)):
            ids, scores = recommend(users[part], rows[part], n)
            done = (scores[:, -1] < scores[:, k - 1]) | (scores.shape[1] < n)
            # What lies far below place k is not kept.
            lengths = (scores >= scores[:, [k - 1]]).sum(axis=1)
            for at in np.flatnonzero(done).tolist():
                length = int(lengths[at])
                found[int(part[at])] = ids[at, :length].copy(), scores[at, :length].copy()
            unfinished.append(part[~done])
        places = np.concatenate(unfinished)
    return found

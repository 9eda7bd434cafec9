"""Lists of recommendations in which scores are equal: what is expected if every order of equals is as likely.

An exact search lists equals in the order of their numbers, which says nothing about the model. Averaged over
all orders, metrics do not depend on how items are numbered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

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


@dataclass(slots=True)
class Expected:
    """What the first k places of a list contribute if every order of equals is as likely."""

    hits: float = 0.0
    early_hits: float = 0.0
    found: float = 0.0
    reciprocal: float = 0.0
    precisions: float = 0.0
    gain: float = 0.0
    graded_gain: float = 0.0


def expected(ids: Ids, scores: Any, relevant: Ids, grades: Any, k: int) -> Expected:
    """Return what is expected of candidates in order, of which equals may come in any.

    References
    ----------
    McSherry and Najork, "Computing Information Retrieval Performance Measures Efficiently in the Presence of
    Tied Scores", 2008.
    """
    there = (ids >= 0) & (scores > -np.inf)
    ids, scores = ids[there], scores[there]
    place_of = np.searchsorted(relevant, ids)
    place_of[place_of == len(relevant)] = 0
    is_hit = relevant[place_of] == ids
    worth = np.where(is_hit, np.maximum(grades[place_of], 0.0), 0.0)
    starts = np.concatenate([[0], np.flatnonzero(scores[1:] != scores[:-1]) + 1, [len(ids)]])
    found = Expected()
    before, no_hit = 0, 1.0
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        size, good = end - start, int(is_hit[start:end].sum())
        grade = float(worth[start:end].sum()) / size
        for place in range(start, min(end, k)):
            at = place - start
            chance = good / size
            found.hits += chance
            found.early_hits += chance if place < len(relevant) else 0.0
            found.gain += chance / np.log2(place + 2)
            found.graded_gain += grade / np.log2(place + 2)
            others = at * (good - 1) / (size - 1) if size > 1 else 0.0
            found.precisions += chance * (1 + before + others) / (place + 1)
            # All before it in the group are none, and this one is.
            first = no_hit * good / (size - at) if size > at else 0.0
            found.reciprocal += first / (place + 1)
            no_hit -= first
        before += good
    found.found = 1.0 - max(no_hit, 0.0)
    return found

"""Lists of recommendations in which scores are equal: what is expected if every order of equals is as likely.

An exact search lists equals in the order of their numbers, which says nothing about the model. Averaged over
all orders, metrics do not depend on how items are numbered.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant._validation import Ids

# Candidates that are listed at a time where scores are equal.
_IDS_AT_A_TIME = 1 << 20


def listed(model: Any, users: Ids, rows: Any, k: int) -> tuple[Ids, Any, list[tuple[int, Ids, Any]]]:
    """Recommend k items to users, and find out where their order is arbitrary.

    Returns
    -------
    ids : numpy.ndarray of int32, shape [n_users, k or fewer]
    certain : numpy.ndarray of bool, same shape
        Whether the item is listed whatever the order of equals.
    tied : list of (place, ids, scores)
        For each user in whose list scores are equal, all candidates down to the last that ties with place k.
    """
    ids, scores = model.recommend(users, rows, N=k + 1)
    equal = (scores[:, 1:] == scores[:, :-1]) & (scores[:, 1:] > -np.inf)
    open_ended = equal[:, k - 1] if scores.shape[1] > k else np.zeros(len(ids), bool)
    further = _down_to_the_last(model, users, rows, k, np.flatnonzero(open_ended))
    tied = [
        (place, *further.get(place, (ids[place], scores[place])))
        for place in np.flatnonzero(equal.any(axis=1)).tolist()
    ]
    ids, scores = np.ascontiguousarray(ids[:, :k]), scores[:, :k]
    certain = ~(open_ended[:, None] & (scores == scores[:, -1:]))
    return ids, certain, tied


def _down_to_the_last(model: Any, users: Ids, rows: Any, k: int, places: Any) -> dict[int, tuple[Ids, Any]]:
    """Return the candidates of some users down to the last that ties with place k, by ever longer lists."""
    found: dict[int, tuple[Ids, Any]] = {}
    n = k
    while len(places):
        n = 4 * n
        size = max(1, _IDS_AT_A_TIME // n)
        unfinished = []
        for part in (places[first : first + size] for first in range(0, len(places), size)):
            ids, scores = model.recommend(users[part], rows[part], N=n)
            done = (scores[:, -1] < scores[:, k - 1]) | (scores.shape[1] < n)
            # What lies far below place k is not kept.
            lengths = (scores >= scores[:, [k - 1]]).sum(axis=1)
            for at in np.flatnonzero(done).tolist():
                length = int(lengths[at])
                found[int(part[at])] = ids[at, :length].copy(), scores[at, :length].copy()
            unfinished.append(part[~done])
        places = np.concatenate(unfinished)
    return found


def expected(ids: Ids, scores: Any, relevant: Ids, k: int) -> tuple[float, float, float, float, float]:
    """Return what is expected: hits, a hit at all, reciprocal rank, sum of precisions at hits, and gain.

    References
    ----------
    McSherry and Najork, "Computing Information Retrieval Performance Measures Efficiently in the Presence of
    Tied Scores", 2008.
    """
    there = (ids >= 0) & (scores > -np.inf)
    ids, scores = ids[there], scores[there]
    is_hit = np.isin(ids, relevant)
    starts = np.concatenate([[0], np.flatnonzero(scores[1:] != scores[:-1]) + 1, [len(ids)]])
    hits = precisions = gain = reciprocal = 0.0
    before, no_hit = 0, 1.0
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        size, good = end - start, int(is_hit[start:end].sum())
        for place in range(start, min(end, k)):
            at = place - start
            chance = good / size
            hits += chance
            gain += chance / np.log2(place + 2)
            others = at * (good - 1) / (size - 1) if size > 1 else 0.0
            precisions += chance * (1 + before + others) / (place + 1)
            # All before it in the group are none, and this one is.
            first = no_hit * good / (size - at) if size > at else 0.0
            reciprocal += first / (place + 1)
            no_hit -= first
        before += good
    return hits, 1.0 - max(no_hit, 0.0), reciprocal, precisions, gain

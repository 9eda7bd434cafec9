"""Ranking given candidates instead of all items, as some published tables need it."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant._validation import Ids, describe, integer
from penchant.evaluation._ties import Lists

# Scores that are held at a time.
_SCORES_AT_A_TIME = 1 << 24


def candidates_of(candidates: Any, train: Any, test: Any, users: Ids) -> Ids:
    """Return the candidates of each of some users besides their test items, -1 where there are no more.

    A number draws as many of the items that a user has in neither part; always the same ones.
    """
    items = test.shape[1]
    if np.ndim(candidates) == 0:
        count = integer(candidates, "candidates", 1)
        drawn = np.full((len(users), count), -1, np.int32)
        for row, user in enumerate(users.tolist()):
            has = np.zeros(items, bool)
            for matrix in (train, test):
                has[matrix.indices[matrix.indptr[user] : matrix.indptr[user + 1]]] = True
            others = np.flatnonzero(~has)
            taken = np.random.default_rng([0, user]).choice(others, min(count, len(others)), replace=False)
            drawn[row, : len(taken)] = taken
        return drawn
    given = np.asarray(candidates)
    if given.ndim != 2 or given.dtype.kind not in "iu" or len(given) != test.shape[0]:
        wanted = f"a number, or ids of shape [{test.shape[0]}, n], a row for each user"
        got = f"{given.dtype} of shape {given.shape}" if given.dtype != object else describe(candidates)
        msg = f"candidates must be {wanted}, got {got}"
        raise ValueError(msg)
    if given.size and given.max() >= items:
        msg = f"candidates must be items of the {items} that there are, got {given.max()}"
        raise IndexError(msg)
    return given[users].astype(np.int32)


def ranked(model: Any, users: Ids, rows: Any, others: Ids, test: Any, k: int, *, recalculate: bool) -> Lists:
    """Rank candidates and test items of each user by the model's scores."""
    if not hasattr(model, "score"):
        msg = f"candidates need a model with score(userids, user_items, recalculate), got {describe(model)}"
        raise TypeError(msg)
    counts = np.diff(test.indptr)
    width = int(others.shape[1] + counts.max(initial=0))
    ids = np.full((len(users), width), -1, np.int32)
    for row in range(len(users)):
        own = np.union1d(others[row][others[row] >= 0], test.indices[test.indptr[row] : test.indptr[row + 1]])
        ids[row, : len(own)] = own
    scores = np.full(ids.shape, -np.inf)
    step = max(1, _SCORES_AT_A_TIME // test.shape[1])
    for first in range(0, len(users), step):
        part = slice(first, first + step)
        every = model.score(users[part], rows[part], recalculate)
        scores[part] = np.where(
            ids[part] >= 0, np.take_along_axis(every, np.maximum(ids[part], 0), 1), -np.inf
        )
    order = np.lexsort((ids, -scores), axis=1)
    ids, scores = np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)
    equal = (scores[:, 1:] == scores[:, :-1]) & (scores[:, 1:] > -np.inf)
    tied = [(row, ids[row], scores[row]) for row in np.flatnonzero(equal[:, :k].any(axis=1)).tolist()]
    ids = np.where(scores > -np.inf, ids, -1)
    return Lists(np.ascontiguousarray(ids[:, :k]), scores[:, : k + 1], tied)

"""One pass over the users with test items: what each list of recommendations has in common with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from penchant import _core
from penchant._sparse import canonical_matrix, csr_rows
from penchant._validation import Ids, describe, integer
from penchant.evaluation import _ties

# Users whose recommendations are made at a time.
_USERS_PER_BATCH = 4096


class RankedLists:
    """One value for each user with test items, in order; and which items were recommended to anyone."""

    def __init__(
        self,
        model: Any,
        train: Any,
        test: Any,
        k: int,
        show_progress: bool,
        num_threads: int,
        *,
        warm_only: bool = False,
    ) -> None:
        k = integer(k, "K", 1)
        num_threads = integer(num_threads, "num_threads", 0)
        if not hasattr(model, "recommend") or hasattr(model, "recommend_for"):
            what = (
                "a Recommender: pass its model, recommender.model"
                if hasattr(model, "recommend_for")
                else None
            )
            msg = f"model must have recommend(userids, user_items, N), got {what or describe(model)}"
            raise TypeError(msg)
        train, test = canonical_matrix(train, "train_user_items"), canonical_matrix(test, "test_user_items")
        if train.shape != test.shape:
            shapes = f"{train.shape} and {test.shape}"
            msg = f"train_user_items and test_user_items must have the same shape, got {shapes}"
            raise ValueError(msg)
        users = np.flatnonzero(np.diff(test.indptr)).astype(np.int32)
        if len(users) == 0:
            msg = "test_user_items has no stored entries: there is nothing to compare recommendations with"
            raise ValueError(msg)
        self.cold_users = 0
        if warm_only:
            warm = _are_warm(model, train, users)
            self.cold_users = int(np.count_nonzero(~warm))
            users = users[warm]
        # Only an exact search lists equals in the order of their numbers; what others do is their own.
        exact = warm_only and hasattr(model, "knows_users")
        self.relevant = np.diff(test.indptr)[users].astype(np.float64)
        self.recommended = np.zeros(test.shape[1], dtype=bool)
        parts = [[np.zeros(0)] * _COLUMNS]
        with tqdm(total=len(users), disable=not show_progress, unit="user") as bar:
            for first in range(0, len(users), _USERS_PER_BATCH):
                batch = users[first : first + _USERS_PER_BATCH]
                rows = train[batch]
                if exact:
                    ids, certain, tied = _ties.listed(model, batch, rows, k)
                else:
                    answer = model.recommend(batch, rows, N=k)
                    ids, tied = _ids_of(answer, len(batch), k), []
                    certain = np.ones(ids.shape, bool)
                largest = int(ids.max(initial=-1))
                if largest >= test.shape[1]:
                    columns = f"test_user_items has {test.shape[1]} columns"
                    msg = f"{columns}, but the model recommends item {largest}: it needs one for each item"
                    raise ValueError(msg)
                self.recommended[ids[(ids >= 0) & certain]] = True
                parts.append(_qualities(ids, test[batch], tied, k, num_threads))
                bar.update(len(batch))
        values = [np.concatenate(column) for column in zip(*parts, strict=True)]
        self.hits, self.found, self.reciprocal, self.precisions, self.gain, self.area = values


# What `_qualities` returns.
_COLUMNS = 6


def _qualities(ids: Ids, test: Any, tied: Any, k: int, num_threads: int) -> list[npt.NDArray[np.float64]]:
    relevant = csr_rows(test, "test_user_items").entries()
    hits, first, precisions, gain, area = _core.metrics.list_qualities(
        ids, relevant, test.shape[1], num_threads
    )
    found = (first > 0).astype(np.float64)
    reciprocal = np.where(first > 0, 1 / np.maximum(first, 1), 0.0)
    columns = [hits, found, reciprocal, precisions, gain]
    for place, candidates, scores in tied:
        items = test.indices[test.indptr[place] : test.indptr[place + 1]]
        for column, value in zip(columns, _ties.expected(candidates, scores, items, k), strict=True):
            column[place] = value
    return [*columns, area]


def _are_warm(model: Any, train: Any, users: Ids) -> npt.NDArray[np.bool_]:
    """Return about which of the users the model can know something."""
    warm = np.diff(train.indptr)[users] > 0 if train.nnz else np.ones(len(users), dtype=bool)
    if hasattr(model, "knows_users"):
        known: npt.NDArray[np.bool_] = warm & model.knows_users(users, train[users])
        return known
    factors = getattr(model, "user_factors", None)
    if isinstance(factors, np.ndarray) and len(factors) == train.shape[0]:
        warm &= factors[users].any(axis=1)
    return warm


def _ids_of(answer: Any, users: int, k: int) -> Ids:
    """Return the ids of what a model answered, after a look at them."""
    ids = np.asarray(answer[0])
    if ids.dtype.kind not in "iu" or ids.ndim != 2 or len(ids) != users:
        got = f"{ids.dtype} of shape {ids.shape}"
        msg = f"model.recommend must return integer ids of shape [{users}, k], got {got}"
        raise TypeError(msg)
    if ids.shape[1] > k:
        msg = f"model.recommend must return at most N={k} items for each user, got {ids.shape[1]}"
        raise ValueError(msg)
    in_order = np.sort(ids, axis=1)
    repeated = (in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] >= 0)
    if repeated.any():
        row, place = (int(where[0]) for where in np.nonzero(repeated))
        msg = f"model.recommend must list an item once, got item {in_order[row, place]} twice in row {row}"
        raise ValueError(msg)
    return np.ascontiguousarray(ids, dtype=np.int32)


def best_gain(lengths: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the discounted gain of lists that hold nothing but hits."""
    gains = np.cumsum(1 / np.log2(np.arange(2, int(lengths.max(initial=0)) + 2)))
    best: npt.NDArray[np.float64] = gains[lengths.astype(np.int64) - 1]
    return best

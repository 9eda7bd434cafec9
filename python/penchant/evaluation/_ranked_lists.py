"""One pass over the users with test items: what each list of recommendations has in common with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from penchant import _core
from penchant._sparse import canonical_matrix, csr_rows
from penchant._validation import Ids, describe, ids, integer
from penchant.evaluation import _candidates, _ties

# Users whose recommendations are made at a time.
_USERS_PER_BATCH = 4096

Values = npt.NDArray[np.float64]
#: More values of some lists: those, the users' rows in training and test, and where equals are arbitrary.
More = Callable[[_ties.Lists, Any, Any], dict[str, Values]]


class RankedLists:
    """Values for each user with test items, in order; and how often items were recommended.

    Attributes
    ----------
    users : numpy.ndarray of int32
    relevant : numpy.ndarray, shape [n_users]
        How many test items each has.
    values : dict of metric to numpy.ndarray, shape [n_cutoffs, n_users]
    counts : numpy.ndarray, shape [n_cutoffs, n_items]
        How often each item was recommended, not counting those that tie for the last places.
    cold_users : int
        How many users with test items are left out, as the model cannot know them.
    """

    def __init__(
        self,
        model: Any,
        train: Any,
        test: Any,
        cutoffs: list[int],
        metrics: list[str],
        show_progress: bool,
        num_threads: int,
        *,
        warm_only: bool = False,
        recalculate: bool = False,
        candidates: Any = None,
        items: Any = None,
        more: More | None = None,
    ) -> None:
        num_threads = integer(num_threads, "num_threads", 0)
        if not hasattr(model, "recommend") or hasattr(model, "recommend_for"):
            what = (
                "a Recommender: pass its model, recommender.model"
                if hasattr(model, "recommend_for")
                else None
            )
            msg = f"model must have recommend(userids, user_items, N), got {what or describe(model)}"
            raise TypeError(msg)
        train = canonical_matrix(train, "train_user_items")
        test = canonical_matrix(test, "test_user_items")
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
            warm = _are_warm(model, train, users, recalculate)
            self.cold_users = int(np.count_nonzero(~warm))
            users = users[warm]
        # Only an exact search lists equals in the order of their numbers; what others do is their own.
        exact = warm_only and hasattr(model, "knows_users")
        others = None if candidates is None else _candidates.candidates_of(candidates, train, test, users)
        options: dict[str, Any] = {"recalculate_user": True} if recalculate else {}
        if items is not None:
            options["filter_items"] = _all_but(items, test.shape[1])

        def recommend(userids: Ids, rows: Any, n: int) -> tuple[Ids, Any]:
            found: tuple[Ids, Any] = model.recommend(userids, rows, N=n, **options)
            return found

        self.users = users
        self.relevant = np.diff(test.indptr)[users].astype(np.float64)
        self.counts = np.zeros((len(cutoffs), test.shape[1]))
        longest = max(cutoffs)
        parts: list[dict[str, Values]] = []
        with tqdm(total=len(users), disable=not show_progress, unit="user") as bar:
            for first in range(0, len(users), _USERS_PER_BATCH):
                batch = users[first : first + _USERS_PER_BATCH]
                rows, wanted = train[batch], test[batch]
                if others is not None:
                    given = others[first : first + _USERS_PER_BATCH]
                    lists = _candidates.ranked(
                        model, batch, rows, given, wanted, longest, recalculate=recalculate
                    )
                elif exact:
                    lists = _ties.listed(recommend, batch, rows, longest)
                else:
                    lists = _ties.Lists(
                        _ids_of(recommend(batch, rows, longest), len(batch), longest), None, []
                    )
                largest = int(lists.ids.max(initial=-1))
                if largest >= test.shape[1]:
                    columns = f"test_user_items has {test.shape[1]} columns"
                    msg = f"{columns}, but the model recommends item {largest}: it needs one for each item"
                    raise ValueError(msg)
                for cut, k in enumerate(cutoffs):
                    shown = lists.ids[:, :k]
                    listed = shown[(shown >= 0) & lists.certain(k)]
                    self.counts[cut] += np.bincount(listed, minlength=test.shape[1])
                found = measured(lists, wanted, cutoffs, metrics, num_threads)
                parts.append(found | more(lists, rows, wanted) if more else found)
                bar.update(len(batch))
        names = parts[0] if parts else metrics
        none = np.zeros((len(cutoffs), 0))
        self.values = {n: np.concatenate([none, *(part[n] for part in parts)], axis=1) for n in names}


def measured(
    lists: _ties.Lists, test: Any, cutoffs: list[int], metrics: list[str], num_threads: int
) -> dict[str, Values]:
    """Compare lists with test items: metrics of shape [n_cutoffs, n_lists]."""
    relevant: Any = csr_rows(test, "test_user_items").csr(np.float64)
    own = lists.ids, lists.candidates()
    found = _core.metrics.list_metrics(own, relevant, cutoffs, test.shape[1], metrics, num_threads)
    return dict(zip(metrics, found, strict=True))


def _are_warm(model: Any, train: Any, users: Ids, recalculate: bool) -> npt.NDArray[np.bool_]:
    """Return about which of the users the model can know something."""
    if getattr(model, "has_user_features", False):
        by_features: npt.NDArray[np.bool_] = model.knows_users(users, train[users])
        return by_features
    warm = np.diff(train.indptr)[users] > 0 if train.nnz else np.ones(len(users), dtype=bool)
    if recalculate:
        return warm
    if hasattr(model, "knows_users"):
        known: npt.NDArray[np.bool_] = warm & model.knows_users(users, train[users])
        return known
    factors = getattr(model, "user_factors", None)
    if isinstance(factors, np.ndarray) and len(factors) == train.shape[0]:
        warm &= factors[users].any(axis=1)
    return warm


def _all_but(items: Any, count: int) -> Ids:
    """Return the items that are not among these."""
    others = np.ones(count, dtype=bool)
    others[ids(items, "items", count)] = False
    return np.flatnonzero(others).astype(np.int32)


def _ids_of(answer: Any, users: int, k: int) -> Ids:
    """Return the ids of what a model answered, after a look at them."""
    found = np.asarray(answer[0])
    if found.dtype.kind not in "iu" or found.ndim != 2 or len(found) != users:
        got = f"{found.dtype} of shape {found.shape}"
        msg = f"model.recommend must return integer ids of shape [{users}, k], got {got}"
        raise TypeError(msg)
    if found.shape[1] > k:
        msg = f"model.recommend must return at most N={k} items for each user, got {found.shape[1]}"
        raise ValueError(msg)
    in_order = np.sort(found, axis=1)
    repeated = (in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] >= 0)
    if repeated.any():
        row, place = (int(where[0]) for where in np.nonzero(repeated))
        msg = f"model.recommend must list an item once, got item {in_order[row, place]} twice in row {row}"
        raise ValueError(msg)
    return np.ascontiguousarray(found, dtype=np.int32)

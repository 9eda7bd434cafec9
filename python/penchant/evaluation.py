"""Splitting data into training and test, and measuring recommendations.

Two sets of definitions live here. `ranking_metrics_at_k` and the functions named after single metrics give
the numbers that `implicit` gives, so that results can be compared; `evaluate` gives those of the textbooks,
for the users whom the model can know.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from penchant import _arguments, _core, _ties
from penchant._arguments import Ids
from penchant._factors import Factors
from penchant._splits import canonical, leave_k_out_split, train_test_split

__all__ = [
    "AUC_at_k",
    "evaluate",
    "leave_k_out_split",
    "mean_average_precision_at_k",
    "ndcg_at_k",
    "precision_at_k",
    "ranking_metrics_at_k",
    "train_test_split",
]

# Users whose recommendations are made at a time.
_USERS_PER_BATCH = 4096


def ranking_metrics_at_k(
    model: Any,
    train_user_items: Any,
    test_user_items: Any,
    K: int = 10,
    show_progress: bool = True,
    num_threads: int = 0,
) -> dict[str, float]:
    """Measure a model's recommendations by the definitions of `implicit`.

    Parameters
    ----------
    model
        Anything with ``recommend(userids, user_items, N=K)`` that returns ids and scores.
    train_user_items : scipy.sparse matrix or array, shape [n_users, n_items]
        What the model has learned from: left out of the recommendations.
    test_user_items : scipy.sparse matrix or array, same shape
        What was put aside. Users without a stored entry here do not count.
    K : int, default 10
        How many items are recommended to each user.
    show_progress : bool, default True
        Show a progress bar that counts users.
    num_threads : int, default 0
        The threads that compare lists; 0 for all. Recommending uses the model's own.

    Returns
    -------
    dict with the keys
        - ``precision``: all hits, divided by the sum over users of min(K, number of test items);
        - ``map``: the mean of average precision, each user's divided by min(K, number of test items);
        - ``ndcg``: the mean of the discounted gain with gains of 0 and 1, divided by that of the best list;
        - ``auc``: the mean area under the ROC curve if what is not recommended came behind in random order;
          users who like everything have none.

    Raises
    ------
    TypeError, ValueError
        If a matrix is not sparse or broken, the shapes differ, K < 1, or the test data has no entries; or if
        the model recommends an item twice to a user, or more than K of them.

    Notes
    -----
    As in `implicit`, users without training data count, although the model knows nothing about them: what
    they are recommended, and so the result, depends on how items are numbered. `evaluate` leaves them out.

    Examples
    --------
    >>> from penchant.als import AlternatingLeastSquares
    >>> from penchant.datasets import made_plays
    >>> train, test = train_test_split(made_plays().matrix, random_state=0)
    >>> model = AlternatingLeastSquares(factors=16, random_state=0).fit(train, show_progress=False)
    >>> metrics = ranking_metrics_at_k(model, train, test, K=10, show_progress=False)
    >>> sorted(metrics)
    ['auc', 'map', 'ndcg', 'precision']
    """
    quality = _Quality(model, train_user_items, test_user_items, K, show_progress, num_threads)
    best = np.minimum(K, quality.relevant)
    area = quality.area[~np.isnan(quality.area)]
    return {
        "precision": float(quality.hits.sum() / best.sum()),
        "map": float((quality.precisions / best).mean()),
        "ndcg": float((quality.gain / _best_gain(best)).mean()),
        "auc": float(area.mean()) if len(area) else float("nan"),
    }


def precision_at_k(
    model: Any, train_user_items: Any, test_user_items: Any, K: int = 10, show_progress: bool = True,
    num_threads: int = 0,
) -> float:  # fmt: skip
    """Precision as `ranking_metrics_at_k` defines it."""
    return ranking_metrics_at_k(model, train_user_items, test_user_items, K, show_progress, num_threads)[
        "precision"
    ]


def mean_average_precision_at_k(
    model: Any, train_user_items: Any, test_user_items: Any, K: int = 10, show_progress: bool = True,
    num_threads: int = 0,
) -> float:  # fmt: skip
    """Mean average precision as `ranking_metrics_at_k` defines it."""
    return ranking_metrics_at_k(model, train_user_items, test_user_items, K, show_progress, num_threads)[
        "map"
    ]


def ndcg_at_k(
    model: Any, train_user_items: Any, test_user_items: Any, K: int = 10, show_progress: bool = True,
    num_threads: int = 0,
) -> float:  # fmt: skip
    """Return the normalized discounted cumulative gain, as `ranking_metrics_at_k` defines it."""
    return ranking_metrics_at_k(model, train_user_items, test_user_items, K, show_progress, num_threads)[
        "ndcg"
    ]


def AUC_at_k(  # noqa: N802
    model: Any, train_user_items: Any, test_user_items: Any, K: int = 10, show_progress: bool = True,
    num_threads: int = 0,
) -> float:  # fmt: skip
    """Area under the ROC curve as `ranking_metrics_at_k` defines it."""
    return ranking_metrics_at_k(model, train_user_items, test_user_items, K, show_progress, num_threads)[
        "auc"
    ]


def evaluate(
    model: Any,
    train_user_items: Any,
    test_user_items: Any,
    K: int = 10,
    show_progress: bool = True,
    num_threads: int = 0,
    *,
    cold_as_misses: bool = False,
) -> dict[str, float]:
    """Measure a model's recommendations by the textbook definitions.

    Each is a mean over the users who have test items and about whom the model knows something; ``hits`` are a
    user's recommended test items. It is a function of the model: where scores are equal, it is what is
    expected if every order of them is as likely, so that it does not matter how users and items are numbered.

    Parameters
    ----------
    model, train_user_items, test_user_items, K, show_progress, num_threads
        As for `ranking_metrics_at_k`. If there are no training entries at all, nothing is said about who is
        known to the model but by its factors.
    cold_as_misses : bool, default False
        Whether cold users count, as if none of their test items had been recommended. They are those without
        training entries, or with factors of 0.

    Returns
    -------
    dict with the keys
        - ``precision``: hits / K;
        - ``recall``: hits / number of test items;
        - ``hit_rate``: 1 if there is a hit;
        - ``reciprocal_rank``: 1 / place of the first hit, 0 without one;
        - ``map``: average precision, divided by the number of test items;
        - ``ndcg``: discounted gain with gains of 0 and 1, divided by that of the best list of length K;
        - ``coverage``: the part of all items that was recommended to anyone, not counting those that tie for
          the last places;
        - ``users``: how many users these are means over;
        - ``cold_users``: how many users with test items are cold.

    Raises
    ------
    TypeError, ValueError
        As `ranking_metrics_at_k` does, and if all users with test items are cold.

    References
    ----------
    Manning, Raghavan and Schuetze, "Introduction to Information Retrieval", 2008, chapter 8.
    """
    quality = _Quality(
        model, train_user_items, test_user_items, K, show_progress, num_threads, warm_only=True
    )
    cold = quality.cold_users
    if cold and not len(quality.hits) and not cold_as_misses:
        msg = (
            f"the model knows nothing about any of the {cold:,} users with test items: they have no training "
            "entries, or factors of 0. cold_as_misses=True counts them all the same"
        )
        raise ValueError(msg)
    users = len(quality.hits) + (cold if cold_as_misses else 0)
    best = _best_gain(np.minimum(K, quality.relevant))
    means = {
        "precision": quality.hits / K,
        "recall": quality.hits / quality.relevant,
        "hit_rate": quality.found,
        "reciprocal_rank": quality.reciprocal,
        "map": quality.precisions / quality.relevant,
        "ndcg": quality.gain / best,
    }
    return {name: float(values.sum() / users) for name, values in means.items()} | {
        "coverage": float(quality.recommended.mean()),
        "users": float(users),
        "cold_users": float(cold),
    }


class _Quality:
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
        k = _arguments.integer(k, "K", 1)
        num_threads = _arguments.integer(num_threads, "num_threads", 0)
        if not hasattr(model, "recommend") or hasattr(model, "recommend_for"):
            what = (
                "a Recommender: pass its model, recommender.model"
                if hasattr(model, "recommend_for")
                else None
            )
            msg = (
                f"model must have recommend(userids, user_items, N), got {what or _arguments.describe(model)}"
            )
            raise TypeError(msg)
        train, test = canonical(train, "train_user_items"), canonical(test, "test_user_items")
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
            warm = _are_warm(model, train)[users]
            self.cold_users = int(np.count_nonzero(~warm))
            users = users[warm]
        # Only an exact search lists equals in the order of their numbers; what others do is their own.
        exact = warm_only and isinstance(model, Factors)
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
    relevant = _arguments.entries(test, "test_user_items")
    hits, first, precisions, gain, area = _core.list_qualities(ids, relevant, test.shape[1], num_threads)
    found = (first > 0).astype(np.float64)
    reciprocal = np.where(first > 0, 1 / np.maximum(first, 1), 0.0)
    columns = [hits, found, reciprocal, precisions, gain]
    for place, candidates, scores in tied:
        items = test.indices[test.indptr[place] : test.indptr[place + 1]]
        for column, value in zip(columns, _ties.expected(candidates, scores, items, k), strict=True):
            column[place] = value
    return [*columns, area]


def _are_warm(model: Any, train: Any) -> npt.NDArray[np.bool_]:
    """Return about which users the model can know something."""
    warm = np.diff(train.indptr) > 0 if train.nnz else np.ones(train.shape[0], dtype=bool)
    factors = getattr(model, "user_factors", None)
    if isinstance(factors, np.ndarray) and len(factors) == len(warm):
        warm &= factors.any(axis=1)
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


def _best_gain(lengths: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the discounted gain of lists that hold nothing but hits."""
    gains = np.cumsum(1 / np.log2(np.arange(2, int(lengths.max(initial=0)) + 2)))
    best: npt.NDArray[np.float64] = gains[lengths.astype(np.int64) - 1]
    return best

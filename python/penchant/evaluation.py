"""Splitting data into training and test, and measuring recommendations.

Two sets of definitions live here. `ranking_metrics_at_k` and the functions named after single metrics give
the numbers that `implicit` gives, so that results can be compared; `evaluate` gives those of the textbooks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from penchant import _arguments, _core
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
        If a matrix is not sparse or broken, the shapes differ, K < 1, or the test data has no entries.

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
) -> dict[str, float]:
    """Measure a model's recommendations by the textbook definitions.

    Each is a mean over the users who have test items; ``hits`` are a user's recommended test items.

    Parameters
    ----------
    model, train_user_items, test_user_items, K, show_progress, num_threads
        As for `ranking_metrics_at_k`.

    Returns
    -------
    dict with the keys
        - ``precision``: hits / K;
        - ``recall``: hits / number of test items;
        - ``hit_rate``: 1 if there is a hit;
        - ``reciprocal_rank``: 1 / place of the first hit, 0 without one;
        - ``map``: average precision, divided by the number of test items;
        - ``ndcg``: discounted gain with gains of 0 and 1, divided by that of the best list of length K;
        - ``coverage``: the part of all items that was recommended to anyone;
        - ``users``: how many users there are test items for.

    Raises
    ------
    TypeError, ValueError
        As `ranking_metrics_at_k` does.

    References
    ----------
    Manning, Raghavan and Schuetze, "Introduction to Information Retrieval", 2008, chapter 8.
    """
    quality = _Quality(model, train_user_items, test_user_items, K, show_progress, num_threads)
    found = quality.first > 0
    return {
        "precision": float((quality.hits / K).mean()),
        "recall": float((quality.hits / quality.relevant).mean()),
        "hit_rate": float(found.mean()),
        "reciprocal_rank": float(np.where(found, 1 / np.maximum(quality.first, 1), 0).mean()),
        "map": float((quality.precisions / quality.relevant).mean()),
        "ndcg": float((quality.gain / _best_gain(np.minimum(K, quality.relevant))).mean()),
        "coverage": float(quality.recommended.mean()),
        "users": float(len(quality.hits)),
    }


class _Quality:
    """One value for each user with test items, in order; and which items were recommended to anyone."""

    def __init__(
        self, model: Any, train: Any, test: Any, k: int, show_progress: bool, num_threads: int
    ) -> None:
        k = _arguments.integer(k, "K", 1)
        num_threads = _arguments.integer(num_threads, "num_threads", 0)
        train, test = canonical(train, "train_user_items"), canonical(test, "test_user_items")
        if train.shape != test.shape:
            shapes = f"{train.shape} and {test.shape}"
            msg = f"train_user_items and test_user_items must have the same shape, got {shapes}"
            raise ValueError(msg)
        users = np.flatnonzero(np.diff(test.indptr)).astype(np.int32)
        if len(users) == 0:
            msg = "test_user_items has no stored entries: there is nothing to compare recommendations with"
            raise ValueError(msg)
        self.relevant = np.diff(test.indptr)[users].astype(np.float64)
        self.recommended = np.zeros(test.shape[1], dtype=bool)
        parts = []
        with tqdm(total=len(users), disable=not show_progress, unit="user") as bar:
            for first in range(0, len(users), _USERS_PER_BATCH):
                batch = users[first : first + _USERS_PER_BATCH]
                ids = _ids_of(model.recommend(batch, train[batch], N=k), len(batch))
                largest = int(ids.max(initial=-1))
                if largest >= test.shape[1]:
                    columns = f"test_user_items has {test.shape[1]} columns"
                    msg = f"{columns}, but the model recommends item {largest}: it needs one for each item"
                    raise ValueError(msg)
                self.recommended[ids[ids >= 0]] = True
                relevant = _arguments.entries(test[batch], "test_user_items")
                parts.append(_core.list_qualities(ids, relevant, test.shape[1], num_threads))
                bar.update(len(batch))
        values = [np.concatenate(column) for column in zip(*parts, strict=True)]
        self.hits, self.first, self.precisions, self.gain, self.area = values


def _ids_of(answer: Any, users: int) -> npt.NDArray[np.int32]:
    """Return the ids of what a model answered, after a look at them."""
    ids = np.asarray(answer[0])
    if ids.dtype.kind not in "iu" or ids.ndim != 2 or len(ids) != users:
        got = f"{ids.dtype} of shape {ids.shape}"
        msg = f"model.recommend must return integer ids of shape [{users}, k], got {got}"
        raise TypeError(msg)
    return np.ascontiguousarray(ids, dtype=np.int32)


def _best_gain(lengths: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the discounted gain of lists that hold nothing but hits."""
    gains = np.cumsum(1 / np.log2(np.arange(2, int(lengths.max()) + 2)))
    best: npt.NDArray[np.float64] = gains[lengths.astype(np.int64) - 1]
    return best

"""The ranking metrics of `implicit`, by its definitions, so that results can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant._validation import integer
from penchant.evaluation._ranked_lists import RankedLists


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
    >>> from penchant.evaluation import train_test_split
    >>> train, test = train_test_split(made_plays().matrix, random_state=0)
    >>> model = AlternatingLeastSquares(factors=16, random_state=0).fit(train, show_progress=False)
    >>> metrics = ranking_metrics_at_k(model, train, test, K=10, show_progress=False)
    >>> sorted(metrics)
    ['auc', 'map', 'ndcg', 'precision']
    """
    K = integer(K, "K", 1)
    metrics = ["hits", "map", "ndcg", "auc"]
    ranked = RankedLists(model, train_user_items, test_user_items, [K], metrics, show_progress, num_threads)
    hits, average, ndcg, auc = (ranked.values[name][0] for name in metrics)
    best = np.minimum(K, ranked.relevant)
    auc = auc[ranked.relevant < len(ranked.counts[0])]
    return {
        "precision": float(hits.sum() / best.sum()),
        "map": float((average * ranked.relevant / best).mean()),
        "ndcg": float(ndcg.mean()),
        "auc": float(auc.mean()) if len(auc) else float("nan"),
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

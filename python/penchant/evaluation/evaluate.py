"""The metrics of the textbooks, for the users whom a model can know."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant.evaluation._ranked_lists import RankedLists, best_gain


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
    quality = RankedLists(
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
    best = best_gain(np.minimum(K, quality.relevant))
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

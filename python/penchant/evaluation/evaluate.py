"""The metrics of the textbooks, for the users whom a model can know."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant._sparse import canonical_matrix
from penchant.evaluation._beyond import Beyond, entropy, gini
from penchant.evaluation._evaluation import Evaluation
from penchant.evaluation._ranked_lists import RankedLists, Values, measured
from penchant.evaluation._ties import Lists
from penchant.evaluation.metrics import METRICS, asked_for
from penchant.splitting import Split, matrix_of


def evaluate(
    model: Any,
    train_user_items: Any,
    test_user_items: Any = None,
    K: Any = 10,
    show_progress: bool = True,
    num_threads: int = 0,
    *,
    metrics: Any = None,
    cold_as_misses: bool = False,
    recalculate_user: bool | None = None,
    candidates: Any = None,
    items: Any = None,
    item_groups: Any = None,
    item_features: Any = None,
) -> Evaluation:
    """Measure a model's recommendations by the textbook definitions.

    Each is a mean over the users who have test items and about whom the model knows something. It is a
    function of the model: where scores are equal, it is what is expected if every order of them is as likely,
    so that it does not matter how users and items are numbered. (``auc``, ``serendipity`` and metrics of
    lists by themselves take the order of numbers.)

    Parameters
    ----------
    model
        Anything with ``recommend(userids, user_items, N=K)`` that returns ids and scores.
    train_user_items : Interactions, scipy.sparse matrix or array, shape [n_users, n_items], or Split
        What the model has learned from, or of users who were held out, what is known of them: left out of the
        recommendations. A `Split` says both parts.
    test_user_items : Interactions, scipy.sparse matrix or array, same shape
        What was put aside. Users without a stored entry here do not count.
    K : int or sequence of int, default 10
        How many items are recommended to each user; all of several in one pass.
    show_progress : bool, default True
        Show a progress bar that counts users.
    num_threads : int, default 0
        The threads that compare lists; 0 for all. Recommending uses the model's own.
    metrics : str or sequence of str, optional
        Which of `METRICS`, such as ``"ndcg"``, or with a cut-off of their own, ``"ndcg@20"``. By default
        precision, recall, hit_rate, reciprocal_rank, map, ndcg and coverage.
    cold_as_misses : bool, default False
        Whether cold users count, as if none of their test items had been recommended. They are those without
        training entries, or with factors of 0. Values of users and intervals are without them.
    recalculate_user : bool, optional
        Whether the model goes by what `train_user_items` says of users instead of what it has learned of
        them. By default it does so for a `Split` that holds users out.
    candidates : int or array of int, shape [n_users, n], optional
        Rank these items and the user's test items instead of all; -1 fills up rows. A number draws so many
        for each user from the items that they have in neither part. Some published tables need it. Beware: a
        comparison by few sampled items can come out otherwise than one by all (Krichene and Rendle, "On
        Sampled Metrics for Item Recommendation", 2020).
    items : array of int, optional
        Rank just these items for everyone. By default all, and for a `Split` that holds items out those.
    item_groups : array, shape [n_items], optional
        The group of each item, such as its genre, for ``calibration``.
    item_features : array or sparse matrix, shape [n_items, n], optional
        What makes items alike, for ``diversity``.

    Returns
    -------
    Evaluation
        A dict of means: with one cut-off by name, ``found["ndcg"]``, with several ``found["ndcg@20"]``; also
        ``users``, how many users these are means over, and ``cold_users``, how many users with test items are
        cold. It has the values of users, intervals and groups as well.

    Raises
    ------
    TypeError, ValueError
        If a matrix is not sparse or broken, the shapes differ, K < 1, there is no such metric, or the test
        data has no entries; if the model recommends an item twice to a user, or more than K of them; and if
        all users with test items are cold.

    Examples
    --------
    >>> from penchant.als import AlternatingLeastSquares
    >>> from penchant.datasets import made_plays
    >>> from penchant.evaluation import RandomSplit
    >>> split = RandomSplit().split(made_plays())
    >>> model = AlternatingLeastSquares(factors=16, random_state=0).fit(split.train, show_progress=False)
    >>> found = evaluate(model, split, K=(5, 10), metrics=["recall", "ndcg@10"], show_progress=False)
    >>> list(found)
    ['recall@5', 'recall@10', 'ndcg@10', 'users', 'cold_users']
    """
    if isinstance(train_user_items, Split):
        if test_user_items is not None:
            msg = "a Split has its own test part: leave test_user_items out"
            raise TypeError(msg)
        split = train_user_items
        train_user_items, test_user_items = split.history, split.test
        recalculate_user = split.held_out if recalculate_user is None else recalculate_user
        items = split.items if items is None else items
    elif test_user_items is None:
        msg = "test_user_items is missing: give what was put aside, or a Split for both parts"
        raise TypeError(msg)
    if candidates is not None and items is not None:
        msg = "candidates and items both say what is ranked: give one, and no candidates for a Split of items"
        raise ValueError(msg)
    asked, cutoffs = asked_for(metrics, K)
    train = canonical_matrix(matrix_of(train_user_items), "train_user_items")
    names = {name for name, _ in asked}
    beyond = None
    if any(METRICS[name].kind == "list" for name in names) or "serendipity" in names:
        beyond = Beyond(train, item_groups, item_features, num_threads)

    def more(lists: Lists, rows: Any, test: Any) -> dict[str, Values]:
        found: dict[str, Values] = {}
        if beyond is None:
            return found
        for name in sorted(names):
            if METRICS[name].kind == "list":
                found[name] = beyond.values(name, lists.ids, cutoffs, rows)
        if "serendipity" in names:
            cut = []
            for k in cutoffs:
                rest = Lists(beyond.unexpected(lists.ids, k, rows), None, [])
                cut.append(measured(rest, test, [k], ["precision"], num_threads)["precision"][0])
            found["serendipity"] = np.stack(cut)
        return found

    by_core = [name for name in sorted(names) if METRICS[name].kind == "accuracy" and name != "serendipity"]
    ranked = RankedLists(
        model, train, matrix_of(test_user_items), cutoffs, by_core, show_progress, num_threads,
        warm_only=True, recalculate=bool(recalculate_user), candidates=candidates, more=more,
        items=items,
    )  # fmt: skip
    cold = ranked.cold_users
    if cold and not len(ranked.users) and not cold_as_misses:
        msg = (
            f"the model knows nothing about any of the {cold:,} users with test items: they have no training "
            "entries, or factors of 0. cold_as_misses=True counts them all the same"
        )
        raise ValueError(msg)
    single = len({k for _, k in asked}) == 1
    means: dict[str, float] = {}
    values: dict[str, Values] = {}
    for name, k in asked:
        key = name if single else f"{name}@{k}"
        cut = cutoffs.index(k)
        if METRICS[name].kind == "all":
            means[key] = _of_all(name, ranked.counts[cut])
            continue
        own = values[key] = ranked.values[name][cut] if len(ranked.users) else np.zeros(0)
        missed = cold if cold_as_misses and METRICS[name].kind == "accuracy" else 0
        count = np.count_nonzero(~np.isnan(own)) + missed
        # A list with nothing in it says nothing about who comes before whom.
        sums = np.nansum(own) + (0.5 * missed if name == "auc" else 0.0)
        means[key] = float(sums / count) if count else float("nan")
    users = len(ranked.users) + (cold if cold_as_misses else 0)
    means |= {"users": float(users), "cold_users": float(cold)}
    return Evaluation(means, ranked.users, values, cutoffs[0] if single else None)


def _of_all(name: str, counts: Values) -> float:
    if name == "coverage":
        return float((counts > 0).mean())
    return gini(counts) if name == "gini" else entropy(counts)

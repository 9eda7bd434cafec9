"""What is measured: every metric by name, with its definition and source."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from penchant._validation import describe, integer


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric.

    Attributes
    ----------
    definition : str
        What it is, for the first K places of a user's list, K being the cut-off.
    source : str
    kind : {"accuracy", "list", "all"}
        Whether each user with test items has a value that compares list and test items, or one of the list by
        itself, or whether there is only one value for all lists together.
    higher_is_better : bool or None
        None where neither is better as such.
    """

    definition: str
    source: str
    kind: str
    higher_is_better: bool | None = True


_MANNING = 'Manning, Raghavan and Schuetze, "Introduction to Information Retrieval", 2008, chapter 8'
_HERLOCKER = 'Herlocker, Konstan, Terveen and Riedl, "Evaluating collaborative filtering", 2004'

#: Every metric. "Hits" are recommended test items.
METRICS: dict[str, Metric] = {
    "precision": Metric("hits / K", _MANNING, "accuracy"),
    "recall": Metric("hits / number of test items", _MANNING, "accuracy"),
    "hit_rate": Metric("1 if there is a hit", "Deshpande and Karypis, 2004", "accuracy"),
    "reciprocal_rank": Metric("1 / place of the first hit, 0 without one", _MANNING, "accuracy"),
    "map": Metric("average precision, divided by the number of test items", _MANNING, "accuracy"),
    "ndcg": Metric(
        "discounted gain with gains of 0 and 1, divided by that of the best list of length K",
        'Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques", 2002',
        "accuracy",
    ),
    "ndcg_graded": Metric(
        "the same with the weights of the test items for gains; weights below 0 count as 0",
        'Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques", 2002',
        "accuracy",
    ),
    "auc": Metric(
        "area under the ROC curve if what is not among the first K came behind in random order; users who "
        "have everything as test items count as 0.5; equal scores in the order of ids",
        _HERLOCKER,
        "accuracy",
    ),
    "r_precision": Metric(
        "hits among the first R places / R, R being the number of test items; places behind K count as "
        "misses",
        _MANNING,
        "accuracy",
    ),
    "serendipity": Metric(
        "hits that are not among the K items most popular in training, / K; equal scores in the order of ids",
        'Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy", 2010',
        "accuracy",
    ),
    "popularity": Metric(
        "the mean number of users who have the items in training",
        'Abdollahpouri, Burke and Mobasher, "Managing popularity bias", 2019',
        "list",
        None,
    ),
    "long_tail": Metric(
        "the part of the items that is not among the most popular which together have half of the entries",
        'Abdollahpouri, Burke and Mobasher, "Managing popularity bias", 2019',
        "list",
        None,
    ),
    "novelty": Metric(
        "the mean self-information of the items, -log2 of the part of the users who have them in training",
        'Zhou et al., "Solving the apparent diversity-accuracy dilemma", 2010',
        "list",
        None,
    ),
    "diversity": Metric(
        "1 - the mean cosine of two items; by `item_features`, or by who has them in training",
        'Ziegler, McNee, Konstan and Lausen, "Improving recommendation lists", 2005',
        "list",
        None,
    ),
    "calibration": Metric(
        "Kullback-Leibler divergence of the groups in the list from those in the user's history, of which "
        "1 % is mixed into the list's: 0 is perfect; by `item_groups`, or by the popularity of items in five "
        "parts",
        'Steck, "Calibrated recommendations", 2018',
        "list",
        False,
    ),
    "coverage": Metric(
        "the part of all items that was recommended to anyone, not counting those that tie for the last "
        "places",
        _HERLOCKER,
        "all",
    ),
    "gini": Metric(
        "the Gini coefficient of how often items are recommended: 0 if all are equally often",
        'Fleder and Hosanagar, "Blockbuster culture\'s next rise or fall", 2009',
        "all",
        False,
    ),
    "entropy": Metric(
        "Shannon's entropy, in bits, of how often items are recommended",
        'Shani and Gunawardana, "Evaluating recommendation systems", 2011',
        "all",
    ),
}

_USUAL_CUTOFF = 10
_ALIASES = {
    "mrr": "reciprocal_rank",
    "mean_average_precision": "map",
    "hr": "hit_rate",
    "average_precision": "map",
}

#: What is measured if nobody asks for anything else.
USUAL = ("precision", "recall", "hit_rate", "reciprocal_rank", "map", "ndcg", "coverage")


def metric_named(name: Any) -> tuple[str, int | None]:
    """Return the name and the cut-off that a text such as ``ndcg@20`` says.

    Raises
    ------
    TypeError, ValueError
        If it is no text, or there is no such metric; it names close ones.
    """
    if not isinstance(name, str):
        msg = f"a metric must be a name such as 'ndcg@20', got {describe(name)}"
        raise TypeError(msg)
    word, at, length = name.strip().lower().partition("@")
    word = _ALIASES.get(word, word)
    if word not in METRICS:
        close = difflib.get_close_matches(word, [*METRICS, *_ALIASES], 1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(METRICS)}"
        msg = f"there is no metric {name!r}; {hint}"
        raise ValueError(msg)
    if not at:
        return word, None
    if not length.isdecimal() or int(length) < 1:
        msg = f"the cut-off of a metric must be a number from 1, got {name!r}"
        raise ValueError(msg)
    return word, int(length)


def with_cutoff(metric: Any) -> str:
    """Return the whole name of a metric, such as ``ndcg@10`` for ``NDCG``: without a cut-off it is 10."""
    name, k = metric_named(metric)
    return f"{name}@{k or _USUAL_CUTOFF}"


def sign_of(metric: Any) -> float:
    """Return 1 if more of a metric is better and -1 if less is, as whoever searches needs it.

    Raises
    ------
    TypeError, ValueError
        If there is no such metric, or neither is better.
    """
    name, _ = metric_named(metric)
    better = METRICS[name].higher_is_better
    if better is None:
        good = ", ".join(each for each, about in METRICS.items() if about.higher_is_better is not None)
        msg = f"metric must be one of which more or less is better, got {name!r}; those are {good}"
        raise ValueError(msg)
    return 1.0 if better else -1.0


def asked_for(metrics: Any, K: Any) -> tuple[list[tuple[str, int]], list[int]]:
    """Return the metrics with their cut-offs, and all cut-offs in order."""
    lengths = [integer(each, "K", 1) for each in (K if isinstance(K, Sequence | set | frozenset) else [K])]
    if not lengths:
        msg = "K must name at least one cut-off, got none"
        raise ValueError(msg)
    names = USUAL if metrics is None else [metrics] if isinstance(metrics, str) else list(metrics)
    if not names:
        msg = f"metrics must name at least one, such as {', '.join(USUAL)}"
        raise ValueError(msg)
    asked: list[tuple[str, int]] = []
    for each in names:
        name, length = metric_named(each)
        for k in lengths if length is None else [length]:
            if (name, k) not in asked:
                asked.append((name, k))
    return asked, sorted({k for _, k in asked})

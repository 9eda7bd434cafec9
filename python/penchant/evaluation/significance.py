"""Whether one model is better than another, or only luckier with these users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from penchant._validation import describe, integer
from penchant.evaluation._evaluation import Evaluation, bootstrap_means
from penchant.evaluation.metrics import METRICS, metric_named


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is known about the difference of two means over the same users.

    Attributes
    ----------
    better, worse : str
        The names of the models, by their means.
    difference : float
        The mean over the users of both: how much better the one is, below 0 where less is better.
    low, high : float
        The interval of the difference: 95 % of the means of samples of users.
    wilcoxon, bootstrap : float
        The probability of a difference as large if the models were alike: of the ranks of the users'
        differences, and of their mean. By Holm's method they allow for all comparisons that were made.
    """

    better: str
    worse: str
    difference: float
    low: float
    high: float
    wilcoxon: float
    bootstrap: float


def compare_users(
    evaluations: Mapping[str, Evaluation], metric: str, samples: int = 2000, random_state: int = 0
) -> list[Comparison]:
    """Compare every two models by what they did for the same users.

    Parameters
    ----------
    evaluations : dict of str to Evaluation
        By name, at least two, over the same users.
    metric : str
        One with a value for each user.
    samples : int, default 2000
        How many samples of users the bootstrap draws.
    random_state : int, default 0

    Returns
    -------
    list of Comparison
        Those with the largest differences first.

    Raises
    ------
    ValueError, TypeError, KeyError
        If there are fewer than two, of different users, or the metric has no values of users.

    References
    ----------
    Wilcoxon, "Individual comparisons by ranking methods", 1945. Efron and Tibshirani, "An Introduction to the
    Bootstrap", 1993. Holm, "A simple sequentially rejective multiple test procedure", 1979.
    """
    if not isinstance(evaluations, Mapping) or len(evaluations) < 2:
        msg = f"evaluations must be a dict of two or more by name, got {describe(evaluations)}"
        raise TypeError(msg)
    for name, each in evaluations.items():
        if not isinstance(each, Evaluation):
            msg = f"evaluations must be what evaluate returns, got {describe(each)} for {name!r}"
            raise TypeError(msg)
    integer(samples, "samples", 1)
    names = list(evaluations)
    sign = -1.0 if METRICS[metric_named(metric)[0]].higher_is_better is False else 1.0
    users = evaluations[names[0]].users
    for name in names[1:]:
        if not np.array_equal(evaluations[name].users, users):
            msg = f"evaluations must be of the same users, those of {names[0]!r} and {name!r} are not"
            raise ValueError(msg)
    found = []
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            differences = evaluations[one].of_users(metric) - evaluations[other].of_users(metric)
            differences = differences[~np.isnan(differences)]
            better, worse = (one, other) if sign * differences.sum() >= 0 else (other, one)
            differences = differences if better == one else -differences
            means = bootstrap_means(differences, samples, random_state)
            low, high = np.quantile(means, [0.025, 0.975])
            difference = float(differences.mean()) if len(differences) else 0.0
            # Two-sided, and never 0, as no number of samples can say so.
            tail = (1 + np.count_nonzero(sign * means <= 0)) / (1 + samples)
            alike = not differences.any()
            by_rank = 1.0 if alike else _wilcoxon(differences)
            by_mean = 1.0 if alike else min(1.0, 2 * tail)
            found.append(Comparison(better, worse, difference, float(low), float(high), by_rank, by_mean))
    wilcoxon = holm([each.wilcoxon for each in found])
    bootstrap = holm([each.bootstrap for each in found])
    amended = [
        Comparison(each.better, each.worse, each.difference, each.low, each.high, *p)
        for each, *p in zip(found, wilcoxon, bootstrap, strict=True)
    ]
    return sorted(amended, key=lambda each: -abs(each.difference))


def holm(probabilities: list[float]) -> list[float]:
    """Return probabilities that allow for all tests that were made (Holm 1979)."""
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    amended = [0.0] * len(probabilities)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * probabilities[place]))
        amended[place] = largest
    return amended


def _wilcoxon(differences: Any) -> float:
    """Return the p-value of Wilcoxon's signed-rank test."""
    from scipy import stats  # noqa: PLC0415 - it takes half a second, and models import this module

    return float(stats.wilcoxon(differences).pvalue)

"""Pictures of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from penchant._plots import figure, finished, legend
from penchant.evaluation import Evaluation

# In how many parts users are put by how much they have.
_PARTS = 5


def tradeoff(evaluations: dict[str, Evaluation], metric: str, file: Any) -> Any:
    """Draw a metric against novelty, a point with its interval for each model."""
    k = metric.partition("@")[2]
    drawn, axes = figure()
    for name, each in evaluations.items():
        x, y = each[f"novelty@{k}"], each[metric]
        bars = {}
        if metric in each.values_of_users or metric.partition("@")[0] in each.values_of_users:
            low, high = each.interval(metric)
            bars = {"yerr": [[max(y - low, 0)], [max(high - y, 0)]]}
        axes.errorbar([x], [y], fmt="o", capsize=3, label=name, **bars)
    axes.set(xlabel=f"novelty@{k}, bits", ylabel=metric, title="accuracy and novelty")
    axes.margins(0.15)
    legend(axes)
    return finished(drawn, file)


def plot_activity(
    evaluations: Mapping[str, Evaluation], histories: Mapping[str, Any], metric: str, file: Any = None
) -> Any:
    """Draw a metric by how many items users have in training, in parts of equally many users.

    Parameters
    ----------
    evaluations : dict of str to Evaluation
    histories : dict of str to array, shape [n_users of that evaluation]
        How many items each of the users has.
    metric : str
    file : path, optional
        Where to write the picture.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        Without Matplotlib, ``pip install 'penchant[plot]'``.
    KeyError
        If the metric has no values of users.
    """
    drawn, axes = figure()
    ticks: set[float] = set()
    for name, each in evaluations.items():
        values, history = each.of_users(metric), histories[name]
        edges = np.unique(np.quantile(history, np.linspace(0, 1, _PARTS + 1)).astype(int))
        part = np.clip(np.searchsorted(edges, history, side="right") - 1, 0, max(len(edges) - 2, 0))
        there = [at for at in range(max(len(edges) - 1, 1)) if (part == at).any()]
        means = [np.nanmean(values[part == at]) for at in there]
        middles = [np.median(history[part == at]) for at in there]
        axes.plot(middles, means, marker="o", label=name)
        ticks.update(middles)
    axes.set(xlabel="items of a user in training (median of a fifth of users)", ylabel=metric)
    axes.set(title="by how much is known of users", xscale="log")
    axes.set_xticks(sorted(ticks), [f"{tick:g}" for tick in sorted(ticks)])
    axes.minorticks_off()
    legend(axes)
    return finished(drawn, file)


def long_tail(evaluations: dict[str, Evaluation], metric: str, file: Any) -> Any:
    """Draw which part of the recommendations is not among the most popular items."""
    k = metric.partition("@")[2]
    names = list(evaluations)
    drawn, axes = figure(height=max(2.0, 0.45 * len(names) + 1.2))
    shares = [100 * evaluations[name][f"long_tail@{k}"] for name in names]
    bars = axes.barh(names, shares)
    axes.bar_label(bars, fmt="%.1f %%", padding=3)
    axes.invert_yaxis()
    axes.set(xlabel=f"long-tail items among the first {k}, %", xlim=(0, max(1.0, 1.2 * max(shares))))
    return finished(drawn, file)


def plot_curves(models: Mapping[str, Any], file: Any = None) -> Any:
    """Draw what models measured after each epoch of a fit with `validation`.

    Parameters
    ----------
    models : dict of str to model
    file : path, optional
        Where to write the picture.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        Without Matplotlib, ``pip install 'penchant[plot]'``.
    ValueError
        If none was fitted so.
    """
    histories = {name: model.validation_history for name, model in models.items()}
    histories = {name: history for name, history in histories.items() if history}
    if not histories:
        msg = "no model was fitted with validation, so there are no curves to draw"
        raise ValueError(msg)
    drawn, axes = figure()
    for name, history in histories.items():
        epochs, values = zip(*history, strict=True)
        axes.plot(epochs, values, marker=".", label=name)
    axes.set(xlabel="epochs", ylabel="metric on the validation part", title="validation curves")
    legend(axes)
    return finished(drawn, file)

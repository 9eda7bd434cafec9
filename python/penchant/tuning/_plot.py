"""Pictures of a search."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant._plots import figure, finished, legend

# So many curves can be told apart.
_CURVES = 12


def plot_study(study: Any, metric: str, file: Any) -> Any:
    """Draw the value of each trial in the order in which they were made, and the curves of epochs."""
    drawn, (left, right) = figure(columns=2, width=6.5)
    trials = [t for t in study.trials if t.value is not None and "model" in t.user_attrs]
    names = list(dict.fromkeys(t.user_attrs["model"] for t in trials))
    for name in names:
        own = [t for t in trials if t.user_attrs["model"] == name]
        left.plot([t.number for t in own], [t.value for t in own], "o", markersize=4, label=name)
    if trials:
        values = np.array([t.value for t in trials])
        better = np.minimum if study.direction.name == "MINIMIZE" else np.maximum
        left.step(
            [t.number for t in trials],
            better.accumulate(values),
            where="post",
            color="0.5",
            label="best so far",
        )
    left.set(xlabel="trial", ylabel=metric, title="trials")
    if trials:
        legend(left)
    curves = [t for t in study.trials if t.user_attrs.get("history")]
    curves.sort(key=lambda t: max(t.user_attrs["history"]), reverse=study.direction.name != "MINIMIZE")
    for trial in curves[:_CURVES]:
        history = trial.user_attrs["history"]
        label = f"trial {trial.number}, {trial.user_attrs.get('factors')} factors"
        right.plot(range(1, len(history) + 1), history, marker=".", linewidth=1, label=label)
    right.set(xlabel="epochs", ylabel=metric, title="alternating least squares, the best trials")
    if curves:
        legend(right)
    return finished(drawn, file)

"""Fitting and measuring models, one after the other."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from penchant._base import registry
from penchant._base.feature_rows import FitFeatures
from penchant._base.recommender import RecommenderBase
from penchant._validation import describe
from penchant.comparison._memory import Peak
from penchant.comparison._table import ComparisonTable
from penchant.evaluation import METRICS, Evaluation, Split, Splitter, evaluate, with_cutoff
from penchant.splitting import matrix_of, splitter

_USUAL = ("ndcg@10", "recall@10", "coverage@10")
# Looked at in pictures, whatever else is asked for.
_BESIDES = ("novelty", "long_tail")


@dataclass(slots=True)
class Measured:
    """What is known of a model: sums over splits."""

    evaluations: list[Evaluation] = field(default_factory=list)
    histories: list[Any] = field(default_factory=list)
    fit_seconds: float = 0.0
    recommend_seconds: float = 0.0
    memory: int | None = None
    size: int | None = None


def compare(
    models: Any,
    data: Any,
    split: str | Splitter = "random",
    metrics: str | Sequence[str] = _USUAL,
    *,
    level: float = 0.95,
    item_groups: Any = None,
    item_features: Any = None,
    features: Mapping[str, Any] | None = None,
    show_progress: bool = True,
) -> ComparisonTable:
    """Fit models to the same data and measure them on the same part that was put aside.

    Parameters
    ----------
    models : dict of str to model, or sequence of models or short names
        Models of ours, which are left as they are: others with the same parameters are fitted. A short name,
        such as ``"rp3beta"``, means that model with its defaults.
    data : Interactions, scipy.sparse matrix or array, or Split
        A `Split` is taken as it is.
    split : str or Splitter, default "random"
        How to split, as for `Interactions.split`. Of folds and rolling windows all are measured, and the
        means are over the users of all. Someone who is in several of them counts as often, in intervals and
        tests as well, which are then too narrow.
    metrics : str or sequence of str, default ("ndcg@10", "recall@10", "coverage@10")
        As for `evaluate`; without a cut-off it is 10.
    level : float, default 0.95
        Of the bootstrap intervals.
    item_groups, item_features
        As for `evaluate`: what metrics of lists go by.
    features : dict of str to Features, sparse matrix or array, optional
        ``"user_features"`` and ``"item_features"``: what those models are fitted with that learn from them.
    show_progress : bool, default True
        Show a progress bar that counts fits.

    Returns
    -------
    ComparisonTable

    Raises
    ------
    TypeError, ValueError
        If something is no model or no data, or there is no such model, metric or split.

    Examples
    --------
    >>> from penchant.datasets import made_plays
    >>> table = compare(["popularity", "rp3beta"], made_plays(), metrics="ndcg@10", show_progress=False)
    >>> table.best("ndcg@10")
    'rp3beta'
    """
    named, given = _named(models), _given(features)
    splits = iter([data]) if isinstance(data, Split) else splitter(split).splits(data)
    asked = _with_cutoffs(metrics)
    cutoffs = dict.fromkeys(each.partition("@")[2] for each in asked)
    besides = [f"{name}@{k}" for k in cutoffs for name in _BESIDES if f"{name}@{k}" not in asked]
    found = {name: Measured() for name in named}
    made = []
    with tqdm(disable=not show_progress, unit="fit") as bar:
        for each in splits:
            made.append(each.name)
            for name, model in named.items():
                bar.set_postfix_str(name)
                fitted, known = _unfitted(model), FitFeatures(each.train, *given)
                fit = partial(fitted.fit, matrix_of(each.train), show_progress=False, **known.of(fitted))
                settings = {"item_groups": item_groups, "item_features": item_features}
                _measure(fitted, fit, each, [*asked, *besides], found[name], settings)
                bar.update()
    return ComparisonTable(found, asked, level, made[0] if len(made) == 1 else str(split))


def _given(features: Mapping[str, Any] | None) -> tuple[Any, Any]:
    """Return features of users and of items."""
    features = features or {}
    unknown = set(features) - {"user_features", "item_features"}
    if unknown:
        msg = f"features must be 'user_features' and 'item_features', got {', '.join(map(repr, unknown))}"
        raise ValueError(msg)
    return features.get("user_features"), features.get("item_features")


def _measure(
    model: Any,
    fit: Callable[[], Any],
    split: Split,
    metrics: list[str],
    found: Measured,
    settings: Mapping[str, Any],
) -> None:
    started = time.perf_counter()
    with Peak() as peak:
        fit()
    fitted = time.perf_counter()
    evaluation = evaluate(model, split, metrics=metrics, show_progress=False, **settings)
    found.evaluations.append(evaluation)
    found.histories.append(np.diff(matrix_of(split.history).indptr)[evaluation.users])
    found.fit_seconds += fitted - started
    found.recommend_seconds += time.perf_counter() - fitted
    found.memory = peak.bytes if found.memory is None else max(found.memory, peak.bytes or 0)
    file = io.BytesIO()
    model.save(file)
    found.size = file.tell()


def _unfitted(model: Any) -> Any:
    """Return a model with the same parameters that has learned nothing, nor have those that it is made of."""
    if isinstance(model, list | tuple):
        return [_unfitted(each) for each in model]
    if not isinstance(model, RecommenderBase):
        return model
    return type(model)(**{name: _unfitted(value) for name, value in model.get_params().items()})


def _named(models: Any) -> dict[str, Any]:
    if isinstance(models, str | RecommenderBase):
        models = [models]
    if isinstance(models, Mapping):
        named = dict(models)
    elif isinstance(models, Sequence):
        named = {}
        for each in models:
            name = each if isinstance(each, str) else type(each).__name__
            at = 2
            unique = name
            while unique in named:
                unique, at = f"{name} {at}", at + 1
            named[unique] = each
    else:
        msg = f"models must be a dict of models by name, or a list, got {describe(models)}"
        raise TypeError(msg)
    if not named:
        msg = "models must name at least one, got none"
        raise ValueError(msg)
    for name, each in named.items():
        if isinstance(each, str):
            named[name] = registry.model_class(each)()
        elif not isinstance(each, RecommenderBase):
            what = f"{describe(each)} for {name!r}"
            msg = f"models must be models of this library or short names of them, got {what}"
            raise TypeError(msg)
    return named


def _with_cutoffs(metrics: Any) -> list[str]:
    asked = [metrics] if isinstance(metrics, str) else list(metrics)
    if not asked:
        msg = f"metrics must name at least one of {', '.join(METRICS)}"
        raise ValueError(msg)
    return list(dict.fromkeys(with_cutoff(each) for each in asked))

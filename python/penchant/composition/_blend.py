"""The weighted sum of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._base.rank_options import RankOptions
from penchant._base.recommender import RecommenderBase
from penchant._sparse import Rows
from penchant._validation import Floats, Ids, describe, number
from penchant.composition._composed import Composed

# Scores of a model that are held at a time.
_SCORES_PER_BLOCK = 1 << 23
# Scores that differ by so many roundings are the same.
_ROUNDINGS = 64
# What is added to ranks (Cormack, Clarke and Buettcher 2009).
_RANK_OFFSET = 60


class Blend(Composed):
    """The weighted sum of what several models say of every item.

    Parameters
    ----------
    models : list of models
        Fitted by `fit`, each to the same data; or fitted already.
    weights : sequence of float, optional
        How much each model counts; by default all the same.
    method : {"scores", "ranks"}, default "scores"
        What is added up: the scores of a user divided by their standard deviation over all items, so that
        models on different scales can be compared; or reciprocal ranks, ``1 / (60 + rank)``.
    num_threads : int, default 0
        The number of threads for the ranking; each model has its own.

    References
    ----------
    Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion Outperforms Condorcet and Individual Rank Learning
    Methods", 2009.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from penchant.als import AlternatingLeastSquares
    >>> from penchant.rp3beta import RP3beta
    >>> plays = sp.csr_array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
    >>> models = [AlternatingLeastSquares(factors=2, random_state=0), RP3beta(K=2)]
    >>> model = Blend(models, weights=[1.0, 2.0]).fit(plays, show_progress=False)
    >>> model.recommend(3, plays[[3]], N=1)[0].tolist()
    [1]
    """

    _KIND = "Blend"

    def __init__(
        self,
        models: Sequence[RecommenderBase],
        weights: Sequence[float] | None = None,
        method: Literal["scores", "ranks"] = "scores",
        num_threads: int = 0,
    ) -> None:
        self.models = models
        self.weights = weights
        self.method = method
        self.num_threads = num_threads

    def _check_parameters(self) -> None:
        super()._check_parameters()
        self._weights()
        if self.method not in ("scores", "ranks"):
            msg = f"method must be 'scores' or 'ranks', got {self.method!r}"
            raise ValueError(msg)

    def _weights(self) -> list[float]:
        if self.weights is None:
            return [1.0] * len(self.models)
        if isinstance(self.weights, str) or not hasattr(self.weights, "__len__"):
            msg = f"weights must be a number for each model, got {describe(self.weights)}"
            raise TypeError(msg)
        weights = [number(weight, "a weight") for weight in self.weights]
        if len(weights) != len(self.models) or not np.isfinite(weights).all():
            msg = f"weights must be {len(self.models)} finite numbers, one for each model, got {weights}"
            raise ValueError(msg)
        return weights

    def _plain_parameters(self) -> dict[str, Any]:
        weights = None if self.weights is None else self._weights()
        return super()._plain_parameters() | {"weights": weights}

    def _every_score(self, userids: Ids, rows: Rows | None, *, recalculate: bool) -> Floats:
        total: Any = 0.0
        for model, weight in zip(self._parts(), self._weights(), strict=True):
            scores = model._every_score(userids, rows, recalculate=recalculate)
            if self.method == "scores":
                total = total + scores * (weight * _reciprocal_deviations(scores))
            else:
                total = total + weight * _reciprocal_ranks(scores)
        found: Floats = total
        return found

    def _recommend(
        self, userids: Ids, rows: Rows | None, liked: Rows | None, options: RankOptions, *, recalculate: bool
    ) -> tuple[Ids, Floats]:
        items = self.shape[1]
        size = max(1, _SCORES_PER_BLOCK // max(items, 1))
        found = []
        for first in range(0, max(len(userids), 1), size):
            last = min(len(userids), first + size)
            own = None if rows is None else rows.part(first, last)
            scores = np.ascontiguousarray(
                self._every_score(userids[first:last], own, recalculate=recalculate)
            )
            entries = None if liked is None else liked.part(first, last).entries()
            found.append(_ranked(scores, entries, options))
        return np.concatenate([ids for ids, _ in found]), np.concatenate([scores for _, scores in found])


def _reciprocal_deviations(scores: Floats) -> npt.NDArray[np.float64]:
    """Return what brings the scores of each row to a deviation of 1; 0 where they are all the same."""
    spread = scores.std(axis=1, keepdims=True, dtype=np.float64)
    # Less than what rounding makes of equal scores is no spread.
    largest = np.abs(scores).max(axis=1, keepdims=True, initial=0)
    rounding = _ROUNDINGS * largest * np.finfo(scores.dtype).eps
    factors: npt.NDArray[np.float64] = np.divide(
        1.0, spread, out=np.zeros_like(spread), where=spread > rounding
    )
    return factors


def _reciprocal_ranks(scores: Floats) -> npt.NDArray[np.float64]:
    from scipy.stats import rankdata  # noqa: PLC0415 - it takes half a second to import

    # Equal scores share the mean of their ranks: the numbers of items say nothing.
    reciprocal: npt.NDArray[np.float64] = 1.0 / (_RANK_OFFSET + rankdata(-scores, axis=1))
    return reciprocal


def _ranked(scores: Any, entries: Any, options: RankOptions) -> tuple[Ids, Floats]:
    """Return the best of scores that are known, one row for each user."""
    count = len(scores)
    each = (count, np.arange(count + 1, dtype=np.int64), np.arange(count, dtype=np.int32))
    ones = np.ones(count, scores.dtype)
    return _core.rank.recommend_by_dense_rows((*each, ones), scores, entries, options.core())

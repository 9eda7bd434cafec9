"""One model after another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from penchant._base.rank_options import RankOptions
from penchant._base.recommender import RecommenderBase
from penchant._sparse import Rows
from penchant._validation import Floats, Ids
from penchant.composition._composed import Composed


class Fallback(Composed):
    """For each user the first model that knows something about them.

    Parameters
    ----------
    models : list of models
        The first choice first; `Popularity` knows everyone, so it comes last. Fitted by `fit`, each to the
        same data; or fitted already.
    num_threads : int, default 0
        Accepted for uniformity: each model has its own.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from penchant.popularity import Popularity
    >>> from penchant.rp3beta import RP3beta
    >>> plays = sp.csr_array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    >>> model = Fallback([RP3beta(K=2), Popularity()]).fit(plays, show_progress=False)
    >>> model.recommend([0, 2], plays[[0, 2]], N=1)[0].tolist()
    [[2], [1]]
    """

    _KIND = "Fallback"

    def __init__(self, models: Sequence[RecommenderBase], num_threads: int = 0) -> None:
        self.models = models
        self.num_threads = num_threads

    def _chosen(self, userids: Ids, rows: Rows | None, *, recalculate: bool) -> Ids:
        """Return which model answers for each user; the last one for those that none knows."""
        chosen = np.full(len(userids), len(self.models) - 1, np.int32)
        own = rows or Rows(0, np.zeros(len(userids) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0), "")
        undecided = np.ones(len(userids), bool)
        for place, model in enumerate(self._parts()):
            there = np.diff(own.indptr) > 0
            knows = there if recalculate else model._knows(userids, own)
            chosen[undecided & knows] = place
            undecided &= ~knows
        return chosen

    def _every_score(self, userids: Ids, rows: Rows | None, *, recalculate: bool) -> Floats:
        chosen = self._chosen(userids, rows, recalculate=recalculate)
        scores = np.zeros((len(userids), self.shape[1]))
        for place, model in enumerate(self.models):
            whose = np.flatnonzero(chosen == place)
            if len(whose):
                own = None if rows is None else _taken(rows, whose)
                scores[whose] = model._every_score(userids[whose], own, recalculate=recalculate)
        return scores

    def _recommend(
        self, userids: Ids, rows: Rows | None, liked: Rows | None, options: RankOptions, *, recalculate: bool
    ) -> tuple[Ids, Floats]:
        chosen = self._chosen(userids, rows, recalculate=recalculate)
        width = options.width(self.shape[1])
        found = np.full((len(userids), width), -1, np.int32), np.full((len(userids), width), -np.inf)
        for place, model in enumerate(self.models):
            whose = np.flatnonzero(chosen == place)
            if len(whose):
                own, leave = (None if part is None else _taken(part, whose) for part in (rows, liked))
                answer = model._recommend(userids[whose], own, leave, options, recalculate=recalculate)
                found[0][whose], found[1][whose] = answer
        return found

    @property
    def _by_rows(self) -> bool:  # type: ignore[override]
        return True  # which model answers depends on what there is


def _taken(rows: Rows, whose: npt.NDArray[np.intp]) -> Rows:
    """Return some rows, in this order."""
    starts, counts = rows.indptr[whose], np.diff(rows.indptr)[whose]
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    at = np.repeat(starts - indptr[:-1], counts) + np.arange(indptr[-1])
    return Rows(rows.columns, indptr, rows.indices[at], rows.values[at], rows.name)

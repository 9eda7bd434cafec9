"""Places that are kept for certain items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._base.progress import Progress
from penchant._base.rank_options import RankOptions
from penchant._base.recommender import RecommenderBase
from penchant._sparse import Rows
from penchant._validation import Floats, Ids, ids, integer
from penchant.composition._composed import Composed
from penchant.exceptions import NotFittedError


class Reserved(Composed):
    """A model some of whose places are kept for certain items: new ones, say, or those of the long tail.

    Of each user's list, at least `slots` places go to the reserved items that the model scores highest. Where
    it lists fewer of its own accord, they take the last places.

    Parameters
    ----------
    model : a model
        Fitted by `fit`, or fitted already.
    items : array of int, optional
        The reserved items. By default the long tail: all items but the most popular ones that together have
        half of all entries.
    slots : int, default 1
        How many places of each list.
    num_threads : int, default 0
        Accepted for uniformity: the model has its own.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from penchant.popularity import Popularity
    >>> plays = sp.csr_array([[1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    >>> model = Reserved(Popularity(), items=[2, 3]).fit(plays, show_progress=False)
    >>> model.recommend(2, plays[[2]], N=2)[0].tolist()
    [0, 3]
    """

    _KIND = "Reserved"

    def __init__(
        self, model: RecommenderBase, items: Any = None, slots: int = 1, num_threads: int = 0
    ) -> None:
        self.model = model
        self.items = items
        self.slots = slots
        self.num_threads = num_threads
        self._tail: Ids | None = None

    @property
    def models(self) -> Sequence[RecommenderBase]:  # type: ignore[override]
        """The one model."""
        return [self.model]

    def _check_parameters(self) -> None:
        super()._check_parameters()
        integer(self.slots, "slots", 1)

    def _fit(self, rows: Rows, progress: Progress) -> None:
        if self.items is not None:
            ids(self.items, "items", rows.columns)
        super()._fit(rows, progress)

    def _look_at(self, rows: Rows) -> None:
        counts = np.bincount(rows.indices, minlength=rows.columns)
        order = np.argsort(-counts, kind="stable")
        head = np.searchsorted(np.cumsum(counts[order]), counts.sum() / 2) + 1
        self._tail = np.sort(order[head:]).astype(np.int32)

    def _reserved(self) -> Ids:
        if self.items is not None:
            return np.unique(ids(self.items, "items", self.shape[1]))
        if self._tail is None:
            msg = "items must be given where the model is fitted already: the long tail is found by fit"
            raise NotFittedError(msg)
        return self._tail

    def _every_score(self, userids: Ids, rows: Rows | None, *, recalculate: bool) -> Floats:
        return self.model._every_score(userids, rows, recalculate=recalculate)

    def _recommend(
        self, userids: Ids, rows: Rows | None, liked: Rows | None, options: RankOptions, *, recalculate: bool
    ) -> tuple[Ids, Floats]:
        found, scores = self.model._recommend(userids, rows, liked, options, recalculate=recalculate)
        reserved = np.setdiff1d(self._reserved(), options.without)
        if options.only is not None:
            reserved = np.intersect1d(reserved, options.only)
        if not len(reserved) or not len(userids):
            return found, scores
        slots = min(self.slots, options.n, found.shape[1])
        only = RankOptions(
            slots, reserved.astype(np.int32), options.without[:0], options.at_least, options.groups,
            options.most_of_a_group, options.num_threads,
        )  # fmt: skip
        best, worth = self.model._recommend(userids, rows, liked, only, recalculate=recalculate)
        is_reserved = np.isin(found, reserved) & (scores > -np.inf)
        for row in range(len(found)):
            missing = slots - int(is_reserved[row].sum())
            new = (worth[row] > -np.inf) & ~np.isin(best[row], found[row])
            added = np.flatnonzero(new)[: max(missing, 0)]
            if len(added):
                items = list(zip(best[row][added].tolist(), worth[row][added].tolist(), strict=True))
                _put_in(found[row], scores[row], is_reserved[row], items, options)
        return found, scores

    def _tensors(self) -> Mapping[str, npt.NDArray[Any]]:
        own: dict[str, npt.NDArray[Any]] = {} if self._tail is None else {"tail": self._tail}
        if self.items is not None:
            own["items"] = np.asarray(self.items, np.int32)
        return {**super()._tensors(), **own}

    def _restore(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        super()._restore(tensors)
        self._tail = tensors["tail"].astype(np.int32) if "tail" in tensors else None
        self.items = tensors.get("items")

    def _plain_parameters(self) -> dict[str, Any]:
        return super()._plain_parameters() | {"items": None, "model": None}

    @classmethod
    def _amended(cls, parameters: dict[str, Any], tensors: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
        amended = super()._amended(parameters, tensors)
        return {name: value for name, value in amended.items() if name != "models"} | {
            "model": amended["models"][0]
        }


def _put_in(
    found: Ids,
    scores: Floats,
    is_reserved: npt.NDArray[np.bool_],
    new: list[tuple[int, float]],
    options: RankOptions,
) -> None:
    """Put new items where nobody or the last of the others is, and keep the order by score.

    Of a group with as many items as may be listed the last one makes room, or the new item stays out.
    """
    for item, worth in new:
        listed = np.flatnonzero(scores > -np.inf)
        places = np.concatenate([listed, np.flatnonzero(scores == -np.inf)[:1]])
        if options.groups is not None:
            mates = listed[options.groups[found[listed]] == options.groups[item]]
            places = mates if len(mates) >= options.most_of_a_group else places
        places = places[~is_reserved[places]]
        if len(places):
            found[places[-1]], scores[places[-1]], is_reserved[places[-1]] = item, worth, True
    order = np.lexsort((found, -scores))
    found[:], scores[:] = found[order], scores[order]

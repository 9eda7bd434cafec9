"""Baselines that look at nobody in particular: what is popular, and what chance says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._base.progress import Progress
from penchant._base.rank_options import RankOptions, in_blocks
from penchant._base.recommender import RecommenderBase
from penchant._sparse import Rows
from penchant._validation import Floats, Ids, check_finite, describe, integer

__all__ = ["Popularity", "Random"]

_BY = ("users", "weight")


class Popularity(RecommenderBase):
    """The same items for everyone, or for everyone of a group: those that most users have.

    The baseline that every other model has to beat, and what is left to recommend to strangers. Items that
    nobody has score 0.

    Parameters
    ----------
    by : {"users", "weight"}, default "users"
        What makes an item popular: how many users have it, with a value above 0; or the sum of its values.
        Of events that were read with a ``half_life`` the sum is a popularity that fades; of those that were
        read with a ``max_age``, a recent one.
    user_groups : array of int, shape [n_users], optional
        The group of each user, any integers from 0: a country, say. Users get what is popular in their
        group, and after that what is popular with everyone.
    num_threads : int, default 0
        The number of threads; 0 for all that the process may use.

    Attributes
    ----------
    popularity : numpy.ndarray of float64, shape [n_groups, n_items]
        Of each item in each group, of which there is one if there are no groups; None before a fit.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[9.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    >>> Popularity().fit(plays, show_progress=False).recommend(2, plays[[2]], N=2)[0].tolist()
    [1, 0]
    >>> Popularity(by="weight").fit(plays, show_progress=False).recommend(2, plays[[2]], N=2)[0].tolist()
    [0, 1]
    """

    _KIND = "Popularity"
    _unit = "item"

    def __init__(
        self,
        by: Literal["users", "weight"] = "users",
        user_groups: Any = None,
        num_threads: int = 0,
    ) -> None:
        self.by = by
        self.user_groups = user_groups
        self.num_threads = num_threads
        # The group of each user, and the popularity of items in each group; replaced together.
        self._learned: tuple[Ids, npt.NDArray[np.float64]] | None = None

    @property
    def popularity(self) -> Any:
        """Of each item in each group."""
        return None if self._learned is None else self._learned[1]

    def _shown_parameters(self) -> list[str]:
        return ["by"]

    def _check_parameters(self) -> None:
        self._threads()
        if self.by not in _BY:
            msg = f"by must be one of {', '.join(map(repr, _BY))}, got {self.by!r}"
            raise ValueError(msg)

    def _groups(self, users: int) -> Ids:
        if self.user_groups is None:
            return np.zeros(users, np.int32)
        groups = np.asarray(self.user_groups)
        if groups.dtype.kind not in "iu":
            msg = f"user_groups must be integers, got {groups.dtype}"
            raise TypeError(msg)
        if groups.shape != (users,):
            msg = f"user_groups must have one group for each of {users} users, got shape {groups.shape}"
            raise ValueError(msg)
        if groups.size and not 0 <= int(groups.min()) <= int(groups.max()) < 2**16:
            msg = f"user_groups must be between 0 and {2**16 - 1}, got {groups.min()} to {groups.max()}"
            raise ValueError(msg)
        return groups.astype(np.int32)

    def _fit(self, rows: Rows, progress: Progress) -> None:
        progress.total(rows.columns)
        groups = self._groups(len(rows))
        values = rows.csr(np.float64)[3]
        check_finite(values, "user_items")
        counted = (values > 0).astype(np.float64) if self.by == "users" else values
        count = int(groups.max(initial=0)) + 1
        cells = np.repeat(groups, np.diff(rows.indptr)).astype(np.int64) * rows.columns + rows.indices
        sums = np.bincount(cells, weights=counted, minlength=count * rows.columns)
        popularity: npt.NDArray[np.float64] = sums.reshape(count, rows.columns).astype(np.float64)
        progress.step(rows.columns)
        self._learned = groups, popularity

    def _fitted(self) -> tuple[Ids, npt.NDArray[np.float64]]:
        if self._learned is None:
            raise self._not_fitted()
        return self._learned

    def _shape(self) -> tuple[int, int] | None:
        return None if self._learned is None else (len(self._learned[0]), self._learned[1].shape[1])

    def _knows(self, userids: Ids, rows: Rows) -> npt.NDArray[np.bool_]:
        del rows
        return np.ones(len(userids), bool)

    def _factors(
        self, userids: Ids, recalculate: bool
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return factors whose products are the scores: who is in which group, and what is popular there."""
        groups, popularity = self._fitted()
        own = np.zeros(len(userids), np.int64) if recalculate else groups[userids]
        # What is popular with everyone counts less than any difference within a group.
        everyone = popularity.sum(axis=0)
        several = len(popularity) > 1
        scale = 1.0 / (1.0 + 2.0 * np.abs(everyone).max(initial=0.0)) if several else 0.0
        items = np.ascontiguousarray(np.vstack([popularity, everyone * scale]).T)
        known = np.zeros((len(userids), items.shape[1]))
        known[np.arange(len(userids)), own] = 0.0 if recalculate and several else 1.0
        if several:
            known[:, -1] = 1.0 if recalculate else np.array([_least_gap(group) for group in popularity])[own]
        return known, items

    def _every_score(self, userids: Ids, rows: Rows | None, *, recalculate: bool) -> Floats:
        del rows
        known, items = self._factors(userids, recalculate)
        queries = np.arange(len(known), dtype=np.int32)
        return _core.rank.all_scores(known, items, queries, self._threads())

    def _recommend(
        self, userids: Ids, rows: Rows | None, liked: Rows | None, options: RankOptions, *, recalculate: bool
    ) -> tuple[Ids, Floats]:
        del rows
        known, items = self._factors(userids, recalculate)

        def block(first: int, last: int) -> tuple[Ids, Floats]:
            entries = None if liked is None else liked.part(first, last).entries()
            queries = np.arange(first, last, dtype=np.int32)
            return _core.rank.recommend(known, items, None, queries, entries, options.core())

        return in_blocks(block, len(userids), items, options)

    def _tensors(self) -> Mapping[str, npt.NDArray[Any]]:
        if self._learned is None:
            return {}
        return {"groups": self._learned[0], "popularity": self._learned[1]}

    def _restore(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        if "popularity" not in tensors:
            return
        groups, popularity = tensors["groups"], tensors["popularity"]
        if popularity.ndim != 2 or not np.isfinite(popularity).all() or groups.ndim != 1:
            msg = "its popularity must be finite numbers of groups x items"
            raise ValueError(msg)
        if groups.size and not 0 <= groups.min() <= groups.max() < len(popularity):
            msg = f"its groups must be between 0 and {len(popularity) - 1}"
            raise ValueError(msg)
        self._learned = groups.astype(np.int32), popularity.astype(np.float64)


def _least_gap(values: npt.NDArray[np.float64]) -> float:
    """Return the least difference between values that are not the same, or 1."""
    gaps = np.diff(np.unique(values))
    return float(gaps.min(initial=1.0))


class Random(RecommenderBase):
    """Items by chance, another order for every user: what a metric is without any knowledge.

    Parameters
    ----------
    random_state : int, default 0
        The seed: equal seeds give equal lists, whoever is asked for together with whom.
    num_threads : int, default 0
        Accepted for uniformity.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[9.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    >>> model = Random(random_state=1).fit(plays, show_progress=False)
    >>> model.recommend(0, plays[[0]], N=1)[0].tolist()
    [2]
    """

    _KIND = "Random"

    def __init__(self, random_state: int = 0, num_threads: int = 0) -> None:
        self.random_state = random_state
        self.num_threads = num_threads
        self._learned: tuple[int, int] | None = None

    def _check_parameters(self) -> None:
        self._threads()
        if self.random_state is None or not isinstance(self.random_state, int | np.integer):
            msg = f"random_state must be an integer, got {describe(self.random_state)}"
            raise TypeError(msg)
        integer(self.random_state, "random_state", 0)

    def _fit(self, rows: Rows, progress: Progress) -> None:
        progress.total(1)
        self._learned = rows.shape

    def _shape(self) -> tuple[int, int] | None:
        return self._learned

    def _knows(self, userids: Ids, rows: Rows) -> npt.NDArray[np.bool_]:
        del rows
        return np.ones(len(userids), bool)

    def _recommend(
        self, userids: Ids, rows: Rows | None, liked: Rows | None, options: RankOptions, *, recalculate: bool
    ) -> tuple[Ids, Floats]:
        del rows, recalculate
        one, items = np.ones((1, 1)), self.shape[1]
        zero = np.zeros(1, np.int32)

        found = [_core.rank.recommend(one, np.ones((items, 1)), None, zero[:0], None, options.core())]
        for at, user in enumerate(userids.tolist()):
            drawn = self._drawn(user, items)[:, None]
            entries = None if liked is None else liked.part(at, at + 1).entries()
            found.append(_core.rank.recommend(one, drawn, None, zero, entries, options.core()))
        return np.concatenate([ids for ids, _ in found]), np.concatenate([scores for _, scores in found])

    def _drawn(self, user: int, items: int) -> npt.NDArray[np.float64]:
        return np.random.default_rng([int(self.random_state), user]).random(items)

    def _every_score(self, userids: Ids, rows: Rows | None, *, recalculate: bool) -> Floats:
        del rows, recalculate
        items = self.shape[1]
        return np.array([self._drawn(user, items) for user in userids.tolist()]).reshape(-1, items)

    def _tensors(self) -> Mapping[str, npt.NDArray[Any]]:
        return {} if self._learned is None else {"shape": np.array(self._learned, np.int64)}

    def _restore(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        if "shape" in tensors:
            users, items = (integer(int(size), "its shape", 0) for size in tensors["shape"])
            self._learned = users, items

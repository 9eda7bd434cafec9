"""What a model with factors can do, however they were learned: recommend and find neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from penchant import _arguments, _core
from penchant._arguments import Floats, Ids
from penchant.exceptions import NotFittedError

# With fewer candidates than this, packing them costs more than it saves.
_SMALLEST_INDEX = 1024

# Results of recommend_all that are made at a time.
_RESULTS_PER_BLOCK = 1_000_000


class FactorModel:
    """Scores a user and an item by the product of their factors.

    The factors are read-only arrays: what is packed for searching is made from them once. To change them,
    assign changed copies.
    """

    num_threads: int
    dtype: np.dtype[Any]

    def __init__(self) -> None:
        self._user_factors: Floats | None = None
        self._item_factors: Floats | None = None
        self._factors_were_set = False
        self._indexes: dict[str, tuple[Any, _core.Index]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_indexes": {}}

    def _take_factors(self, users: Floats | None, items: Floats | None) -> None:
        """Replace the factors, and forget what was packed from the old ones."""
        for side in (users, items):
            if side is not None:
                side.flags.writeable = False
        self._user_factors, self._item_factors = users, items
        self._indexes = {}

    @property
    def user_factors(self) -> Any:
        """The factors of the users, shape [n_users, factors]; None before a fit. Settable, with a copy."""
        return self._user_factors

    @user_factors.setter
    def user_factors(self, values: Any) -> None:
        users = None if values is None else _arguments.factors(values, "user_factors")
        self._take_factors(users, self._item_factors)
        self._factors_were_set = True

    @property
    def item_factors(self) -> Any:
        """The factors of the items, shape [n_items, factors]; None before a fit. Settable, with a copy."""
        return self._item_factors

    @item_factors.setter
    def item_factors(self, values: Any) -> None:
        items = None if values is None else _arguments.factors(values, "item_factors")
        self._take_factors(self._user_factors, items)
        self._factors_were_set = True

    def recommend(
        self,
        userid: Any,
        user_items: Any,
        N: int = 10,
        filter_already_liked_items: bool = True,
        filter_items: Any = None,
        recalculate_user: bool = False,
        items: Any = None,
        *,
        min_score: float | None = None,
        item_groups: Any = None,
        max_per_group: int = 1,
    ) -> tuple[Ids, Floats]:
        """Recommend items to one user or to many.

        The result is exact: what a full sort by score would give, ties to the smaller id.

        Parameters
        ----------
        userid : int or array of int
            Whom to recommend to.
        user_items : scipy.sparse CSR matrix or array, shape [n_requested_users, n_items]
            One row for each requested user. Only looked at to leave out liked items or to recalculate;
            otherwise None will do. It may have fewer columns than the model has items.
        N : int, default 10
            How many items for each user.
        filter_already_liked_items : bool, default True
            Leave out the items stored in the user's row.
        filter_items : array of int, optional
            Items to leave out for everyone.
        recalculate_user : bool, default False
            Use factors computed from `user_items` instead of the fitted ones.
        items : array of int, optional
            Rank just these items. Filtered ones among them come last, with score -inf.
        min_score : float, optional
            Leave out items that score less.
        item_groups : array of int, shape [n_items], optional
            The group of each item: its artist, say, or its category.
        max_per_group : int, default 1
            With `item_groups`, the most items of one group that a user gets.

        Returns
        -------
        ids : numpy.ndarray of int32, shape [k] or [n_requested_users, k], k = min(N, n_candidates)
            Item ids, best first; -1 where nothing was left to recommend.
        scores : numpy.ndarray of float, same shape
            ``user_factors[userid] @ item_factors[id]``; -inf where nothing was left.

        Raises
        ------
        NotFittedError
            Before a fit.
        IndexError
            If a user or an item is not in the model.
        ValueError
            If `user_items` is not CSR, has another number of rows than there are users requested, or more
            columns than the model has items; if both `items` and `filter_items` are given; if N < 1.
        TypeError
            If an id is not an integer.

        Examples
        --------
        >>> import scipy.sparse as sp
        >>> from penchant.als import AlternatingLeastSquares
        >>> plays = sp.csr_array([[9.0, 3.0, 0.0], [5.0, 8.0, 1.0]])
        >>> model = AlternatingLeastSquares(factors=2, random_state=0).fit(plays, show_progress=False)
        >>> ids, scores = model.recommend([0, 1], plays[[0, 1]], N=2)
        >>> ids.tolist()
        [[2, -1], [-1, -1]]
        """
        user_factors, item_factors = self._fitted("user_factors"), self._fitted("item_factors")
        users = user_factors
        userids = _arguments.ids(userid, "userid", len(users), scalar=True)
        if items is not None and filter_items is not None:
            msg = "items and filter_items cannot be used together"
            raise ValueError(msg)
        wanted = self._wanted(N, items, filter_items, len(item_factors), ("items", "filter_items"))
        wanted |= _limits(min_score, item_groups, max_per_group, len(item_factors))
        liked = None
        if filter_already_liked_items or recalculate_user:
            liked = _arguments.entries(user_items, "user_items")
            if user_items.shape[0] != len(userids):
                rows = user_items.shape[0]
                msg = f"user_items must have one row for each of {len(userids)} users, got {rows}"
                raise ValueError(msg)
        if recalculate_user:
            users = self.recalculate_user(userids, user_items)
            userids = np.arange(len(userids), dtype=np.int32)
        liked = liked if filter_already_liked_items else None
        index = self._index("items", item_factors, user_factors) if items is None else None
        return _unwrapped(_core.recommend(users, item_factors, index, userids, liked, wanted), userid)

    def recommend_all(
        self,
        user_items: Any = None,
        N: int = 10,
        filter_already_liked_items: bool = True,
        filter_items: Any = None,
        items: Any = None,
        *,
        min_score: float | None = None,
        item_groups: Any = None,
        max_per_group: int = 1,
        users_per_block: int | None = None,
        show_progress: bool = True,
    ) -> Iterator[tuple[Ids, Floats]]:
        """Recommend items to all users, block after block, in no more memory than a block needs.

        Parameters
        ----------
        user_items : scipy.sparse CSR matrix or array, shape [n_users, n_items]
            Only looked at to leave out liked items; otherwise None will do.
        N, filter_already_liked_items, filter_items, items, min_score, item_groups, max_per_group
            As for `recommend`.
        users_per_block : int, optional
            How many users at a time; by default as many as have a million results together.
        show_progress : bool, default True
            Show a progress bar that counts users.

        Yields
        ------
        ids : numpy.ndarray of int32, shape [n_users_in_block, k]
        scores : numpy.ndarray of float, same shape
            What `recommend` gives for these users. The first block begins with user 0.

        Raises
        ------
        ValueError, IndexError, TypeError, NotFittedError
            As `recommend` does, on the first block.

        Examples
        --------
        >>> import numpy as np, scipy.sparse as sp
        >>> from penchant.als import AlternatingLeastSquares
        >>> plays = sp.csr_array([[9.0, 3.0, 0.0], [5.0, 8.0, 1.0]])
        >>> model = AlternatingLeastSquares(factors=2, random_state=0).fit(plays, show_progress=False)
        >>> blocks = model.recommend_all(plays, N=1, show_progress=False)
        >>> np.concatenate([ids for ids, scores in blocks]).tolist()
        [[2], [-1]]
        """
        count = len(self._fitted("user_factors"))
        size = max(1, _RESULTS_PER_BLOCK // max(1, N)) if users_per_block is None else users_per_block
        if size < 1:
            msg = f"users_per_block must be at least 1, got {size}"
            raise ValueError(msg)
        if filter_already_liked_items:
            _arguments.entries(user_items, "user_items")
            if user_items.shape[0] != count:
                msg = f"user_items must have one row for each of {count} users, got {user_items.shape[0]}"
                raise ValueError(msg)
        with tqdm(total=count, disable=not show_progress, unit="user") as bar:
            for first in range(0, count, size):
                users = np.arange(first, min(count, first + size), dtype=np.int32)
                liked = user_items[first : first + size] if filter_already_liked_items else None
                yield self.recommend(
                    users, liked, N, filter_already_liked_items, filter_items, items=items,
                    min_score=min_score, item_groups=item_groups, max_per_group=max_per_group,
                )  # fmt: skip
                bar.update(len(users))

    def audience(
        self,
        itemid: int,
        N: int = 10,
        by: Literal["score", "rank"] = "score",
        filter_users: Any = None,
        users: Any = None,
    ) -> tuple[Ids, Floats | npt.NDArray[np.int64]]:
        """Find the users to whom an item matters most.

        Parameters
        ----------
        itemid : int
            Which item.
        N : int, default 10
            How many users.
        by : {"score", "rank"}, default "score"
            Whose score for the item is highest, or who would see it first among all their recommendations. An
            active user has high scores for everything; the rank asks for whom it stands out.
        filter_users : array of int, optional
            Users to leave out: those who have the item, say.
        users : array of int, optional
            Rank just these users.

        Returns
        -------
        userids : numpy.ndarray of int32, shape [k]
            User ids, best first.
        scores or ranks : numpy.ndarray, shape [k]
            By score the scores. By rank the place of the item among all items in the order of each user's
            scores, 1 for the first (int64); equal ranks come in order of falling scores.

        Raises
        ------
        NotFittedError
            Before a fit.
        IndexError
            If the item or a user is not in the model.
        ValueError
            If both `users` and `filter_users` are given, if N < 1, or if `by` is something else.
        TypeError
            If an id is not an integer.
        """
        user_factors, item_factors = self._fitted("user_factors"), self._fitted("item_factors")
        ids = _arguments.ids(itemid, "itemid", len(item_factors), scalar=True)
        if np.ndim(itemid) != 0:
            msg = f"itemid must be one item, got {len(ids)} of them"
            raise ValueError(msg)
        if by not in ("score", "rank"):
            msg = f"by must be 'score' or 'rank', got {by!r}"
            raise ValueError(msg)
        if users is not None and filter_users is not None:
            msg = "users and filter_users cannot be used together"
            raise ValueError(msg)
        wanted = self._wanted(N, users, filter_users, len(user_factors), ("users", "filter_users"))
        if by == "score":
            index = self._index("users", user_factors, item_factors) if users is None else None
            found = _core.recommend(item_factors, user_factors, index, ids, None, wanted)
            kept = found[0][0] >= 0
            return found[0][0][kept], found[1][0][kept]
        index = self._index("items", item_factors, user_factors, always=True)
        userids, ranks, _ = _core.audience_by_rank(user_factors, item_factors, index, int(ids[0]), wanted)
        return userids, ranks

    def similar_items(
        self,
        itemid: Any,
        N: int = 10,
        recalculate_item: bool = False,
        item_users: Any = None,
        filter_items: Any = None,
        items: Any = None,
    ) -> tuple[Ids, Floats]:
        """Find the items most like one item or each of many, by the cosine of their factors.

        Parameters
        ----------
        itemid : int or array of int
            Which items.
        N : int, default 10
            How many for each, the item itself included.
        recalculate_item : bool, default False
            Use factors computed from `item_users` instead of the fitted ones.
        item_users : scipy.sparse CSR matrix or array, shape [n_requested_items, n_users], optional
            One row for each requested item; only looked at to recalculate.
        filter_items : array of int, optional
            Items to leave out.
        items : array of int, optional
            Rank just these items.

        Returns
        -------
        ids : numpy.ndarray of int32, shape [k] or [n_requested_items, k], k = min(N, n_candidates)
            Item ids, the item itself first, then the most similar; -1 where nothing was left.
        scores : numpy.ndarray of float, same shape
            Cosines, 1 for the item itself; -inf where nothing was left.

        Raises
        ------
        NotFittedError
            Before a fit.
        IndexError
            If an item is not in the model.
        ValueError
            If both `items` and `filter_items` are given, if N < 1, or if `item_users` does not fit.
        TypeError
            If an id is not an integer.
        """
        factors = self._fitted("item_factors")
        ids = _arguments.ids(itemid, "itemid", len(factors), scalar=True)
        if items is not None and filter_items is not None:
            msg = "items and filter_items cannot be used together"
            raise ValueError(msg)
        wanted = self._wanted(N, items, filter_items, len(factors), ("items", "filter_items"))
        vectors = self.recalculate_item(ids, item_users) if recalculate_item else None
        index = self._index("similar items", factors) if items is None else None
        return _unwrapped(_core.similar(factors, index, ids, vectors, wanted), itemid)

    def similar_users(
        self, userid: Any, N: int = 10, filter_users: Any = None, users: Any = None
    ) -> tuple[Ids, Floats]:
        """Find the users most like one user or each of many, by the cosine of their factors.

        Parameters
        ----------
        userid : int or array of int
            Which users.
        N : int, default 10
            How many for each, the user included.
        filter_users : array of int, optional
            Users to leave out.
        users : array of int, optional
            Rank just these users.

        Returns
        -------
        ids : numpy.ndarray of int32, shape [k] or [n_requested_users, k], k = min(N, n_candidates)
            User ids, the user first, then the most similar; -1 where nothing was left.
        scores : numpy.ndarray of float, same shape
            Cosines, 1 for the user; -inf where nothing was left.

        Raises
        ------
        NotFittedError
            Before a fit.
        IndexError
            If a user is not in the model.
        ValueError
            If both `users` and `filter_users` are given, or if N < 1.
        TypeError
            If an id is not an integer.
        """
        factors = self._fitted("user_factors")
        ids = _arguments.ids(userid, "userid", len(factors), scalar=True)
        if users is not None and filter_users is not None:
            msg = "users and filter_users cannot be used together"
            raise ValueError(msg)
        wanted = self._wanted(N, users, filter_users, len(factors), ("users", "filter_users"))
        index = self._index("similar users", factors) if users is None else None
        return _unwrapped(_core.similar(factors, index, ids, None, wanted), userid)

    def recalculate_user(self, userid: Any, user_items: Any) -> Floats:
        """Compute the factors of users from their whole history."""
        raise NotImplementedError

    def recalculate_item(self, itemid: Any, item_users: Any) -> Floats:
        """Compute the factors of items from their whole history."""
        raise NotImplementedError

    def _fitted(self, name: str) -> Any:
        values = getattr(self, f"_{name}")
        if values is None:
            msg = f"this {type(self).__name__} has no {name} yet: call fit first"
            raise NotFittedError(msg)
        return values

    def _wanted(self, n: int, only: Any, without: Any, count: int, names: tuple[str, str]) -> dict[str, Any]:
        if not isinstance(n, int | np.integer):
            msg = f"N must be an integer, got {_arguments.describe(n)}"
            raise TypeError(msg)
        return {
            "n": n,
            "only": None if only is None else _arguments.ids(only, names[0], count),
            "without": _arguments.ids([] if without is None else without, names[1], count),
            "at_least": -np.inf,
            "groups": None,
            "most_of_a_group": 1,
            "num_threads": self.num_threads,
        }

    def _index(self, kind: str, candidates: Any, queries: Any = None, *, always: bool = False) -> Any:
        """Return packed candidates: made when first needed, unless they are few.

        They are for products with rows like `queries`, or without those for comparing directions.
        """
        if len(candidates) < _SMALLEST_INDEX and not always:
            return None
        packed = self._indexes.get(kind)
        # Another thread may have replaced the factors since the caller read them.
        if packed is None or packed[0] is not candidates:
            threads = max(self.num_threads, 0)
            if queries is None:
                index = _core.index_of_directions(candidates, threads)
            else:
                index = _core.index_of_items(queries, candidates, threads)
            packed = self._indexes[kind] = (candidates, index)
        return packed[1]


def _limits(min_score: Any, groups: Any, most: Any, count: int) -> dict[str, Any]:
    """Check a least score and a limit for each group."""
    if min_score is not None and not isinstance(min_score, int | float | np.number):
        msg = f"min_score must be a number, got {_arguments.describe(min_score)}"
        raise TypeError(msg)
    if not isinstance(most, int | np.integer):
        msg = f"max_per_group must be an integer, got {_arguments.describe(most)}"
        raise TypeError(msg)
    if most < 1:
        msg = f"max_per_group must be at least 1, got {most}"
        raise ValueError(msg)
    limits: dict[str, Any] = {"at_least": -np.inf if min_score is None else float(min_score)}
    if groups is not None:
        array = np.asarray(groups)
        if array.dtype.kind not in "iu":
            msg = f"item_groups must be integers, got {array.dtype}"
            raise TypeError(msg)
        if array.shape != (count,):
            msg = f"item_groups must have one group for each of {count} items, got shape {array.shape}"
            raise ValueError(msg)
        # Any integers will do: the core wants small ones.
        codes = np.unique(array, return_inverse=True)[1].astype(np.int32)
        limits |= {"groups": codes, "most_of_a_group": min(int(most), count)}
    return limits


def _unwrapped(found: tuple[Ids, Floats], asked: Any) -> tuple[Ids, Floats]:
    """Give one row for one id, and as many rows as ids for a list."""
    ids, scores = found
    if np.ndim(asked) == 0:
        return ids[0], scores[0]
    return ids, scores

"""Models that score a user and an item by the product of their factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._base import factor_store
from penchant._base.factor_store import FactorStore
from penchant._base.rank_options import RankOptions, in_blocks, rank_options
from penchant._base.recommender import RecommenderBase
from penchant._sparse import Rows
from penchant._validation import Floats, Ids, factors, ids, one_id


class MatrixFactorizationBase(RecommenderBase):
    """A model with factors.

    Attributes
    ----------
    user_factors, item_factors : numpy.ndarray, shape [n_users, factors] and [n_items, factors]
        None before a fit. They are read-only; to change them, assign changed copies.
    """

    def __init__(self) -> None:
        self._store = FactorStore()

    def __copy__(self) -> MatrixFactorizationBase:
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__ | {"_store": self._store.__copy__()}
        return other

    @property
    def user_factors(self) -> Any:
        """The factors of the users, shape [n_users, factors]; None before a fit. Settable, with a copy."""
        return self._store.sides[0]

    @user_factors.setter
    def user_factors(self, values: Any) -> None:
        users = None if values is None else factors(values, "user_factors")
        with factor_store.WRITING:
            self._store.replace(users, self._store.sides[1], (None, self._store.known[1]))
        self._store.were_set = True

    @property
    def item_factors(self) -> Any:
        """The factors of the items, shape [n_items, factors]; None before a fit. Settable, with a copy."""
        return self._store.sides[1]

    @item_factors.setter
    def item_factors(self, values: Any) -> None:
        items = None if values is None else factors(values, "item_factors")
        with factor_store.WRITING:
            self._store.replace(self._store.sides[0], items, (self._store.known[0], None))
        self._store.were_set = True

    def _shape(self) -> tuple[int, int] | None:
        users, items = self._store.sides
        return None if users is None or items is None else (len(users), len(items))

    def _known_shape(self, *, users_needed: bool) -> tuple[int, int]:
        if users_needed:
            users, items = self._fitted_pair()
            return len(users), len(items)
        users, items = self._store.sides
        return 0 if users is None else len(users), len(self._known(items, "item_factors"))

    def _fitted(self, name: str) -> Any:
        return self._known(self._store.sides[name == "item_factors"], name)

    def _known(self, values: Floats | None, name: str) -> Any:
        if values is None:
            raise self._not_fitted(name)
        return values

    def _fitted_pair(self) -> tuple[Any, Any]:
        """Return the factors of both sides, which someone may have assigned one by one."""
        users, items = self._store.sides
        users, items = self._known(users, "user_factors"), self._known(items, "item_factors")
        if users.dtype != items.dtype or users.shape[1] != items.shape[1]:
            got = f"{users.shape[1]} columns of {users.dtype} and {items.shape[1]} of {items.dtype}"
            msg = f"user_factors and item_factors must have the same number of columns and dtype, got {got}"
            raise ValueError(msg)
        return users, items

    def _knows(self, userids: Ids, rows: Rows) -> npt.NDArray[np.bool_]:
        del rows
        known: npt.NDArray[np.bool_] = self._fitted("user_factors")[userids].any(axis=1)
        return known

    def _vectors(self, side: str, fixed: Floats, rows: Rows, rowids: Ids) -> Floats:
        """Return factors of rows over `fixed`, those of the other side; `rowids` are whose rows they are."""
        del side, fixed, rows, rowids
        msg = f"{type(self).__name__} cannot recalculate factors: call fit, then ask without recalculating"
        raise NotImplementedError(msg)

    def _recommend(
        self, userids: Ids, rows: Rows | None, liked: Rows | None, options: RankOptions, *, recalculate: bool
    ) -> tuple[Ids, Floats]:
        if recalculate and rows is not None:
            item_factors = self._fitted("item_factors")
            user_factors = self._vectors("item_factors", item_factors, rows, userids)
            userids = np.arange(len(userids), dtype=np.int32)
        else:
            user_factors, item_factors = self._fitted_pair()
        return self._recommend_rows(user_factors, userids, item_factors, liked, options)

    def _recommend_rows(
        self,
        user_factors: Floats,
        userids: Ids,
        item_factors: Floats,
        liked: Rows | None,
        options: RankOptions,
    ) -> tuple[Ids, Floats]:
        """Return the best items for some rows of factors of users."""
        index = None
        if options.only is None and len(userids) > 0:
            typical = self._typical(user_factors)
            index = self._store.index("items", item_factors, typical, options.num_threads)

        def block(first: int, last: int) -> tuple[Ids, Floats]:
            entries = None if liked is None else liked.part(first, last).entries()
            return _core.rank.recommend(
                user_factors, item_factors, index, userids[first:last], entries, options.core()
            )

        return in_blocks(block, len(userids), item_factors, options)

    def _every_score(self, userids: Ids, rows: Rows | None, *, recalculate: bool) -> Floats:
        if recalculate and rows is not None:
            item_factors = self._fitted("item_factors")
            user_factors = self._vectors("item_factors", item_factors, rows, userids)
            userids = np.arange(len(userids), dtype=np.int32)
        else:
            user_factors, item_factors = self._fitted_pair()
        return _core.rank.all_scores(user_factors, item_factors, userids, self._threads())

    def _typical(self, users: Floats) -> Floats:
        """Return factors of users that a search may expect: of all of them, where they fit these."""
        everyone = self._store.sides[0]
        fits = everyone is not None and everyone.dtype == users.dtype and everyone.shape[1] == users.shape[1]
        return everyone if everyone is not None and fits and len(everyone) else users

    def _similar(self, itemids: Ids, options: RankOptions) -> tuple[Ids, Floats]:
        return self._alike("similar items", self._fitted("item_factors"), itemids, None, options)

    def _similar_to_rows(self, itemids: Ids, rows: Rows, options: RankOptions) -> tuple[Ids, Floats]:
        users, items = self._fitted_pair()
        vectors = self._vectors("user_factors", users, rows, itemids)
        return self._alike("similar items", items, itemids, vectors, options)

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
        known = self._fitted("user_factors")
        userids = ids(userid, "userid", len(known), scalar=True)
        options = rank_options(
            N, users, filter_users, len(known), self._threads(), names=("users", "filter_users")
        )
        found, scores = self._alike("similar users", known, userids, None, options)
        return (found[0], scores[0]) if np.ndim(userid) == 0 else (found, scores)

    def _alike(
        self, kind: str, among: Floats, rowids: Ids, vectors: Floats | None, options: RankOptions
    ) -> tuple[Ids, Floats]:
        """Return the rows most like some, or like the vectors given for them, by cosine."""
        index = None
        if options.only is None:
            index = self._store.index(kind, among, None, options.num_threads)

        def block(first: int, last: int) -> tuple[Ids, Floats]:
            own = None if vectors is None else vectors[first:last]
            return _core.rank.similar(among, index, rowids[first:last], own, options.core())

        return in_blocks(block, len(rowids), among, options)

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
        user_factors, item_factors = self._fitted_pair()
        item = one_id(itemid, "itemid", len(item_factors))
        if by not in ("score", "rank"):
            msg = f"by must be 'score' or 'rank', got {by!r}"
            raise ValueError(msg)
        options = rank_options(
            N, users, filter_users, len(user_factors), self._threads(), names=("users", "filter_users")
        )
        if by == "score":
            index = None
            if users is None:
                index = self._store.index("users", user_factors, item_factors, options.num_threads)
            asked = np.array([item], np.int32)
            found = _core.rank.recommend(item_factors, user_factors, index, asked, None, options.core())
            kept = found[0][0] >= 0
            return found[0][0][kept], found[1][0][kept]
        index = self._store.index("items", item_factors, user_factors, options.num_threads, always=True)
        assert index is not None
        userids, ranks, _ = _core.rank.audience_by_rank(
            user_factors, item_factors, index, item, options.core()
        )
        return userids, ranks

    def _tensors(self) -> Mapping[str, npt.NDArray[Any]]:
        named = zip(("user_factors", "item_factors"), self._store.sides, strict=True)
        return {name: side for name, side in named if side is not None}

    def _restore(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        users, items = (
            None if name not in tensors else factors(tensors[name], name, copy=None)
            for name in ("user_factors", "item_factors")
        )
        if users is not None and items is not None and users.shape[1] != items.shape[1]:
            msg = f"its sides have {users.shape[1]} and {items.shape[1]} factors"
            raise ValueError(msg)
        self._store.replace(users, items)

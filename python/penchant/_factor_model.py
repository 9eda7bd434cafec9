"""What a model with factors can do, however they were learned: recommend and find neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant import _arguments, _core
from penchant._arguments import Floats, Ids
from penchant.exceptions import NotFittedError


class FactorModel:
    """Scores a user and an item by the product of their factors."""

    num_threads: int
    dtype: np.dtype[Any]

    def __init__(self) -> None:
        self._user_factors: Floats | None = None
        self._item_factors: Floats | None = None
        self._factors_were_set = False

    @property
    def user_factors(self) -> Any:
        """The factors of the users, shape [n_users, factors]; None before a fit. Settable."""
        return self._user_factors

    @user_factors.setter
    def user_factors(self, values: Any) -> None:
        self._user_factors = None if values is None else _arguments.factors(values, "user_factors")
        self._factors_were_set = True

    @property
    def item_factors(self) -> Any:
        """The factors of the items, shape [n_items, factors]; None before a fit. Settable."""
        return self._item_factors

    @item_factors.setter
    def item_factors(self, values: Any) -> None:
        self._item_factors = None if values is None else _arguments.factors(values, "item_factors")
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
        users, item_factors = self._fitted("user_factors"), self._fitted("item_factors")
        userids = _arguments.ids(userid, "userid", len(users), scalar=True)
        if items is not None and filter_items is not None:
            msg = "items and filter_items cannot be used together"
            raise ValueError(msg)
        wanted = self._wanted(N, items, filter_items, len(item_factors), ("items", "filter_items"))
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
        found = _core.recommend(
            users, item_factors, userids, liked if filter_already_liked_items else None, wanted
        )
        return _unwrapped(found, userid)

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
        return _unwrapped(_core.similar(factors, ids, vectors, wanted), itemid)

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
        return _unwrapped(_core.similar(factors, ids, None, wanted), userid)

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
            "num_threads": self.num_threads,
        }


def _unwrapped(found: tuple[Ids, Floats], asked: Any) -> tuple[Ids, Floats]:
    """Give one row for one id, and as many rows as ids for a list."""
    ids, scores = found
    if np.ndim(asked) == 0:
        return ids[0], scores[0]
    return ids, scores

"""Finding items like an item, users like a user, and users for an item."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant import _arguments, _core, _search
from penchant._arguments import Floats, Ids
from penchant._factors import Factors


class FindsNeighbours(Factors):
    """Finds rows of factors that are alike, or that belong to each other."""

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
        vectors = None
        if recalculate_item:
            users, factors = self._fitted_pair()
            vectors = self._folded("user_factors", users, item_users, "item_users", len(ids))
        wanted = _search.wanted(
            N, items, filter_items, len(factors), ("items", "filter_items"), self._threads()
        )
        index = self._index("similar items", factors) if items is None else None

        def block(first: int, last: int) -> tuple[Ids, Floats]:
            own = None if vectors is None else vectors[first:last]
            return _core.similar(factors, index, ids[first:last], own, wanted)

        return _search.unwrapped(_search.in_blocks(block, len(ids), factors, wanted), itemid)

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
        wanted = _search.wanted(
            N, users, filter_users, len(factors), ("users", "filter_users"), self._threads()
        )
        index = self._index("similar users", factors) if users is None else None

        def block(first: int, last: int) -> tuple[Ids, Floats]:
            return _core.similar(factors, index, ids[first:last], None, wanted)

        return _search.unwrapped(_search.in_blocks(block, len(ids), factors, wanted), userid)

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
        item = _arguments.one_id(itemid, "itemid", len(item_factors))
        if by not in ("score", "rank"):
            msg = f"by must be 'score' or 'rank', got {by!r}"
            raise ValueError(msg)
        wanted = _search.wanted(
            N, users, filter_users, len(user_factors), ("users", "filter_users"), self._threads()
        )
        if by == "score":
            index = self._index("users", user_factors, item_factors) if users is None else None
            found = _core.recommend(
                item_factors, user_factors, index, np.array([item], np.int32), None, wanted
            )
            kept = found[0][0] >= 0
            return found[0][0][kept], found[1][0][kept]
        index = self._index("items", item_factors, user_factors, always=True)
        userids, ranks, _ = _core.audience_by_rank(user_factors, item_factors, index, item, wanted)
        return userids, ranks

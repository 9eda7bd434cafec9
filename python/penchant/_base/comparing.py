"""Comparing items and users, documented and checked once for all models."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant._base.learning import LearningModel
from penchant._base.rank_options import RankOptions, rank_options
from penchant._sparse import Rows, any_rows
from penchant._validation import Floats, Ids, ids


class ComparingModel(LearningModel):
    """Finds what is alike, by the hook `_similar`."""

    def _known_shape(self, *, users_needed: bool) -> tuple[int, int]:
        """Return the numbers of users and items, of which only the second may be known."""
        del users_needed
        return self.shape

    def similar_items(
        self,
        itemid: Any,
        N: int = 10,
        recalculate_item: bool = False,
        item_users: Any = None,
        filter_items: Any = None,
        items: Any = None,
    ) -> tuple[Ids, Floats]:
        """Find the items most like one item or each of many, by what the model takes for likeness.

        Parameters
        ----------
        itemid : int or array of int
            Which items.
        N : int, default 10
            How many for each.
        recalculate_item : bool, default False
            Use what `item_users` says of the item instead of what was learned, where the model can.
        item_users : scipy.sparse CSR matrix or array, shape [n_requested_items, n_users], optional
            One row for each requested item; only looked at to recalculate.
        filter_items : array of int, optional
            Items to leave out.
        items : array of int, optional
            Rank just these items.

        Returns
        -------
        ids : numpy.ndarray of int32, shape [k] or [n_requested_items, k], k = min(N, n_candidates)
            Item ids, the most similar first; -1 where nothing was left. Models with factors and nearest
            neighbours list the item itself as well; to others, such as `EASE` and `RP3beta`, an item says
            nothing about itself.
        scores : numpy.ndarray of float, same shape
            How alike they are; -inf where nothing was left. For models with factors these are cosines, 1 for
            the item itself.

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
        NotImplementedError
            If the model cannot recalculate.
        """
        _, count = self._known_shape(users_needed=False)
        itemids = ids(itemid, "itemid", count, scalar=True)
        options = rank_options(N, items, filter_items, count, self._threads())
        if recalculate_item:
            rows = any_rows(item_users, "item_users", np.float64)
            rows.check_count(len(itemids), "ids")
            return unwrapped(self._similar_to_rows(itemids, rows, options), itemid)
        return unwrapped(self._similar(itemids, options), itemid)

    def _similar_to_rows(self, itemids: Ids, rows: Rows, options: RankOptions) -> tuple[Ids, Floats]:
        """Return ids and scores for items of which `rows` says who has them."""
        del itemids, rows, options
        msg = f"{type(self).__name__} cannot recalculate an item: call fit, then similar_items without"
        raise NotImplementedError(msg)

    def similar_users(
        self, userid: Any, N: int = 10, filter_users: Any = None, users: Any = None
    ) -> tuple[Ids, Floats]:
        """Find the users most like one user or each of many, where the model compares users.

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
            How alike they are; -inf where nothing was left. For models with factors these are cosines.

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
        NotImplementedError
            If the model knows nothing about users.
        """
        del userid, N, filter_users, users
        msg = f"{type(self).__name__} compares items, not users"
        raise NotImplementedError(msg)


def unwrapped(found: tuple[Ids, Floats], asked: Any) -> tuple[Ids, Floats]:
    """Give one row for one id, and as many rows as ids for a list."""
    found_ids, scores = found
    if np.ndim(asked) == 0:
        return found_ids[0], scores[0]
    return found_ids, scores

"""Models of items alone: what having an item adds to the score of another."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._base.contributions import history, largest
from penchant._base.recommender import RecommenderBase
from penchant._validation import Ids, integer, one_id


class ItemWeightsBase(RecommenderBase):
    """Scores an item by the sum of what each of a user's items adds, so users need not be known."""

    _by_rows = True
    _by_users = False
    _unit = "item"

    @abstractmethod
    def _weights_for(self, item: int, owned: Ids) -> npt.NDArray[np.float64]:
        """Return how much having each of some items adds to the score of another."""

    def explain(
        self, userid: Any, user_items: Any, itemid: Any, user_weights: Any = None, N: int = 10
    ) -> tuple[float, list[tuple[int, float]], None]:
        """Tell which of a user's items speak for recommending another.

        Parameters
        ----------
        userid : int
            The row of `user_items` that is the user's; any id will do where that is the only row.
        user_items : scipy.sparse matrix or array, shape [n_users, n_items] or [1, n_items]
            What the user likes.
        itemid : int
            The item in question.
        user_weights : None
            There is nothing to be used again.
        N : int, default 10
            The most contributions.

        Returns
        -------
        score : float
            The score of the item.
        contributions : list of (itemid, contribution)
            The `N` largest terms of that sum, ties to the smaller id.
        user_weights : None

        Raises
        ------
        NotFittedError, TypeError, ValueError
            Before a fit, or if an argument is not what it should be.
        IndexError
            If `user_items` has no such row, or the model no such item.
        """
        del user_weights
        items = self.shape[1]
        N = integer(N, "N", 1)
        item = one_id(itemid, "itemid", items)
        owned, values = history(userid, user_items, items)
        weights = self._weights_for(item, owned)
        there = weights != 0
        terms = (values * weights)[there]
        return float(terms.sum()), largest(owned[there], terms, N), None

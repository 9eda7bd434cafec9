"""Recommending items to users."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from penchant import _arguments, _core, _search
from penchant._arguments import Floats, Ids
from penchant._factors import Factors

# Results of recommend_all that are made at a time.
_RESULTS_PER_BLOCK = 1_000_000


class Recommends(Factors):
    """Recommends by the product of a user's and an item's factors."""

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
        item_factors = self._fitted("item_factors")
        if recalculate_user:
            # Who they are does not matter then: they may be new.
            userids = _arguments.ids(userid, "userid", np.iinfo(np.int32).max, scalar=True)
        else:
            user_factors, item_factors = self._fitted_pair()
            userids = _arguments.ids(userid, "userid", len(user_factors), scalar=True)
        wanted = _search.wanted(
            N, items, filter_items, len(item_factors), ("items", "filter_items"), self._threads(),
            _search.limits(min_score, item_groups, max_per_group, len(item_factors)),
        )  # fmt: skip
        liked = None
        if filter_already_liked_items or recalculate_user:
            liked = _arguments.entries_of(user_items, "user_items", len(userids), "users")
            self._look_at_width(liked[0], len(item_factors))
        if recalculate_user:
            user_factors = self._folded("item_factors", item_factors, user_items, "user_items", len(userids))
            userids = np.arange(len(userids), dtype=np.int32)
        liked = liked if filter_already_liked_items else None
        index = None
        if items is None and len(userids) > 0:
            index = self._index("items", item_factors, self._typical(user_factors))

        def block(first: int, last: int) -> tuple[Ids, Floats]:
            rows = None if liked is None else _arguments.rows_of(liked, first, last)
            return _core.recommend(user_factors, item_factors, index, userids[first:last], rows, wanted)

        return _search.unwrapped(_search.in_blocks(block, len(userids), item_factors, wanted), userid)

    def _look_at_width(self, columns: int, items: int) -> None:
        """Warn if rows have a column for each user rather than for each item."""
        users = self._sides[0]
        if users is not None and columns == len(users) < items:
            _arguments.warn(
                f"user_items has {columns} columns, as many as the model has users; it has {items} items: "
                "was it fitted to the transposed matrix, of items x users?"
            )

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

        Returns
        -------
        iterator of (ids, scores)
            For each block ids of shape [n_users_in_block, k] and scores of the same shape: what `recommend`
            gives for these users. The first block begins with user 0.

        Raises
        ------
        ValueError, IndexError, TypeError, NotFittedError
            As `recommend` does, before the first block is made.

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
        size = max(1, _RESULTS_PER_BLOCK // _arguments.integer(N, "N", 1))
        if users_per_block is not None:
            size = _arguments.integer(users_per_block, "users_per_block", 1)
        rows = user_items if filter_already_liked_items else None
        if filter_already_liked_items:
            _arguments.entries_of(user_items, "user_items", count, "users")

        def block(first: int, last: int) -> tuple[Ids, Floats]:
            return self.recommend(
                np.arange(first, last, dtype=np.int32), None if rows is None else rows[first:last], N,
                filter_already_liked_items, filter_items, items=items, min_score=min_score,
                item_groups=item_groups, max_per_group=max_per_group,
            )  # fmt: skip

        block(0, 0)  # what is wrong is said at once
        return _blocks(block, count, size, show_progress)

    def rank_items(
        self, userid: Any, user_items: Any, selected_items: Any, recalculate_user: bool = False
    ) -> tuple[Ids, Floats]:
        """Rank a list of items: the old name for `recommend` with `items`.

        .. deprecated:: 0.1
            Use ``recommend(userid, user_items, N=len(items), items=items)``.
        """
        warnings.warn(
            "rank_items is deprecated: use recommend with the argument items",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.recommend(
            userid, user_items, N=max(1, np.size(selected_items)), filter_already_liked_items=False,
            recalculate_user=recalculate_user, items=selected_items,
        )  # fmt: skip


def _blocks(
    block: Callable[[int, int], tuple[Ids, Floats]], count: int, size: int, show_progress: bool
) -> Iterator[tuple[Ids, Floats]]:
    with tqdm(total=count, disable=not show_progress, unit="user") as bar:
        for first in range(0, count, size):
            last = min(count, first + size)
            yield block(first, last)
            bar.update(last - first)

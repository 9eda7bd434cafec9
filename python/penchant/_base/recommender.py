"""What every model can do, documented and checked once; what differs is left to hooks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from penchant._base.comparing import ComparingModel, unwrapped
from penchant._base.rank_options import rank_options
from penchant._sparse import csr_rows
from penchant._validation import Floats, Ids, check_memory, ids, integer, warn

# Results of recommend_all that are made at a time.
_RESULTS_PER_BLOCK = 1_000_000
_MOST_IDS = np.iinfo(np.int32).max


class RecommenderBase(ComparingModel):
    """A model: fitted to a matrix of users x items, asked for recommendations.

    A subclass says how it learns and answers in the hooks `_fit`, `_shape`, `_recommend`, `_similar`,
    `_tensors` and `_restore`. What reaches them has been checked.
    """

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
            One row for each requested user: what they have. Models that recommend by these rows need them, as
            the item-item models do; others look at them only to leave out liked items or to recalculate, and
            None will do otherwise. It may have fewer columns than the model has items.
        N : int, default 10
            How many items for each user.
        filter_already_liked_items : bool, default True
            Leave out the items stored in the user's row.
        filter_items : array of int, optional
            Items to leave out for everyone.
        recalculate_user : bool, default False
            Use what `user_items` says of the user instead of what was learned in the fit. Models that do so
            anyway take no notice.
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
            The model's scores; -inf where nothing was left.

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
        NotImplementedError
            If the model cannot recalculate.

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
        needed = self._by_users and not recalculate_user
        users, count = self._known_shape(users_needed=needed)
        # Who they are does not matter where their rows say it all: they may be new.
        known = users if needed else _MOST_IDS
        userids = ids(userid, "userid", known, scalar=True)
        options = rank_options(
            N, items, filter_items, count, self._threads(), min_score=min_score, groups=item_groups,
            max_per_group=max_per_group,
        )  # fmt: skip
        rows = None
        if filter_already_liked_items or recalculate_user or self._by_rows:
            rows = csr_rows(user_items, "user_items")
            rows.check_count(len(userids), "users")
            self._look_at_width(rows.columns, count)
        liked = rows if filter_already_liked_items else None
        found = self._recommend(userids, rows, liked, options, recalculate=bool(recalculate_user))
        return unwrapped(found, userid)

    def knows_users(self, userids: Any, user_items: Any) -> npt.NDArray[np.bool_]:
        """Tell about which users the model knows something; for others any list would be arbitrary.

        Parameters
        ----------
        userids : array of int
        user_items : scipy.sparse CSR matrix or array, shape [n_requested_users, n_items]
            One row for each of them: what they have.

        Returns
        -------
        numpy.ndarray of bool, shape [n_requested_users]
        """
        rows = csr_rows(user_items, "user_items")
        rows.check_count(np.size(userids), "users")
        return self._knows(ids(userids, "userids", self.shape[0] if self._by_users else _MOST_IDS), rows)

    def _look_at_width(self, columns: int, items: int) -> None:
        """Warn if rows have a column for each user rather than for each item."""
        shape = self._shape()
        if shape is not None and columns == shape[0] < items:
            warn(
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
            What users have. Models that know users look at it only to leave out liked items; otherwise None
            will do.
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
        count = self.shape[0]
        size = max(1, _RESULTS_PER_BLOCK // integer(N, "N", 1))
        if users_per_block is not None:
            size = integer(users_per_block, "users_per_block", 1)
        rows = None
        if filter_already_liked_items or self._by_rows:
            csr_rows(user_items, "user_items").check_count(count, "users")
            rows = user_items

        def block(first: int, last: int) -> tuple[Ids, Floats]:
            return self.recommend(
                np.arange(first, last, dtype=np.int32), None if rows is None else rows[first:last], N,
                filter_already_liked_items, filter_items, items=items, min_score=min_score,
                item_groups=item_groups, max_per_group=max_per_group,
            )  # fmt: skip

        block(0, 0)  # what is wrong is said at once
        return _blocks(block, count, size, show_progress)

    def score(self, userid: Any, user_items: Any = None, recalculate_user: bool = False) -> Floats:
        """Return the score of every item, for users and items that are looked at one by one.

        It takes memory for all items of each user: to find the best, ask `recommend`.

        Parameters
        ----------
        userid : int or array of int
            Whose scores.
        user_items : scipy.sparse CSR matrix or array, shape [n_requested_users, n_items], optional
            One row for each requested user, for models that go by it and to recalculate.
        recalculate_user : bool, default False
            As for `recommend`.

        Returns
        -------
        numpy.ndarray, shape [n_items] or [n_requested_users, n_items]
            0 where nothing speaks for or against an item.

        Raises
        ------
        NotFittedError, IndexError, ValueError, TypeError
            As `recommend` does.
        """
        needed = self._by_users and not recalculate_user
        users, count = self._known_shape(users_needed=needed)
        known = users if needed else _MOST_IDS
        userids = ids(userid, "userid", known, scalar=True)
        rows = None
        if recalculate_user or self._by_rows:
            rows = csr_rows(user_items, "user_items")
            rows.check_count(len(userids), "users")
            rows.check_width(count)
        check_memory(8 * count * len(userids), f"scores of {count} items for each of {len(userids)} users")
        scores = self._every_score(userids, rows, recalculate=bool(recalculate_user))
        row: Floats = scores[0] if np.ndim(userid) == 0 else scores
        return row

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

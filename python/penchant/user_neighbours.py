"""User-user nearest neighbours: what those have who have the same items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._base.progress import Progress
from penchant._base.rank_options import RankOptions, check_results, rank_options
from penchant._base.recommender import RecommenderBase
from penchant._sparse import Csr, Rows, copied, freeze, precision, quiet_rows, scipy_csr
from penchant._validation import Floats, Ids, check_finite, ids, integer

__all__ = ["UserUserRecommender"]

# What users have, the same checked by the core, and who has an item, with users of length 1.
_Learned: TypeAlias = tuple[Csr, _core.rank.Matrix, _core.rank.Matrix]

# Users whose neighbours are looked for at a time.
_USERS_PER_BLOCK = 4096
_PARTS = ("user_items.indptr", "user_items.indices", "user_items.values")


class UserUserRecommender(RecommenderBase):
    """User-user nearest neighbours: an item scores what the most similar users say of it.

    The score is the sum of the values that the `K` users with the largest cosine to a user have for the item,
    each times that cosine. Neighbours are looked for when they are needed, so a fit takes no time, and
    strangers are compared with everybody by ``recalculate_user=True``.

    Parameters
    ----------
    K : int, default 50
        How many neighbours a user has, not counting the user.
    num_threads : int, default 0
        The number of threads; 0 for all that the process may use. The result does not depend on it.

    References
    ----------
    Resnick, Iacovou, Suchak, Bergstrom and Riedl, "GroupLens: An Open Architecture for Collaborative
    Filtering of Netnews", 1994.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[9.0, 3.0, 0.0], [5.0, 8.0, 1.0], [0.0, 7.0, 0.0]])
    >>> model = UserUserRecommender(K=2).fit(plays, show_progress=False)
    >>> model.recommend(2, plays[[2]], N=1)[0].tolist()
    [0]
    >>> model.similar_users(2, N=2)[0].tolist()
    [2, 1]
    """

    _KIND = "UserUserRecommender"
    _unit = "user"

    def __init__(self, K: int = 50, num_threads: int = 0) -> None:
        self.K = K
        self.num_threads = num_threads
        # Replaced together.
        self._learned: _Learned | None = None

    def _check_parameters(self) -> None:
        integer(self.K, "K", 1)
        self._threads()

    def _fit(self, rows: Rows, progress: Progress) -> None:
        progress.total(len(rows))
        self._take(copied(rows.csr(precision(rows))))
        progress.step(len(rows))

    def _take(self, user_items: Csr) -> None:
        """Take a matrix that nobody else has."""
        check_finite(user_items[3], "user_items")
        freeze(user_items)
        unit = scipy_csr((*user_items[:3], _core.weighting.normalize(user_items)))
        item_users = quiet_rows(unit.T.tocsr(), "user_items").csr(user_items[3].dtype)
        self._learned = user_items, _core.rank.Matrix(user_items), _core.rank.Matrix(item_users)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self._learned is not None:
            freeze(self._learned[0])

    def _matrices(self) -> _Learned:
        if self._learned is None:
            raise self._not_fitted()
        return self._learned

    def _shape(self) -> tuple[int, int] | None:
        return None if self._learned is None else (len(self._learned[0][1]) - 1, self._learned[0][0])

    @staticmethod
    def _rows_of(learned: _Learned, userids: Ids, rows: Rows | None, *, recalculate: bool) -> Csr:
        """Return what users have, at length 1: as the model knows it, or as the caller says."""
        user_items = learned[0]
        if not recalculate or rows is None:
            taken = scipy_csr(user_items)[userids]
            rows = quiet_rows(taken, "user_items")
        csr = rows.csr(user_items[3].dtype)
        return (*csr[:3], _core.weighting.normalize(csr))

    def _neighbours(self, learned: _Learned, userids: Ids, own: Csr, *, recalculate: bool) -> Csr:
        """Return the nearest users of each, and how near they are: users x users."""
        users, item_users = len(learned[0][1]) - 1, learned[2]
        options = rank_options(min(self.K + 1, users), None, None, users, self._threads())
        found, near = _core.rank.recommend_by_rows(own, item_users, None, options.core())
        kept = found >= 0
        if not recalculate:
            kept &= found != userids[:, None]
        kept &= np.cumsum(kept, axis=1) <= self.K
        order = np.argsort(np.where(kept, found, users), axis=1, kind="stable")
        ordered: list[Any] = [np.take_along_axis(part, order, axis=1) for part in (found, near, kept)]
        indptr = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int64)
        return users, indptr, ordered[0][ordered[2]], ordered[1][ordered[2]]

    def _recommend(
        self, userids: Ids, rows: Rows | None, liked: Rows | None, options: RankOptions, *, recalculate: bool
    ) -> tuple[Ids, Floats]:
        learned = self._matrices()
        user_items, checked, _ = learned
        check_results(len(userids), options.width(user_items[0]), user_items[3].dtype)
        found = []
        for first in range(0, max(len(userids), 1), _USERS_PER_BLOCK):
            last = min(len(userids), first + _USERS_PER_BLOCK)
            block = None if rows is None else rows.part(first, last)
            own = self._rows_of(learned, userids[first:last], block, recalculate=recalculate)
            near = self._neighbours(learned, userids[first:last], own, recalculate=recalculate)
            entries = None if liked is None else liked.part(first, last).entries()
            found.append(_core.rank.recommend_by_rows(near, checked, entries, options.core()))
        return np.concatenate([part for part, _ in found]), np.concatenate([scores for _, scores in found])

    def _every_score(self, userids: Ids, rows: Rows | None, *, recalculate: bool) -> Floats:
        learned = self._matrices()
        own = self._rows_of(learned, userids, rows, recalculate=recalculate)
        near = self._neighbours(learned, userids, own, recalculate=recalculate)
        return _core.rank.all_scores_by_rows(near, learned[1], self._threads())

    def _similar(self, itemids: Ids, options: RankOptions) -> tuple[Ids, Floats]:
        del itemids, options
        msg = "UserUserRecommender compares users, not items"
        raise NotImplementedError(msg)

    def similar_users(
        self, userid: Any, N: int = 10, filter_users: Any = None, users: Any = None
    ) -> tuple[Ids, Floats]:
        """Find the users most like one user or each of many, by the cosine of what they have.

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
            User ids, the most similar first; -1 where nobody has anything in common.
        scores : numpy.ndarray of float, same shape
            Cosines; -inf where nobody was left.

        Raises
        ------
        NotFittedError, IndexError, ValueError, TypeError
            Before a fit, or if an argument is not what it should be.
        """
        count = self.shape[0]
        userids = ids(userid, "userid", count, scalar=True)
        options = rank_options(
            N, users, filter_users, count, self._threads(), names=("users", "filter_users")
        )
        learned = self._matrices()
        own = self._rows_of(learned, userids, None, recalculate=False)
        found, scores = _core.rank.recommend_by_rows(own, learned[2], None, options.core())
        return (found[0], scores[0]) if np.ndim(userid) == 0 else (found, scores)

    def _tensors(self) -> Mapping[str, npt.NDArray[Any]]:
        if self._learned is None:
            return {}
        user_items = self._learned[0]
        named = dict(zip(_PARTS, user_items[1:], strict=True))
        return named | {"items": np.array([user_items[0]], np.int64)}

    def _restore(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        if "items" not in tensors:
            return
        indptr, indices, values = (tensors[name] for name in _PARTS)
        matrix = scipy_csr((int(tensors["items"][0]), indptr, indices, values))
        matrix.has_canonical_format = False
        rows = quiet_rows(matrix, "user_items")
        self._take(rows.csr(precision(rows)))

"""A model with factors, whose searches are made in an index that finds most of what is best."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from penchant._base.matrix_factorization import MatrixFactorizationBase
from penchant._sparse import csr_rows
from penchant._validation import Floats, Ids, describe, ids, integer
from penchant.utils import augment_inner_product_matrix

Vectors = npt.NDArray[np.float32]
Keys = npt.NDArray[np.int64]


def vectors(model: MatrixFactorizationBase) -> tuple[Vectors, Vectors]:
    """Return the factors of a model for an index by angle, such as that of a vector database.

    Items get one number more, which gives all of them the same length; users get a 0 there. The cosine of a
    user and an item is then their score but for a factor that only the user decides, so the nearest items by
    cosine, or by Euclidean distance, are those with the largest scores.

    Parameters
    ----------
    model : MatrixFactorizationBase
        A fitted one.

    Returns
    -------
    users : numpy.ndarray of float32, shape [n_users, factors + 1]
    items : numpy.ndarray of float32, shape [n_items, factors + 1]
        Of length 1.

    Raises
    ------
    NotFittedError
        Before a fit.
    TypeError
        If the model has no factors.

    References
    ----------
    Bachrach et al., "Speeding Up the Xbox Recommender System Using a Euclidean Transformation for
    Inner-Product Spaces", RecSys 2014.
    """
    _check(model)
    assert model.shape
    longest, items = augment_inner_product_matrix(model.item_factors)
    users = np.column_stack([model.user_factors, np.zeros(model.shape[0], np.float32)])
    return users.astype(np.float32), (items / (longest or 1.0)).astype(np.float32)


class ApproximateModel(ABC):
    """A model with factors, and an index of its items for `recommend`, `similar_items` or both.

    What an index cannot do is done exactly: searches among some `items`, and those that it is not made for.

    Parameters
    ----------
    model : MatrixFactorizationBase
        Fitted or not.
    approximate_similar_items, approximate_recommend : bool, default True
        Whether to make an index for either.

    Attributes
    ----------
    recommend_index, similar_items_index : object
        The indexes as their library has them; None before they are made.
    """

    def __init__(
        self, model: Any, approximate_similar_items: bool = True, approximate_recommend: bool = True
    ) -> None:
        _check(model)
        self.model = model
        self.approximate_similar_items = approximate_similar_items
        self.approximate_recommend = approximate_recommend
        self.recommend_index: Any = None
        self.similar_items_index: Any = None
        self._made_of: Any = None
        self._indexed = 0

    @abstractmethod
    def _made(self, items: Vectors, keys: Keys) -> Any:
        """Return an index of vectors of length 1, which are found by these keys."""

    @abstractmethod
    def _found(self, index: Any, queries: Vectors, count: int) -> tuple[Ids, Floats]:
        """Return the nearest of an index by cosine, best first, and their cosines; -1 for none."""

    def fit(self, user_items: Any, show_progress: bool = True, callback: Any = None, **options: Any) -> Self:
        """Fit the model, and make the indexes; see the `fit` of the model."""
        self.model.fit(user_items, show_progress=show_progress, callback=callback, **options)
        self._make()
        return self

    def _make(self) -> None:
        """Make the indexes of the factors as they are, unless they are made."""
        assert self.model.shape  # raises before a fit
        factors = self.model.item_factors
        if self._made_of is factors:
            return
        # Of which nothing is known: alike, they would lead a walk through a graph nowhere.
        keys = np.flatnonzero(factors.any(axis=1)).astype(np.int64)
        self._indexed = len(keys)
        if self.approximate_recommend:
            self.recommend_index = self._made(vectors(self.model)[1][keys], keys)
        if self.approximate_similar_items:
            self.similar_items_index = self._made(_directions(factors[keys]), keys)
        self._made_of = factors

    def recommend(
        self,
        userid: Any,
        user_items: Any,
        N: int = 10,
        filter_already_liked_items: bool = True,
        filter_items: Any = None,
        recalculate_user: bool = False,
        items: Any = None,
        **options: Any,
    ) -> tuple[Ids, Floats]:
        """Recommend most of the best items to users; see `RecommenderBase.recommend`.

        The index is asked for as many more as may have to be left out. With other options than these the
        search is exact.

        Returns
        -------
        ids : numpy.ndarray of int32, shape [N] or [n_requested_users, N]
            -1 where the index had no more.
        scores : numpy.ndarray of float32, of the same shape
            Exact, of what was found.
        """
        if items is not None or options or not self.approximate_recommend:
            found: tuple[Ids, Floats] = self.model.recommend(
                userid, user_items, N=N, items=items, filter_items=filter_items,
                filter_already_liked_items=filter_already_liked_items, recalculate_user=recalculate_user,
                **options,
            )  # fmt: skip
            return found
        self._make()
        count = self.model.shape[1]
        if recalculate_user:
            users = np.atleast_2d(self.model.recalculate_user(userid, user_items))
        else:
            users = self.model.user_factors[ids(userid, "userid", self.model.shape[0], scalar=True)]
        left_out = np.zeros(0, np.int32) if filter_items is None else ids(filter_items, "filter_items", count)
        denied: list[Ids] = [left_out] * len(users)
        if filter_already_liked_items:
            rows = csr_rows(user_items, "user_items")
            rows.check_count(len(users), "users")
            rows.check_width(count)
            ends = rows.indptr
            denied = [
                np.union1d(left_out, rows.indices[ends[row] : ends[row + 1]]).astype(np.int32)
                for row in range(len(users))
            ]
        queries = np.column_stack([users, np.zeros(len(users))]).astype(np.float32)
        best = self._best(self.recommend_index, queries, denied, integer(N, "N", 1), users)
        return best if np.ndim(userid) else (best[0][0], best[1][0])

    def similar_items(
        self,
        itemid: Any,
        N: int = 10,
        recalculate_item: bool = False,
        item_users: Any = None,
        filter_items: Any = None,
        items: Any = None,
        **options: Any,
    ) -> tuple[Ids, Floats]:
        """Find most of the items that are most like others; see `RecommenderBase.similar_items`."""
        if items is not None or options or recalculate_item or not self.approximate_similar_items:
            found: tuple[Ids, Floats] = self.model.similar_items(
                itemid, N=N, recalculate_item=recalculate_item, item_users=item_users,
                filter_items=filter_items, items=items, **options,
            )  # fmt: skip
            return found
        self._make()
        count = self.model.shape[1]
        which = ids(itemid, "itemid", count, scalar=True)
        left_out = np.zeros(0, np.int32) if filter_items is None else ids(filter_items, "filter_items", count)
        queries = _directions(self.model.item_factors[which])
        best = self._best(
            self.similar_items_index, queries, [left_out] * len(which), integer(N, "N", 1), queries
        )
        return best if np.ndim(itemid) else (best[0][0], best[1][0])

    def _best(
        self, index: Any, queries: Vectors, denied: list[Ids], n: int, exact: Floats
    ) -> tuple[Ids, Floats]:
        """Return what an index finds without what is denied, by the exact scores of what it found."""
        items = self.model.item_factors if index is self.recommend_index else None
        n = min(n, self.model.shape[1])
        wanted = min(n + max((len(each) for each in denied), default=0), self._indexed)
        found, _ = self._found(index, queries, wanted)
        best: Ids = np.full((len(queries), n), -1, np.int32)
        scores: Floats = np.full((len(queries), n), -np.inf, np.float32)
        for row, (candidates, out) in enumerate(zip(found, denied, strict=True)):
            left = candidates[(candidates >= 0) & ~np.isin(candidates, out)].astype(np.int32)
            vectors_of = _directions(self.model.item_factors[left]) if items is None else items[left]
            values = (vectors_of @ exact[row]).astype(np.float32)
            order = np.lexsort((left, -values))[:n]
            best[row, : len(order)], scores[row, : len(order)] = left[order], values[order]
        return best, scores

    def __getattr__(self, name: str) -> Any:
        """Give what the model has: factors, similar_users, save and so on."""
        if name.startswith("_") or name == "model":
            raise AttributeError(name)
        return getattr(self.model, name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r})"


def _directions(rows: Any) -> Vectors:
    """Return rows of length 1, and zeros where there are zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    directions: Vectors = (rows / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    return directions


def _check(model: Any) -> None:
    if not isinstance(model, MatrixFactorizationBase):
        msg = f"model must be one with factors, such as AlternatingLeastSquares, got {describe(model)}"
        raise TypeError(msg)

"""Users and items that are known by their features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._base import factor_store
from penchant._base.feature_rows import checked
from penchant._base.rank_options import rank_options
from penchant._sparse import Rows, csr_rows
from penchant._validation import Floats, Ids, check_memory, one_id
from penchant.als._feature_side import FeatureSide, columns_without_entries, is_cold
from penchant.als._fold_in import FoldIn

Sides = tuple[FeatureSide | None, FeatureSide | None]
_NAMES = ("user_features", "item_features")


class Featured(FoldIn):
    """Knows features of its users, of its items, or of both.

    Attributes
    ----------
    user_feature_factors, item_feature_factors : numpy.ndarray, shape [n_features + 1, factors]
        What each feature adds to the factors of whoever has it; the last row is what all have in common. None
        without features.
    """

    @property
    def user_feature_factors(self) -> Floats | None:
        """The factors of the features of users, shape [n_features + 1, factors]; None without any."""
        return _spread(self._store.known[0])

    @property
    def item_feature_factors(self) -> Floats | None:
        """The factors of the features of items, shape [n_features + 1, factors]; None without any."""
        return _spread(self._store.known[1])

    def embed_users(self, user_features: Any) -> Floats:
        """Compute the factors of users of whom nothing is known but their features.

        Parameters
        ----------
        user_features : sparse matrix or array, shape [n_users, n_features]
            With the columns of the fit.

        Returns
        -------
        numpy.ndarray, shape [n_users, factors]

        Raises
        ------
        NotFittedError, TypeError, ValueError
            Before a fit, or if the model was fitted without features of users, or with other columns.
        """
        return self._embedded(user_features, "user_factors")

    def embed_items(self, item_features: Any) -> Floats:
        """Compute the factors of items of which nothing is known but their features.

        Parameters
        ----------
        item_features : sparse matrix or array, shape [n_items, n_features]
            With the columns of the fit.

        Returns
        -------
        numpy.ndarray, shape [n_items, factors]

        Raises
        ------
        NotFittedError, TypeError, ValueError
            Before a fit, or if the model was fitted without features of items, or with other columns.

        Examples
        --------
        >>> import numpy as np, scipy.sparse as sp
        >>> from penchant.als import AlternatingLeastSquares
        >>> plays = sp.csr_array([[9.0, 3.0, 0.0], [0.0, 8.0, 1.0]])
        >>> model = AlternatingLeastSquares(factors=2, random_state=0)
        >>> model = model.fit(plays, show_progress=False, item_features=np.eye(3)[:, :2])
        >>> model.embed_items(np.array([[1.0, 1.0]])).shape
        (1, 2)
        """
        return self._embedded(item_features, "item_factors")

    def add_items(self, item_features: Any) -> None:
        """Add items of which nothing is known but their features, behind those that there are.

        They can be recommended at once. Nobody has had the chance to like them, so they do not count against
        anybody's taste until `partial_fit_items` gets entries of theirs.

        Parameters
        ----------
        item_features : sparse matrix or array, shape [n_new_items, n_features]

        Raises
        ------
        NotFittedError, TypeError, ValueError, MemoryError
            As `embed_items` does, or if the model would outgrow this machine. It is then what it was.
        """
        self._added(item_features, "item_factors")

    def add_users(self, user_features: Any) -> None:
        """Add users of whom nothing is known but their features, behind those that there are.

        Parameters
        ----------
        user_features : sparse matrix or array, shape [n_new_users, n_features]

        Raises
        ------
        NotFittedError, TypeError, ValueError, MemoryError
            As `add_items` does.
        """
        self._added(user_features, "user_factors")

    def recommend_for_features(
        self,
        user_features: Any,
        user_items: Any = None,
        N: int = 10,
        filter_already_liked_items: bool = True,
        filter_items: Any = None,
        items: Any = None,
        *,
        min_score: float | None = None,
        item_groups: Any = None,
        max_per_group: int = 1,
    ) -> tuple[Ids, Floats]:
        """Recommend items to users whom the model has never seen, by their features.

        Parameters
        ----------
        user_features : sparse matrix or array, shape [n_users, n_features]
            With the columns of the fit.
        user_items : scipy.sparse CSR matrix or array, shape [n_users, n_items], optional
            What they have already, if something: their factors are then what both say together.
        N, filter_already_liked_items, filter_items, items, min_score, item_groups, max_per_group
            As for `recommend`.

        Returns
        -------
        ids, scores : numpy.ndarray, shape [n_users, k]
            As of `recommend`.

        Raises
        ------
        NotFittedError, IndexError, TypeError, ValueError
            As `recommend` and `embed_users` do.
        """
        now = self._snapshot()  # others may replace what it has meanwhile
        items_, side = now._fitted("item_factors"), now._side("user_factors")
        options = rank_options(
            N, items, filter_items, len(items_), now._threads(), min_score=min_score, groups=item_groups,
            max_per_group=max_per_group,
        )  # fmt: skip
        features = side.rows(checked(user_features, "user_features"), "user_features")
        count = features.shape[0]
        rows = None
        if user_items is not None:
            rows = csr_rows(user_items, "user_items")
            rows.check_count(count, "users")
            rows.check_width(len(items_))
            few = np.ones(count, dtype=bool)
            vectors = now._solved("item_factors", items_, rows, (features, few))
        else:
            vectors = side.said(features, now._threads())
        liked = rows if filter_already_liked_items else None
        everyone = np.arange(count, dtype=np.int32)
        return now._recommend_rows(vectors, everyone, items_, liked, options)

    def explain_by_features(
        self, userid: Any, itemid: Any, side: Literal["items", "users"] = "items"
    ) -> tuple[list[tuple[int, float]], float, float]:
        """Tell what the features of an item, or of a user, add to the score of both.

        Parameters
        ----------
        userid, itemid : int
        side : {"items", "users"}, default "items"
            Whose features.

        Returns
        -------
        contributions : list of (feature, contribution)
            Of each feature that the item has, or the user, largest first.
        common : float
            What all items have in common, or all users.
        own : float
            What is not from features, but from who likes the item: 0 for those whom nobody knows. All three
            together are the score.

        Raises
        ------
        NotFittedError, IndexError, TypeError, ValueError
            Before a fit, without such features, or if there is no such user or item.
        """
        if side not in ("items", "users"):
            msg = f"side must be 'items' or 'users', got {side!r}"
            raise ValueError(msg)
        now = self._snapshot()
        users, items = now._fitted_pair()
        user, item = one_id(userid, "userid", len(users)), one_id(itemid, "itemid", len(items))
        name, whose, other = (
            ("item_factors", item, users[user]) if side == "items" else ("user_factors", user, items[item])
        )
        known = now._side(name)
        row = known.rows_of(np.array([whose], np.int32))
        terms = row.data.astype(np.float64) * (known.coefficients[row.indices] @ other.astype(np.float64))
        is_common = row.indices == len(known.used)
        score = float(users[user].astype(np.float64) @ items[item].astype(np.float64))
        features, shares = known.used[row.indices[~is_common]], terms[~is_common]
        order = np.lexsort((features, -shares))
        contributions = [(int(features[at]), float(shares[at])) for at in order]
        return contributions, float(terms[is_common].sum()), score - float(terms.sum())

    def _side(self, side: str) -> FeatureSide:
        """Return the features of a side, of a fitted model that has some."""
        self._fitted(side)
        known = self._feature_side(side)
        if known is None:
            name = _NAMES[side == "item_factors"]
            msg = f"the model was fitted without {name}: pass them to fit"
            raise ValueError(msg)
        return known

    @property
    def has_user_features(self) -> bool:
        """Whether it knows users by their features, also those who have done nothing."""
        return self._feature_side("user_factors") is not None

    def _embedded(self, features: Any, side: str) -> Floats:
        known, name = self._side(side), _NAMES[side == "item_factors"]
        return known.said(known.rows(checked(features, name), name), self._threads())

    def _added(self, features: Any, side: str) -> None:
        with factor_store.WRITING:
            known, name = self._side(side), _NAMES[side == "item_factors"]
            rows = known.rows(checked(features, name), name)
            old = self._fitted(side)
            count = len(old) + rows.shape[0]
            check_memory(count * old.shape[1] * old.itemsize, f"{count} rows of {side}")
            new = np.concatenate([old, known.said(rows, self._threads())])
            whose = np.arange(len(old), count, dtype=np.int32)
            knows = known.replaced(whose, rows, np.ones(len(whose), dtype=bool), count)
            sides, all_known = list(self._store.sides), list(self._store.known)
            sides[side == "item_factors"], all_known[side == "item_factors"] = new, knows
            self._store.replace(sides[0], sides[1], (all_known[0], all_known[1]))

    def _begin_features(self, features: tuple[Any, Any], rows: Rows, dtype: npt.DTypeLike) -> Sides:
        """Return what a fit of these rows writes the coefficients of features into."""
        of_users, of_items = features
        users = items = None
        params = self._params()
        if of_users is not None:
            users = FeatureSide.begin(of_users, dtype, params["factors"], is_cold(rows))
        if of_items is not None:
            cold = columns_without_entries(rows)
            items = FeatureSide.begin(of_items, dtype, params["factors"], cold)
        return users, items

    def _known_now(self, sides: Sides, turn: Any, users: Ids) -> Sides:
        """Return features during a fit, of some users, whose coefficients have to be multiplied by `turn`."""
        of_users, of_items = sides
        if of_users is not None:
            # The core is writing to them, so they are lent as a copy.
            turned = _core.als.turned(of_users.coefficients.copy(), turn, self._threads())
            of_users = of_users.part(users, turned)
        return of_users, of_items

    def _tensors(self) -> Mapping[str, npt.NDArray[Any]]:
        tensors = dict(super()._tensors())
        for name, side in zip(_NAMES, self._store.known, strict=True):
            if side is not None:
                tensors |= side.tensors(name)
        return tensors

    def _restore(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        super()._restore(tensors)
        users, items = self._store.sides
        known = [
            None if side is None else FeatureSide.restored(tensors, name, *side.shape)
            for name, side in zip(_NAMES, (users, items), strict=True)
        ]
        self._store.replace(users, items, (known[0], known[1]))


def _spread(known: FeatureSide | None) -> Floats | None:
    """Return a row for each feature, zeros for those that nobody has, and what all have in common."""
    if known is None:
        return None
    width = known.coefficients.shape[1]
    check_memory(
        (known.width + 1) * width * known.coefficients.itemsize, f"factors of {known.width} features"
    )
    spread: Floats = np.zeros((known.width + 1, width), known.coefficients.dtype)
    spread[known.used] = known.coefficients[:-1]
    spread[-1] = known.coefficients[-1]
    return spread

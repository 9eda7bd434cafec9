"""New and changed users and items, one side being fixed."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._base import factor_store
from penchant._base.feature_rows import checked
from penchant._base.matrix_factorization import MatrixFactorizationBase
from penchant._sparse import Rows, any_rows, scipy_csr
from penchant._validation import Floats, Ids, check_memory, ids
from penchant.als._explain import explained
from penchant.als._feature_side import FeatureSide, as_csr, is_cold


class FoldIn(MatrixFactorizationBase):
    """Solves for single rows of factors."""

    @abstractmethod
    def _params(self) -> dict[str, Any]:
        """Return what the core wants to know; it checks the ranges."""

    def recalculate_user(self, userid: Any, user_items: Any, user_features: Any = None) -> Floats:
        """Compute the exact factors of users from their whole history, the items being fixed.

        Parameters
        ----------
        userid : int or array of int
            Whose rows these are. They need not be in the model.
        user_items : scipy.sparse matrix or array, shape [n_requested_users, n_items]
            One row for each of them; it may have fewer columns than the model has items. Formats other than
            CSR are converted with a `ParameterWarning`.
        user_features : sparse matrix or array, shape [n_requested_users, n_features], optional
            Of a model that was fitted with them: what they are drawn to, and what they are without entries.
            By default what the model knows of these users: for somebody whom it does not know, name an id
            that it does not have.

        Returns
        -------
        numpy.ndarray, shape [factors] or [n_requested_users, factors]

        Raises
        ------
        NotFittedError, TypeError, ValueError
            Before a fit, or if `user_items` is not sparse, broken, not finite, too wide, or has another
            number of rows.
        ModelFitError
            If the factors would not be finite, because values are too large.
        """
        names = ("userid", "user_items", "user_features")
        return self._recalculated(userid, user_items, names, "item_factors", user_features)[0]

    def recalculate_item(self, itemid: Any, item_users: Any, item_features: Any = None) -> Floats:
        """Compute the exact factors of items from their whole history, the users being fixed.

        Parameters
        ----------
        itemid : int or array of int
            Whose rows these are. They need not be in the model.
        item_users : scipy.sparse matrix or array, shape [n_requested_items, n_users]
            One row for each of them; it may have fewer columns than the model has users. Formats other than
            CSR are converted with a `ParameterWarning`.
        item_features : sparse matrix or array, shape [n_requested_items, n_features], optional
            As for `recalculate_user`.

        Returns
        -------
        numpy.ndarray, shape [factors] or [n_requested_items, factors]

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As `recalculate_user` does.
        """
        names = ("itemid", "item_users", "item_features")
        return self._recalculated(itemid, item_users, names, "user_factors", item_features)[0]

    def partial_fit_users(self, userids: Any, user_items: Any, user_features: Any = None) -> None:
        """Compute the factors of some users from their whole history, and keep them in the model.

        Parameters
        ----------
        userids : int or array of int
            Which users, each once. Those that the model does not have yet are added; users between them and
            the old ones have zeros for factors.
        user_items : scipy.sparse matrix or array, shape [n_given_users, n_items]
            One row for each of them, with everything that is known of the user: not just what is new.
        user_features : sparse matrix or array, shape [n_given_users, n_features], optional
            Of a model that was fitted with them: what is known of these users besides; it is kept. By default
            what the model knows of them already, and of others nothing.

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As `recalculate_user` does, and if a user is named twice. The model is then what it was.
        MemoryError
            If the model would outgrow this machine.
        """
        names = ("userids", "user_items", "user_features")
        self._partial_fit(userids, user_items, names, "user_factors", user_features)

    def partial_fit_items(self, itemids: Any, item_users: Any, item_features: Any = None) -> None:
        """Compute the factors of some items from their whole history, and keep them in the model.

        Parameters
        ----------
        itemids : int or array of int
            Which items, each once. Those that the model does not have yet are added; items between them and
            the old ones have zeros for factors.
        item_users : scipy.sparse matrix or array, shape [n_given_items, n_users]
            One row for each of them, with everything that is known of the item: not just what is new.
        item_features : sparse matrix or array, shape [n_given_items, n_features], optional
            As for `partial_fit_users`.

        Raises
        ------
        NotFittedError, TypeError, ValueError, MemoryError
            As `partial_fit_users` does.
        """
        names = ("itemids", "item_users", "item_features")
        self._partial_fit(itemids, item_users, names, "item_factors", item_features)

    def explain(
        self, userid: Any, user_items: Any, itemid: Any, user_weights: Any = None, N: int = 10
    ) -> tuple[float, list[tuple[int, float]], npt.NDArray[np.float64]]:
        """Tell which of a user's items speak for recommending another.

        The score of the user's exact factors is a sum with one term for each item that the user likes. With
        features of users there is one for those, in the score alone: `explain_by_features` splits it.

        Parameters
        ----------
        userid : int
            The row of `user_items` that is the user's. Where that is the only row any id will do, unless the
            model knows users by their features: it takes those of this id.
        user_items : scipy.sparse matrix or array, shape [n_users, n_items] or [1, n_items]
            What the user likes.
        itemid : int
            The item in question.
        user_weights : numpy.ndarray, shape [factors, factors], optional
            What an earlier call for the same user returned, which saves most of the work.
        N : int, default 10
            The most contributions.

        Returns
        -------
        score : float
            The predicted score: that of the factors from `recalculate_user`.
        contributions : list of (itemid, contribution)
            The `N` largest terms, ties to the smaller id.
        user_weights : numpy.ndarray of float64, shape [factors, factors]
            For `user_weights` of another call: the inverse of the user's linear system.

        Raises
        ------
        NotFittedError, TypeError, ValueError
            Before a fit, or if an argument is not what it should be.
        IndexError
            If `user_items` has no such row, or the model no such item.

        References
        ----------
        Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", 2008, section 5.
        """
        now = self._snapshot()
        return explained(
            now._fitted("item_factors"),
            now._gram,
            now._params(),
            userid,
            user_items,
            itemid,
            user_weights,
            N,
            now._drawn_to,
        )

    def update(self, user_items: Any, userids: Any, itemids: Any) -> None:
        """Take in what has changed: solve for some users, and for new items.

        Everyone else's factors stay as they are.

        Parameters
        ----------
        user_items : scipy.sparse CSR matrix or array, shape [n_users, n_items]
            Everything that is known of everyone, new users and items included.
        userids : array of int
            The users to solve for: all that are new or not what they were.
        itemids : array of int
            The items to solve for, before their users: those that the model does not have yet, and of those
            that it knows by their features the ones that have changed.

        Raises
        ------
        NotFittedError, TypeError, ValueError, MemoryError
            As `partial_fit_users` does. The model is then what it was.
        """
        known = len(self._fitted("item_factors"))
        # On a copy, so that all of it is done or nothing.
        with factor_store.WRITING:
            model = self.__copy__()
            # New items have no factors yet that users could be solved with, so users come again after them.
            model.partial_fit_users(userids, user_items[userids][:, :known])
            if len(itemids):
                model.partial_fit_items(itemids, user_items[:, itemids].T.tocsr())
                model.partial_fit_users(userids, user_items[userids])
            self._store = model._store

    def __copy__(self) -> FoldIn:
        other = super().__copy__()
        assert isinstance(other, FoldIn)
        return other

    def _recalculated(
        self, rowids: Any, rows: Any, names: tuple[str, str, str], fixed_side: str, features: Any
    ) -> tuple[Floats, Rows, Any]:
        """Return factors of rows, the rows, and their features as the model takes them, if it does."""
        now = self._snapshot()  # others may replace what it has meanwhile
        fixed = now._fitted(fixed_side)
        whose = ids(rowids, names[0], np.iinfo(np.int32).max, scalar=True)
        given = any_rows(rows, names[1], fixed.dtype)
        given.check_count(len(whose), "ids")
        known = now._known_features(fixed_side, whose, features, names[2])
        solution = now._solved(fixed_side, fixed, given, known)
        features = None if known is None else known[0]
        return (solution if np.ndim(rowids) > 0 else solution[0]), given, features

    def _known_features(self, fixed_side: str, whose: Ids, features: Any, name: str) -> Any:
        """Return the features of rows, given ones or those that the model knows, and which rows are new."""
        side = self._feature_side(_other(fixed_side))
        if side is None:
            if features is None:
                return None
            msg = f"{name} must be left out: the model was fitted without"
            raise ValueError(msg)
        if features is None:
            return side.rows_of(whose), side.are_new(whose)
        rows = checked(features, name)
        if rows.shape[0] != len(whose):
            msg = f"{name} must have one row for each of {len(whose)} ids, got {rows.shape[0]}"
            raise ValueError(msg)
        return side.rows(rows, name), side.are_new(whose)

    def _snapshot(self) -> Self:
        """Return the model as it is now, whatever other threads replace meanwhile."""
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__ | {"_store": self._store.snapshot()}
        return other

    def _recommend(self, *asked: Any, **options: Any) -> tuple[Ids, Floats]:
        return MatrixFactorizationBase._recommend(self._snapshot(), *asked, **options)

    def _every_score(self, *asked: Any, **options: Any) -> Floats:
        return MatrixFactorizationBase._every_score(self._snapshot(), *asked, **options)

    def _similar_to_rows(self, *asked: Any) -> tuple[Ids, Floats]:
        return MatrixFactorizationBase._similar_to_rows(self._snapshot(), *asked)

    def _drawn_to(self, userid: int) -> tuple[Floats, bool] | None:
        """Return what the features of a user say, and whether few have seen the user."""
        side = self._feature_side("user_factors")
        if side is None:
            return None
        whose = np.array([userid], np.int32)
        return side.said(side.rows_of(whose), self._threads())[0], bool(side.are_new(whose)[0])

    def _feature_side(self, side: str) -> FeatureSide | None:
        """Return what is known of the features of users or of items."""
        known: FeatureSide | None = self._store.known[side == "item_factors"]
        return known

    def _vectors(self, side: str, fixed: Floats, rows: Rows, rowids: Ids) -> Floats:
        return self._solved(side, fixed, rows, self._known_features(side, rowids, None, "features"))

    def _solved(self, fixed_side: str, fixed: Floats, rows: Rows, features: Any) -> Floats:
        params = self._params() | {"factors": fixed.shape[1]}
        gram, csr = self._gram(fixed_side, fixed), rows.csr(fixed.dtype)
        side = self._feature_side(_other(fixed_side))
        if side is None or features is None:
            return _core.als.fold_in(csr, fixed, gram, params)
        matrix, new = features
        solution: Floats = np.empty((len(rows), fixed.shape[1]), fixed.dtype)
        for few in (False, True):
            part = np.flatnonzero(new == few)
            if len(part) == len(rows):
                return _core.als.fold_in(csr, fixed, gram, params, (as_csr(matrix), side.coefficients, few))
            if len(part):
                known = (as_csr(matrix[part]), side.coefficients, few)
                own = as_csr(scipy_csr(csr)[part])
                solution[part] = _core.als.fold_in(own, fixed, gram, params, known)
        return solution

    def _partial_fit(
        self, rowids: Any, rows: Any, names: tuple[str, str, str], side: str, features: Any
    ) -> None:
        """Solve for some rows of a side, and keep them and their features."""
        with factor_store.WRITING:
            self._fitted_pair()
            solution, given, known = self._recalculated(rowids, rows, names, _other(side), features)
            new = self._replaced(side, rowids, solution, names[0])
            sides, knows = list(self._store.sides), list(self._store.known)
            at = int(side == "item_factors")
            sides[at] = new
            if known is not None:
                whose = ids(rowids, names[0], np.iinfo(np.int32).max, scalar=True)
                knows[at] = knows[at].replaced(whose, known, is_cold(given), len(new))
            self._store.replace(sides[0], sides[1], (knows[0], knows[1]))

    def _gram(self, side: str, factors: Floats) -> _core.als.Gram:
        return self._store.gram(side, factors, self._threads())

    def _replaced(self, side: str, rowids: Any, solution: Floats, name: str) -> Floats:
        """Return a copy of one side with some rows new, and as many more as that takes."""
        old = self._fitted(side)
        rows = ids(rowids, name, np.iinfo(np.int32).max, scalar=True)
        if len(np.unique(rows)) < len(rows):
            msg = f"{name} must name each row once"
            raise ValueError(msg)
        count = max(len(old), int(rows.max(initial=-1)) + 1)
        check_memory(count * old.shape[1] * old.itemsize, f"{count} rows of {side}")
        new: Floats = np.zeros((count, old.shape[1]), dtype=old.dtype)
        new[: len(old)] = old
        new[rows] = solution
        return new


def _other(side: str) -> str:
    return "user_factors" if side == "item_factors" else "item_factors"

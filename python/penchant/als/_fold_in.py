"""New and changed users and items, one side being fixed."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._base import factor_store
from penchant._base.matrix_factorization import MatrixFactorizationBase
from penchant._sparse import Rows, any_rows
from penchant._validation import Floats, check_memory, ids
from penchant.als._explain import explained


class FoldIn(MatrixFactorizationBase):
    """Solves for single rows of factors."""

    @abstractmethod
    def _params(self) -> dict[str, Any]:
        """Return what the core wants to know; it checks the ranges."""

    def recalculate_user(self, userid: Any, user_items: Any) -> Floats:
        """Compute the exact factors of users from their whole history, the items being fixed.

        Parameters
        ----------
        userid : int or array of int
            Whose rows these are. They need not be in the model.
        user_items : scipy.sparse matrix or array, shape [n_requested_users, n_items]
            One row for each of them; it may have fewer columns than the model has items. Formats other than
            CSR are converted with a `ParameterWarning`.

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
        return self._recalculated(userid, user_items, ("userid", "user_items"), "item_factors")

    def recalculate_item(self, itemid: Any, item_users: Any) -> Floats:
        """Compute the exact factors of items from their whole history, the users being fixed.

        Parameters
        ----------
        itemid : int or array of int
            Whose rows these are. They need not be in the model.
        item_users : scipy.sparse matrix or array, shape [n_requested_items, n_users]
            One row for each of them; it may have fewer columns than the model has users. Formats other than
            CSR are converted with a `ParameterWarning`.

        Returns
        -------
        numpy.ndarray, shape [factors] or [n_requested_items, factors]

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As `recalculate_user` does.
        """
        return self._recalculated(itemid, item_users, ("itemid", "item_users"), "user_factors")

    def partial_fit_users(self, userids: Any, user_items: Any) -> None:
        """Compute the factors of some users from their whole history, and keep them in the model.

        Parameters
        ----------
        userids : int or array of int
            Which users, each once. Those that the model does not have yet are added; users between them and
            the old ones have zeros for factors.
        user_items : scipy.sparse matrix or array, shape [n_given_users, n_items]
            One row for each of them, with everything that is known of the user: not just what is new.

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As `recalculate_user` does, and if a user is named twice. The model is then what it was.
        MemoryError
            If the model would outgrow this machine.
        """
        with factor_store.WRITING:
            self._fitted_pair()
            solution = self.recalculate_user(userids, user_items)
            self._store.replace(
                self._replaced("user_factors", userids, solution, "userids"), self._store.sides[1]
            )

    def partial_fit_items(self, itemids: Any, item_users: Any) -> None:
        """Compute the factors of some items from their whole history, and keep them in the model.

        Parameters
        ----------
        itemids : int or array of int
            Which items, each once. Those that the model does not have yet are added; items between them and
            the old ones have zeros for factors.
        item_users : scipy.sparse matrix or array, shape [n_given_items, n_users]
            One row for each of them, with everything that is known of the item: not just what is new.

        Raises
        ------
        NotFittedError, TypeError, ValueError, MemoryError
            As `partial_fit_users` does.
        """
        with factor_store.WRITING:
            self._fitted_pair()
            solution = self.recalculate_item(itemids, item_users)
            self._store.replace(
                self._store.sides[0], self._replaced("item_factors", itemids, solution, "itemids")
            )

    def explain(
        self, userid: Any, user_items: Any, itemid: Any, user_weights: Any = None, N: int = 10
    ) -> tuple[float, list[tuple[int, float]], npt.NDArray[np.float64]]:
        """Tell which of a user's items speak for recommending another.

        The score of the user's exact factors is a sum with one term for each item that the user likes.

        Parameters
        ----------
        userid : int
            The row of `user_items` that is the user's; any id will do where that is the only row.
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
        return explained(
            self._fitted("item_factors"),
            self._gram,
            self._params(),
            userid,
            user_items,
            itemid,
            user_weights,
            N,
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
            The items to solve for, before their users: those that the model does not have yet.

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

    def _recalculated(self, rowids: Any, rows: Any, names: tuple[str, str], fixed_side: str) -> Floats:
        fixed = self._fitted(fixed_side)
        count = len(ids(rowids, names[0], np.iinfo(np.int32).max, scalar=True))
        checked = any_rows(rows, names[1], fixed.dtype)
        checked.check_count(count, "ids")
        solution = self._vectors(fixed_side, fixed, checked)
        if np.ndim(rowids) > 0:
            return solution
        row: Floats = solution[0]
        return row

    def _vectors(self, side: str, fixed: Floats, rows: Rows) -> Floats:
        params = self._params() | {"factors": fixed.shape[1]}
        return _core.als.fold_in(rows.csr(fixed.dtype), fixed, self._gram(side, fixed), params)

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

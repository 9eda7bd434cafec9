"""New and changed users and items, one side being fixed; and where a score comes from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg

from penchant import _arguments, _core, _factors
from penchant._arguments import Floats, Ids
from penchant._factors import Factors


class FoldsIn(Factors):
    """Solves for single rows of factors."""

    unobserved_weight: float
    regularization: float
    regularization_exponent: float

    def _params(self) -> dict[str, Any]:
        raise NotImplementedError

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
        with _factors.WRITING:
            self._fitted_pair()
            solution = self.recalculate_user(userids, user_items)
            self._take_factors(self._replaced("user_factors", userids, solution, "userids"), self._sides[1])

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
        with _factors.WRITING:
            self._fitted_pair()
            solution = self.recalculate_item(itemids, item_users)
            self._take_factors(self._sides[0], self._replaced("item_factors", itemids, solution, "itemids"))

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
        factors = self._fitted("item_factors")
        N = _arguments.integer(N, "N", 1)
        item = _arguments.one_id(itemid, "itemid", len(factors))
        liked, values = self._history(userid, user_items, len(factors))
        params = self._params() | {"factors": factors.shape[1]}
        confidence = _core.confidences(values, params)
        Y = factors[liked].astype(np.float64)
        if user_weights is None:
            w0 = self.unobserved_weight
            regularization = (
                self.regularization * (len(liked) + w0 * len(factors)) ** self.regularization_exponent
            )
            system = w0 * self._gram("item_factors", factors).array() + (Y.T * (confidence - w0)) @ Y
            system[np.diag_indices_from(system)] += regularization
            user_weights = scipy.linalg.pinvh(system)
        else:
            user_weights = _arguments.factors(user_weights, "user_weights").astype(np.float64, copy=False)
            if user_weights.shape != (factors.shape[1],) * 2:
                msg = f"user_weights must have shape {(factors.shape[1],) * 2}, got {user_weights.shape}"
                raise ValueError(msg)
        positive = values > 0
        terms = (Y @ (user_weights @ factors[item].astype(np.float64)) * confidence)[positive]
        liked = liked[positive]
        largest = np.lexsort((liked, -terms))[:N]
        return float(terms.sum()), [(int(liked[at]), float(terms[at])) for at in largest], user_weights

    def _history(self, userid: Any, user_items: Any, count: int) -> tuple[Ids, npt.NDArray[np.float64]]:
        """Return the ids and values that count in a user's row."""
        matrix = _arguments.sparse_rows(user_items, "user_items", np.float64)
        user = _arguments.one_id(userid, "userid", np.iinfo(np.int32).max)
        if matrix.shape[0] != 1 and user >= matrix.shape[0]:
            msg = f"userid {user} is not a row of user_items, which has {matrix.shape[0]}"
            raise IndexError(msg)
        row = _arguments.one_row(matrix, "user_items", 0 if matrix.shape[0] == 1 else user)
        columns, _, liked, values = _arguments.csr(row, "user_items", np.float64)
        if columns > count:
            msg = f"user_items must have at most {count} columns, got {columns}"
            raise ValueError(msg)
        if not np.isfinite(values).all():
            msg = (
                f"user_items must be finite, got {values[~np.isfinite(values)][0]} in the row of user {user}"
            )
            raise ValueError(msg)
        return liked[values != 0], values[values != 0].astype(np.float64)

    def _recalculated(self, rowids: Any, rows: Any, names: tuple[str, str], fixed_side: str) -> Floats:
        fixed = self._fitted(fixed_side)
        count = len(_arguments.ids(rowids, names[0], np.iinfo(np.int32).max, scalar=True))
        solution = self._folded(fixed_side, fixed, rows, names[1], count)
        if np.ndim(rowids) > 0:
            return solution
        row: Floats = solution[0]
        return row

    def _folded(self, side: str, fixed: Floats, rows: Any, name: str, count: int) -> Floats:
        matrix = _arguments.sparse_rows(rows, name, fixed.dtype)
        _arguments.entries_of(matrix, name, count, "ids")
        params = self._params() | {"factors": fixed.shape[1]}
        return _core.fold_in(
            _arguments.csr(matrix, name, fixed.dtype), fixed, self._gram(side, fixed), params
        )

    def _replaced(self, side: str, rowids: Any, solution: Floats, name: str) -> Floats:
        """Return a copy of one side with some rows new, and as many more as that takes."""
        old = self._fitted(side)
        rows = _arguments.ids(rowids, name, np.iinfo(np.int32).max, scalar=True)
        if len(np.unique(rows)) < len(rows):
            msg = f"{name} must name each row once"
            raise ValueError(msg)
        count = max(len(old), int(rows.max(initial=-1)) + 1)
        _arguments.check_memory(count * old.shape[1] * old.itemsize, f"{count} rows of {side}")
        new: Floats = np.zeros((count, old.shape[1]), dtype=old.dtype)
        new[: len(old)] = old
        new[rows] = solution
        return new

"""A matrix whose rows and columns have names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._labels import Unknown, codes_of, taken
from penchant._validation import Ids


class LabelledMatrix:
    """A matrix of users x items, and what users and items are called.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array of float32, shape [n_users, n_items]
    users, items : numpy.ndarray, shape [n_users] and [n_items]
        Labels by code: strings (of dtype object), int64, or uint64 where some are too large for that.
    shape : tuple of int
    nnz : int
        The number of stored entries.
    """

    _events: _core.interactions.Events
    _matrix: Any
    _arrays: dict[str, npt.NDArray[Any]]

    @property
    def matrix(self) -> Any:
        """The weights, users x items, float32."""
        return self._matrix

    @property
    def users(self) -> npt.NDArray[Any]:
        """Labels of the rows."""
        return self._names("users")

    @property
    def items(self) -> npt.NDArray[Any]:
        """Labels of the columns."""
        return self._names("items")

    def _names(self, side: str) -> npt.NDArray[Any]:
        arrays = self._arrays
        if side not in arrays:
            labels = getattr(self._events, side)
            array = np.asarray(labels.all(), dtype=None if labels.are_integers else object)
            array.flags.writeable = False
            arrays[side] = array
        return arrays[side]

    @property
    def shape(self) -> tuple[int, int]:
        """The number of users and of items."""
        rows, columns = self.matrix.shape
        return rows, columns

    @property
    def nnz(self) -> int:
        """The number of stored entries."""
        return int(self.matrix.nnz)

    @property
    def frame_backend(self) -> str | None:
        """The library of the frame that the data came in, in which answers come as well; None for any."""
        return None

    def user_codes(self, labels: Any, *, unknown: Unknown = "raise") -> Ids:
        """Return the rows of users.

        Parameters
        ----------
        labels : str, int or sequence of these
        unknown : {"raise", "skip"}, default "raise"
            What to do about labels that are not there: raise, or leave them out with a `DataWarning` that
            names them.

        Returns
        -------
        numpy.ndarray of int32, or int for a single label

        Raises
        ------
        KeyError
            For a label that is not there; it names close ones, and says so if it had too few items.
        """
        return self._codes("user", labels, unknown)

    def item_codes(self, labels: Any, *, unknown: Unknown = "raise") -> Ids:
        """Return the columns of items, as `user_codes` does the rows of users."""
        return self._codes("item", labels, unknown)

    def user_labels(self, codes: Any) -> Any:
        """Return what users are called: the inverse of `user_codes`.

        Parameters
        ----------
        codes : array of int

        Returns
        -------
        list of str, or numpy.ndarray of int64 or uint64
        """
        return taken(self._events.users, codes)

    def item_labels(self, codes: Any) -> Any:
        """Return what items are called, as `user_labels` does users."""
        return taken(self._events.items, codes)

    def has_user(self, label: Any) -> bool:
        """Whether there is a user of this name."""
        return bool(codes_of(self._events.users, [label], "user", None)[0] >= 0)

    def has_item(self, label: Any) -> bool:
        """Whether there is an item of this name."""
        return bool(codes_of(self._events.items, [label], "item", None)[0] >= 0)

    def _codes(self, what: Literal["user", "item"], labels: Any, unknown: Unknown = "raise") -> Ids:
        among = self._events.users if what == "user" else self._events.items
        codes: Ids = codes_of(among, labels, what, unknown, self._left_out(what))
        return codes

    def _left_out(self, what: Literal["user", "item"]) -> Callable[[Any], str | None]:
        """Return what says why a label that was in the data is not known, if that is so."""
        del what
        return lambda _label: None

"""Learning, documented and checked once for all models."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from penchant._base.progress import Callback, Progress
from penchant._base.saved_model import SavedModel
from penchant._sparse import any_rows, rows_on_disk
from penchant._validation import describe


class LearningModel(SavedModel):
    """Learns from a matrix of users x items, by the hook `_fit`."""

    def fit(self, user_items: Any, show_progress: bool = True, callback: Callback | None = None) -> Self:
        """Learn from what users did.

        Parameters
        ----------
        user_items : scipy.sparse matrix or array, shape [n_users, n_items], or Interactions
            How much each user did with each item. CSR is used as it is; another format is converted with a
            `ParameterWarning`. Never changed.
        show_progress : bool, default True
            Show a progress bar.
        callback : callable, optional
            ``callback(epoch, seconds, loss)`` after every epoch, counted from 0. Returning True ends the fit
            and keeps what was learned. A model that is not learned in epochs calls it once, with NaN for a
            loss.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `user_items` is not sparse, or a parameter has an impossible type.
        ValueError
            If a parameter is out of range, or `user_items` is empty, broken, or not finite.
        MemoryError
            If what is to be learned would outgrow this machine. It says how large that is.
        KeyboardInterrupt
            On Ctrl-C, within a second. The model is what it was before.
        """
        self._learn(user_items, show_progress, callback)
        return self

    def _learn(self, user_items: Any, show_progress: bool, callback: Callback | None, **more: Any) -> None:
        """Check what comes in, and call `_fit` with it and whatever else a model takes."""
        if callback is not None and not callable(callback):
            msg = f"callback must be callable, got {describe(callback)}"
            raise TypeError(msg)
        self._check_parameters()
        matrix = getattr(user_items, "matrix", user_items)
        if getattr(user_items, "by_item", None) is not None:
            rows = rows_on_disk(matrix, "user_items")
        else:
            # Repeats are summed in f64, whatever the model works in.
            rows = any_rows(matrix, "user_items", np.float64)
        if not rows.values.any():
            has = f"{rows.shape[0]} rows, {rows.shape[1]} columns and {len(rows.values)} stored entries"
            msg = f"user_items has {has}, none of them other than 0; there is nothing to learn from"
            raise ValueError(msg)
        with Progress(show_progress, self._unit, callback) as progress:
            self._fit(rows, progress, **more)
            if self._unit != "epoch":
                progress.call_back(0, float("nan"))

    def update(self, user_items: Any, userids: Any, itemids: Any) -> None:
        """Take in what has changed: by a fit to everything, where the model has no better way.

        Parameters
        ----------
        user_items : scipy.sparse CSR matrix or array, shape [n_users, n_items]
            Everything that is known of everyone, new users and items included.
        userids : array of int
            The users that are new or not what they were.
        itemids : array of int
            The items that are new.

        Raises
        ------
        TypeError, ValueError, MemoryError
            As `fit` does. The model is then what it was.
        """
        del userids, itemids
        self.fit(user_items, show_progress=False)

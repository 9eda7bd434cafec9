"""Looking at held-out data after every few epochs of a fit, to keep the best factors and stop in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._sparse import canonical_matrix
from penchant._validation import Floats, describe, integer
from penchant.evaluation import Split, evaluate, sign_of, with_cutoff
from penchant.splitting import matrix_of

Square: TypeAlias = npt.NDArray[np.float64]


class Validation:
    """Measures a model during its fit, and remembers its best factors.

    Attributes
    ----------
    name : str
        The metric and its cut-off.
    history : list of (epochs, value)
        What was measured after so many epochs.
    """

    def __init__(self, validation: Any, metric: Any, patience: Any, every: Any, users: Any) -> None:
        rows, test, self._recalculate = _parts(validation)
        self._items = validation.items if isinstance(validation, Split) else None
        self._shape = test.shape
        self._sign, self.name = sign_of(metric), with_cutoff(metric)
        self._patience = integer(patience, "patience", 1)
        self._every = integer(every, "validation_every", 1)
        self._users = _chosen(test, users)
        self._rows, self._test = rows[self._users], test[self._users]
        self.history: list[tuple[int, float]] = []
        # Factors in memory that is written again and again, as fresh memory takes longer than a copy: items
        # that are looked at, and the best users and items so far. What else sees this memory must not read it
        # after the look.
        nothing: Floats = np.empty((0, 0), np.float32)
        self._looked_at = self._best_items = self._best_users = nothing
        self._best_coefficients: tuple[Floats | None, Floats | None] = (None, None)
        self._best_turn: Square | None = None
        self._since_best = 0
        # The model of the last look, of which only the index of items is still good; and the look at which
        # items are packed anew.
        self._last: Any = None
        self._anew = 0

    def check_shape(self, shape: tuple[int, int]) -> None:
        """Raise unless users and items are those of the fit."""
        if self._shape != shape:
            msg = f"validation must have the shape of user_items, {shape}, got {self._shape}"
            raise ValueError(msg)

    def look(
        self,
        epoch: int,
        last: bool,
        users: Floats,
        items: Floats,
        turn: Square,
        coefficients: tuple[Floats | None, Floats | None],
        threads: int,
        model_of: Callable[[Floats, Floats, Any], Any],
    ) -> tuple[float | None, bool]:
        """Measure if it is time to, and return the value and whether to stop.

        `turn` is by what rows of `users` are to be multiplied; all arrays are only lent. `coefficients` are
        those of the features of users and of items. `model_of` makes a model of the factors of
        `users_looked_at` and those of items, which packs items as that of an earlier look did.
        """
        if epoch % self._every and not last:
            return None, False
        self._looked_at = _copied(items, self._looked_at)
        sample = _core.als.turned(users[self._users], turn, threads)
        # Factors move less and less: at looks 1, 2, 5, 17 and so on they are packed anew.
        if len(self.history) == self._anew:
            self._last, self._anew = None, max(1, 4 * self._anew)
        # A view, since the model makes read-only what it gets.
        model = self._last = model_of(sample, self._looked_at.view(), self._last)
        found = evaluate(
            model, self._rows, self._test, metrics=self.name, show_progress=False, num_threads=threads,
            recalculate_user=self._recalculate, items=self._items,
        )  # fmt: skip
        value = found[self.name]
        self.history.append((epoch, value))
        earlier = [self._sign * other for _, other in self.history[:-1] if np.isfinite(other)]
        if not earlier or self._sign * value > max(earlier):
            self._best_users = _copied(users, self._best_users)
            self._best_items, self._looked_at = self._looked_at, self._best_items
            of_users, of_items = (None if kept is None else kept.copy() for kept in coefficients)
            self._best_coefficients = of_users, of_items
            self._best_turn = turn
            self._since_best = 0
        else:
            self._since_best += 1
        return value, self._since_best >= self._patience

    @property
    def users_looked_at(self) -> npt.NDArray[np.int32]:
        """Whose lists are measured."""
        return self._users

    def best(self, threads: int) -> tuple[Floats, Floats, tuple[Floats | None, Floats | None], Square] | None:
        """Return what was best, if anything was measured.

        The factors of users and items, the coefficients of their features, and by what those of the users are
        to be multiplied.
        """
        if self._best_turn is None:
            return None
        users = _core.als.turned(self._best_users, self._best_turn, threads)
        return users, self._best_items, self._best_coefficients, self._best_turn


def _copied(factors: Floats, memory: Floats) -> Floats:
    """Return a copy, in this memory if it is like the factors."""
    if memory.shape != factors.shape or memory.dtype != factors.dtype:
        memory = np.empty_like(factors)
    np.copyto(memory, factors)
    return memory


def _parts(validation: Any) -> tuple[Any, Any, bool]:
    """Return what is known of users, what they are tested with, and whether they were held out."""
    if isinstance(validation, Split):
        rows, test, held_out = validation.history, validation.test, validation.held_out
    elif isinstance(validation, tuple | list) and len(validation) == 2:
        rows, test = validation
        held_out = False
    else:
        msg = f"validation must be a Split, or (train_rows, test), got {describe(validation)}"
        raise TypeError(msg)
    matrices = [
        canonical_matrix(matrix_of(part), f"the {what} of validation")
        for part, what in ((rows, "training rows"), (test, "test part"))
    ]
    if matrices[0].shape != matrices[1].shape:
        shapes = " and ".join(str(matrix.shape) for matrix in matrices)
        msg = f"both parts of validation must have the same shape, got {shapes}"
        raise ValueError(msg)
    return matrices[0], matrices[1], held_out


def _chosen(test: Any, users: Any) -> npt.NDArray[np.int32]:
    """Return the users with something to test, or a sample of them."""
    there = np.flatnonzero(np.diff(test.indptr)).astype(np.int32)
    if not len(there):
        msg = "validation has nobody to test: its test part has no stored entries"
        raise ValueError(msg)
    if users is None:
        return there
    count = min(integer(users, "validation_users", 1), len(there))
    return np.sort(np.random.default_rng(0).choice(there, count, replace=False))

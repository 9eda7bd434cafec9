"""A fit from its beginning to its end, whatever happens to its workers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from penchant._base.model_state import parameters_of
from penchant._base.progress import Progress
from penchant._validation import check_memory
from penchant.als import AlternatingLeastSquares
from penchant.distributed._checkpoint import Checkpoints, Saved
from penchant.distributed._crew import Crew, WorkerLostError
from penchant.distributed._epochs import Epochs
from penchant.distributed._source import Rows
from penchant.distributed._worker import Layout, dealt, leaves_of
from penchant.exceptions import ModelFitError

#: Entries for each leaf of the users, about: fewer leaves are faster, more allow more workers.
_ENTRIES_PER_LEAF = 1 << 18
FEWEST_LEAVES = 8
#: Workers that may be lost in a row, without an epoch between, before a fit gives up.
_MOST_LOSSES = 5
#: Parameters that say nothing about the result.
_NOT_IDENTITY = (
    "num_threads",
    "random_state",
    "use_native",
    "use_gpu",
    "calculate_training_loss",
    "warm_start",
)


class Run:
    """One fit.

    Parameters
    ----------
    model : AlternatingLeastSquares
    rows : Rows
    workers, threads : int
    """

    def __init__(self, model: AlternatingLeastSquares, rows: Rows, workers: int, threads: int) -> None:
        self.model, self.rows = model, rows
        entries = sum(rows.entries)
        if not entries:
            msg = f"source has {rows.shape[0]} users, {rows.shape[1]} items and nothing to learn from"
            raise ValueError(msg)
        leaves = FEWEST_LEAVES
        pieces = len(rows.pieces)
        while leaves < pieces and leaves * _ENTRIES_PER_LEAF < entries:
            leaves *= 2
        if workers > leaves:
            msg = f"workers must be at most {leaves} for {entries} entries in {pieces} shards, got {workers}"
            raise ValueError(msg)
        self._per_leaf = pieces // leaves
        users = tuple(rows.bounds[:: self._per_leaf])
        items = leaves_of(rows.counts, leaves)
        self._layout = Layout(users, items, dealt(leaves, workers), self._users_travel(model, rows))
        self._params = model._params() | {"num_threads": threads}
        self._first = model._first(rows.shape)
        self._epochs: Epochs | None = None
        self._found: Any = None
        self.losses: list[float] = []

    @staticmethod
    def _users_travel(model: AlternatingLeastSquares, rows: Rows) -> bool:
        """Whether it is less that users travel, once and as halves, than sums over users for each step."""
        users, items = rows.shape
        size = model.dtype.itemsize
        return users * (2 if size == 4 else size) <= items * size * 2 * (model.cg_steps + 1)

    def identity(self) -> dict[str, Any]:
        """Return what says whether a checkpoint is of this fit."""
        parameters = parameters_of(self.model)
        seed = self.model.random_state
        return {
            "params": {name: value for name, value in parameters.items() if name not in _NOT_IDENTITY}
            | {"dtype": str(self.model.dtype)},
            "random_state": int(seed) if isinstance(seed, int | np.integer) else None,
            "data": self.rows.digest,
            "users": self.rows.shape[0],
            "items": self.rows.shape[1],
            "entries": sum(self.rows.entries),
            "leaves": len(self._layout.users) - 1,
        }

    def memory(self) -> int:
        """Return how many bytes the largest worker takes."""
        size, factors = self.model.dtype.itemsize, self.model.factors
        users = max(
            end - first for first, end in map(self._layout.users_of, range(len(self._layout.workers)))
        )
        rows = max(self._entries()) * 2 * (4 + size)
        # Of the side that travels a worker has all rows, and those that have just come.
        travels = max(self.rows.shape) if self._layout.users_travel else self.rows.shape[1]
        return int(
            rows
            + (2 * users + 4 * self.rows.shape[1] / len(self._layout.workers) + 2 * travels) * factors * size
        )

    def check_result(self) -> None:
        """Raise a MemoryError if this machine cannot hold the result."""
        users, items = self.rows.shape
        factors = (users + items) * self.model.factors * self.model.dtype.itemsize
        check_memory(16 * sum(self.rows.entries) + 2 * factors, "the matrix and the factors, put together,")

    def _entries(self) -> list[int]:
        per, entries = self._per_leaf, self.rows.entries
        return [sum(entries[first * per : end * per]) for first, end in self._layout.workers]

    def go(
        self, crew: Crew, checkpoints: Checkpoints | None, every: int, resume: bool, progress: Progress
    ) -> None:
        """Make all epochs.

        Raises
        ------
        ModelFitError
            If the fit diverges, or workers are lost again and again.
        """
        saved = None if checkpoints is None else checkpoints.open(resume)
        iterations = self.model.iterations
        progress.total(iterations)
        told, lost, ready = 0, 0, False
        if saved is not None:
            progress.step(told := saved.epoch)
        while self._found is None:
            try:
                if not ready:
                    crew.gather()
                    self._begin(crew, saved)
                    self.losses = [] if saved is None else list(saved.losses)
                    ready = True
                epoch = len(self.losses)
                if epoch == iterations or self._converged():
                    self._found = self._made().factors()
                    break
                loss = self._made().epoch(epoch + 1, progress.refresh)
                self.losses.append(loss)
                if checkpoints is not None and ((epoch + 1) % every == 0 or epoch + 1 == iterations):
                    saved = self._save(crew, checkpoints)
                lost = 0
            except WorkerLostError as error:
                lost, ready = lost + 1, False
                epoch = 0 if saved is None else saved.epoch
                progress.say(f"a worker was lost: everyone goes back to the state after {epoch} epochs")
                if lost > _MOST_LOSSES:
                    msg = f"the fit gave up, as workers were lost {lost} times in one epoch: {error}"
                    raise ModelFitError(msg) from error
                continue
            if epoch + 1 > told:
                told = epoch + 1
                if progress.epoch(told, loss):
                    iterations = told

    def take(self) -> None:
        """Give the model what was found."""
        users, items = self._found
        self.model._take(users, items, self.losses)

    def _made(self) -> Epochs:
        assert self._epochs is not None
        return self._epochs

    def _converged(self) -> bool:
        if self.model.tolerance is None or len(self.losses) < 2:
            return False
        before, loss = self.losses[-2:]
        return before - loss < self.model.tolerance * before

    def _begin(self, crew: Crew, saved: Saved | None) -> None:
        """Give workers their rows, and the factors to go on from."""
        compact = all(crew.all("has_fast_halves"))
        layout = replace(self._layout, compact=compact)
        # Where one came back on a machine that stores rows otherwise, all begin anew.
        has_data = [there and layout == self._layout for there in crew.all("has_data")]
        per, loading = self._per_leaf, []
        for rank, (first, end) in enumerate(layout.workers):
            if not has_data[rank]:
                args = (self._params, str(self.model.dtype), layout, self.rows.items)
                loading.append(crew.call(rank, "load", (*args, *self.rows.pieces[first * per : end * per])))
        crew.get(loading)
        self._layout = layout
        self._epochs = Epochs(
            crew,
            self._params,
            self._entries(),
            float(np.prod(self.rows.shape, dtype=float)),
            layout.users_travel,
        )
        self._epochs.meet()
        users, items, seed = self._first
        if saved is not None:
            crew.all("restore", layout, saved)
        elif seed is None:
            crew.all("restore", layout, crew.put((users, items)))
        else:
            self._epochs.sketch(seed)

    def _save(self, crew: Crew, checkpoints: Checkpoints) -> Saved:
        folder = checkpoints.epoch(len(self.losses))
        files = [file for own in crew.all("save", self._layout, folder) for file in own]
        return checkpoints.done(folder, len(self.losses), self.losses, files)

"""A fit that several workers share, phase by phase; the workers may be anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from penchant import _core
from penchant._validation import Floats
from penchant.distributed._crew import Crew
from penchant.exceptions import ModelFitError

Nodes = list[tuple[int, Any]]


class Epochs:
    """The epochs of a fit.

    Parameters
    ----------
    crew : Crew
        Workers who have their rows.
    params : dict
        The parameters of the model, as the core takes them.
    entries : list of int
        How many entries each worker has.
    pairs : float
        The number of pairs of users and items.
    users_travel : bool
        Whether, in the items' half of an epoch, it is users that travel, or else sums over users.

    Attributes
    ----------
    sent : int
        How many bytes workers have sent to each other in the last epoch.
    """

    def __init__(
        self, crew: Crew, params: dict[str, Any], entries: list[int], pairs: float, users_travel: bool
    ) -> None:
        self.crew, self.params, self.entries, self.pairs = crew, params, entries, pairs
        self.users_travel = users_travel
        self.sent = 0
        self._smallest = [params["regularization"]] * 2
        self._weight = 0.0

    def meet(self) -> None:
        """Have workers learn what the others have; first of all, and again when one was started anew."""
        crew = self.crew
        if self.users_travel:
            dealt, _ = crew.run("deal")
            crew.run("assemble", sent=dealt)
            needs, _ = crew.run("needs")
            crew.run("meet_needs", sent=needs)
        else:
            crew.run("assemble")
            counts, _ = crew.run("counts")
            shares, _ = crew.run("meet", sent=counts)
            presence, _ = crew.run("present", sent=shares)
            crew.run("meet_presence", sent=presence)
        facts = crew.run("facts")
        self._weight = _total(nodes for nodes, _ in facts)[0] + self.params["unobserved_weight"] * self.pairs
        for side in (0, 1):
            smallest = min(both[side] for _, both in facts)
            self._smallest[side] = smallest if np.isfinite(smallest) else self.params["regularization"]

    def sketch(self, seed: int) -> None:
        """Make the first factors.

        Raises
        ------
        ModelFitError
            If numbers overflow.
        """
        crew = self.crew
        before = np.cumsum([0, *self.entries])
        sizes = crew.get(
            [
                crew.call(rank, "run", ("sizes", (int(before[rank]), int(before[-1]))))
                for rank in range(crew.size)
            ]
        )
        largest = _core.als.largest_hundredth(np.concatenate(sizes))
        grams = crew.run("draw_items", seed)
        for number in (0, 1):
            rows, _ = crew.run("spread", False, self._basis(grams, 1), number)
            grams = crew.run("sketch_users", largest, number, sent=rows)
            basis = self._basis(grams, 1)
            if self.users_travel:
                rows, _ = crew.run("spread", True, basis, number)
                grams = crew.run("sketch_items", largest, number, sent=rows)
            else:
                sums, _ = crew.run("sketch_sums", basis, largest, number)
                grams = crew.run("take_sums", number, sent=sums)
        crew.run("balance_items", self._basis(grams, 1))

    def epoch(self, epoch: int, step: Callable[[], None]) -> float:
        """Improve the factors of both sides, and return the loss. `step` is called after each phase.

        Raises
        ------
        ModelFitError
            If the fit diverges.
        """
        crew = self.crew
        basis = self._basis(crew.run("begin_epoch", epoch), epoch)
        rows, (_, self.sent) = crew.run("whiten", False, basis, self._smallest[0])
        solved = crew.run("solve_users", epoch, sent=rows)
        step()
        penalty = _total(sums for _, sums in solved)[0]
        basis = self._basis([grams for grams, _ in solved], epoch)
        if self.users_travel:
            rows, (_, size) = crew.run("whiten", True, basis, self._smallest[1])
            self.sent += size
            sums = crew.run("solve_items", epoch, sent=rows)
        else:
            sums = self._solve_items_by_sums(basis, epoch, step)
        step()
        loss = (_total(sums)[0] + penalty) / self._weight
        if not np.isfinite(loss):
            raise _diverged(epoch)
        return float(loss)

    def _solve_items_by_sums(self, basis: Any, epoch: int, step: Callable[[], None]) -> Any:
        crew = self.crew
        asks, (asked, size) = crew.run("begin_items", basis, self._smallest[1])
        is_first = True
        while asked or is_first:  # there is always something that nobody has to be asked for
            answers, (_, answered) = crew.run("pass_", is_first, sent=asks)
            self.sent += size + answered
            asks, (asked, size) = crew.run("advance", sent=answers)
            is_first = False
            step()
        return crew.run("end_items", epoch)

    def factors(self) -> tuple[Floats, Floats]:
        """Return the factors of all users and items."""
        users, items = zip(*self.crew.all("factors"), strict=True)
        return np.concatenate(users), np.concatenate(items)

    @staticmethod
    def _basis(grams: list[Nodes], epoch: int) -> Any:
        return _core.als.eigendecomposition(_total(grams), epoch)


def _total(nodes: Any) -> Any:
    return _core.als.tree_total([node for own in nodes for node in own])


def _diverged(epoch: int) -> ModelFitError:
    return ModelFitError(
        f"the fit diverged in epoch {epoch}: the loss is not finite; less alpha or more regularization helps"
    )

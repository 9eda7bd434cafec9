"""What drives the workers of a fit: how they are called, and how messages get from one to another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from penchant.distributed._worker import SENDING


class WorkerLostError(RuntimeError):
    """A worker died, or what it had sent is gone."""


class Crew(ABC):
    """Workers, wherever they are. Handles stand for what they return, until `get`."""

    size: int

    @abstractmethod
    def call(self, rank: int, method: str, args: Sequence[Any], returns: int = 1) -> Any:
        """Call a method of a worker, with values or handles, and return a handle, or so many."""

    @abstractmethod
    def get(self, handles: Sequence[Any]) -> list[Any]:
        """Wait for what handles stand for.

        Raises
        ------
        WorkerLostError
            If a worker died.
        """

    def gather(self) -> None:  # noqa: B027 - most are always there
        """Wait until all workers answer, those that were started again as well."""

    def put(self, value: Any) -> Any:
        """Return a handle of a value that all workers need."""
        return value

    def all(self, method: str, *args: Any) -> list[Any]:
        """Call a method of all workers, and wait for what they return."""
        return self.get([self.call(rank, method, args) for rank in range(self.size)])

    def run(self, phase: str, *args: Any, sent: Any = None) -> Any:
        """Have all workers do a phase, with what was sent to each in another one.

        Returns what each returned; of a phase that sends, what was sent and the sums of items asked for and
        bytes sent.
        """
        sends = phase in SENDING
        handles = [
            self.call(
                rank,
                "run",
                (phase, args, *(() if sent is None else (messages[rank] for messages in sent))),
                self.size + 1 if sends else 1,
            )
            for rank in range(self.size)
        ]
        if not sends:
            return self.get(handles)
        told = self.get([own[-1] for own in handles])
        return [own[:-1] for own in handles], tuple(map(sum, zip(*told, strict=True)))

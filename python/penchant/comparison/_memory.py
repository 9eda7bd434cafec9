"""How much memory a piece of work takes at most."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

_STATUS = Path("/proc/self/statm")
_SECONDS = 0.02


class Peak:
    """Watches the memory of this process meanwhile, where the system says it.

    Attributes
    ----------
    bytes : int or None
        By how much it was larger than in the beginning, at most.
    """

    def __init__(self) -> None:
        self.bytes: int | None = None
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._first = 0

    def __enter__(self) -> Self:
        if _STATUS.exists():
            self._first, self.bytes = _resident(), 0
            self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bytes is not None:
            self._done.set()
            self._watcher.join()
            self._look()

    def _watch(self) -> None:
        while not self._done.wait(_SECONDS):
            self._look()

    def _look(self) -> None:
        self.bytes = max(self.bytes or 0, _resident() - self._first)


def _resident() -> int:
    return int(_STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

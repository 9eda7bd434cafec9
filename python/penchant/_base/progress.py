"""How far a fit is: a bar for people, and a callback for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeAlias

import numpy as np
from tqdm.auto import tqdm

Callback: TypeAlias = Callable[[int, float, float], object]


class Progress:
    """A progress bar in the unit of the work, told by the core."""

    def __init__(self, shown: bool, unit: str, callback: Callback | None = None) -> None:
        self._bar: Any = tqdm(disable=not shown, unit=unit)
        self._callback = callback
        self._started = time.perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def total(self, count: int) -> None:
        """Say how much there is to do."""
        self._bar.reset(total=count)

    def step(self, done: int) -> None:
        """Hear how much has been done since the last call."""
        self._bar.update(done)

    def refresh(self) -> None:
        """Show how much time has passed."""
        self._bar.refresh()

    def say(self, text: str) -> None:
        """Write a line above the bar, if there is one."""
        if not self._bar.disable:
            self._bar.write(text, file=sys.stderr)

    def epoch(self, epoch: int, loss: float, **more: float) -> bool:
        """Hear of an epoch, counted from 1, and what else is known of it, and return whether to stop."""
        shown = {name: f"{value:.4f}" for name, value in more.items()}
        self._bar.set_postfix(loss=f"{loss:.5g}", **shown, refresh=False)
        self._bar.update()
        return self.call_back(epoch - 1, loss)

    def call_back(self, epoch: int, loss: float) -> bool:
        """Tell the caller of an epoch, counted from 0, and return whether to stop."""
        now = time.perf_counter()
        seconds, self._started = now - self._started, now
        # True and nothing else: others' callbacks return all kinds of things.
        answer = self._callback(epoch, seconds, loss) if self._callback is not None else False
        return isinstance(answer, bool | np.bool_) and bool(answer)

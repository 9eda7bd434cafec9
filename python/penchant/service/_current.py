"""The model that a worker answers from: swapped as a whole for a newer one, or one with more events."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penchant.exceptions import PenchantError
from penchant.recommender.plain import PlainRecommender
from penchant.service._growing import Growing
from penchant.service._journal import Batch, Journal, columns_of_data
from penchant.service._settings import Settings

#: What events raise that cannot be taken in.
BAD = (ValueError, TypeError, OverflowError, PenchantError)
LOG = logging.getLogger("penchant.service")


@dataclass(frozen=True, slots=True)
class Served:
    """A model and what is known of it. Requests keep the one that they began with.

    Attributes
    ----------
    growing : Growing
    written : float
        When its file was written, seconds since 1970.
    end : int
        How far the file of events has been taken in.
    """

    growing: Growing
    written: float
    end: int

    @property
    def recommender(self) -> PlainRecommender:
        """The model with everything that has been taken in."""
        return self.growing.recommender

    @property
    def data(self) -> Any:
        """What it was fitted to, and updated with."""
        return self.recommender.data

    def version(self) -> str:
        """Return what is different for every model and number of events."""
        return f"{self.written:.6f}+{self.growing.events}"


class CurrentModel:
    """Loads a model, looks for newer ones, and takes in events.

    Events belong to the model whose file is older than they are: a newer file is taken to know all that
    came before it was written.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = Path(settings.folder or tempfile.mkdtemp(prefix="penchant-"))
        if settings.folder is None:
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._changing = threading.RLock()
        self._tried = self._seen = _identity(settings.model)
        self.problem: str | None = None
        first = self._open(self._tried)
        self._journal = (
            None if settings.events is None else Journal(settings.events, columns_of_data(first.data))
        )
        self._served = self._caught_up(first)

    @property
    def takes_events(self) -> bool:
        """Whether there is a file to keep events in."""
        return self._journal is not None

    def now(self) -> Served:
        """Return the model as it is."""
        return self._served

    def catch_up(self) -> bool:
        """Take in what other workers have taken; return whether there was anything."""
        if self._journal is None or self._journal.size() <= self._served.end:
            return False
        with self._changing:
            before, self._served = self._served, self._caught_up(self._served)
        return before is not self._served

    def take(self, requests: Sequence[Mapping[str, Sequence[Any]]]) -> list[Exception | None]:
        """Take in the events of several requests; return for each what is wrong with it, if anything.

        They are kept and part of the model when this returns.
        """
        journal = self._journal
        assert journal is not None
        with self._changing, journal.lock:
            served = self._caught_up(self._served)
            problems: list[Exception | None] = [None] * len(requests)
            try:
                growing = served.growing.with_batches(requests)
            except BAD:
                growing, problems = _one_by_one(served.growing, requests)
            end, now = served.end, max(time.time(), served.written + 1e-3)
            for request, problem in zip(requests, problems, strict=True):
                if problem is None:
                    end = journal.append(end, now, request).end
            self._served = dataclasses.replace(served, growing=growing, end=end)
        return problems

    def take_newer(self) -> bool:
        """Take a newer file, if there is one that is not being written; return whether it was.

        What cannot be opened changes nothing, but is logged and told by `problem`.
        """
        try:
            identity = _identity(self._settings.model)
        except OSError as error:
            self.problem = f"the file of the model cannot be read: {error.strerror}"
            return False
        settled, self._seen = identity == self._seen, identity
        if not settled or identity == self._tried:
            return False
        self._tried = identity
        try:
            fresh = self._caught_up(self._open(identity))
            with self._changing:
                self._served = self._caught_up(fresh)
        except _ChangedMeanwhileError:
            self._tried = ()
            return False
        except (OSError, ValueError, MemoryError, PenchantError) as error:
            self.problem = f"the newest model cannot be opened, so an older one answers: {error}"
            LOG.error("a newer model cannot be opened: %s", error)
            return False
        self.problem = None
        LOG.info("took a newer model of %s users and %s items", *(f"{n:,}" for n in self._served.data.shape))
        return True

    def _open(self, identity: tuple[int, ...]) -> Served:
        """Open a copy of the file that all workers share and that nobody changes while it is mapped."""
        folder = self._folder
        copied = folder / f"model-{'-'.join(map(str, identity))}.safetensors"
        if not copied.exists():
            own = copied.with_suffix(f".{os.getpid()}")
            shutil.copyfile(self._settings.model, own)
            if _identity(self._settings.model) != identity:
                own.unlink()
                raise _ChangedMeanwhileError
            own.replace(copied)
        recommender = PlainRecommender.load(copied, mmap=True)
        for older in folder.glob("model-*.safetensors"):
            if older != copied:
                with contextlib.suppress(OSError):
                    older.unlink()
        _prepare(recommender)
        return Served(Growing(recommender), identity[0] / 1e9, 0)

    def _caught_up(self, served: Served) -> Served:
        """Return a model with the events that it lacks."""
        if self._journal is None:
            return served
        batches: list[Batch] = list(self._journal.read(served.end))
        if not batches:
            return served
        ours = [batch.columns for batch in batches if batch.received > served.written]
        growing = served.growing.with_batches(ours) if ours else served.growing
        return dataclasses.replace(served, growing=growing, end=batches[-1].end)


class _ChangedMeanwhileError(Exception):
    """The file was replaced while it was copied."""


def _identity(path: str) -> tuple[int, ...]:
    about = Path(path).stat()
    return about.st_mtime_ns, about.st_size, about.st_ino


def _one_by_one(
    growing: Growing, requests: Sequence[Mapping[str, Sequence[Any]]]
) -> tuple[Growing, list[Exception | None]]:
    """Return the state with the requests that are good, and what is wrong with the others."""
    problems: list[Exception | None] = []
    for request in requests:
        try:
            growing = growing.with_batches([request])
            problems.append(None)
        except BAD as error:
            problems.append(error)
    return growing, problems


def _prepare(recommender: PlainRecommender) -> None:
    """Ask once, so that what is packed for searching is there before the first request."""
    users, items = recommender.data.shape
    if users and items:
        recommender.recommend(recommender.data.user_labels([0])[0], n=1)
        with contextlib.suppress(NotImplementedError):
            recommender.similar_items(recommender.data.item_labels([0])[0], n=1)

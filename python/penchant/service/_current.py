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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penchant.exceptions import PenchantError
from penchant.recommender.plain import PlainRecommender
from penchant.service._growing import Growing
from penchant.service._journal import Events, Journal, columns_of_data
from penchant.service._settings import Settings

#: What events raise that cannot be taken in.
BAD = (ValueError, TypeError, OverflowError, PenchantError)
LOG = logging.getLogger("penchant.service")
# How often a file is tried that is replaced while it is copied.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Served:
    """A model and what is known of it. Requests keep the one that they began with.

    Attributes
    ----------
    growing : Growing
    identity : tuple of int
        Which file it is from.
    end : int
        How far the file of events has been taken in.
    """

    growing: Growing
    identity: tuple[int, ...]
    end: int

    @property
    def written(self) -> float:
        """When its file was written, seconds since 1970."""
        return self.identity[0] / 1e9

    @property
    def recommender(self) -> PlainRecommender:
        """The model with everything that has been taken in."""
        return self.growing.recommender

    @property
    def data(self) -> Any:
        """What it was fitted to, and updated with."""
        return self.recommender.data


class CurrentModel:
    """Loads a model, looks for newer ones, and takes in events.

    Events belong to the model whose file is older than they are: a newer file is taken to know all that came
    before it was written.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = Path(settings.folder or tempfile.mkdtemp(prefix="penchant-"))
        if settings.folder is None:
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._changing = threading.RLock()
        self._journal = None if settings.events is None else Journal(settings.events)
        # What is wrong with the newest file, and with the events; None where nothing is.
        self._of_file: str | None = None
        self._of_events: str | None = None
        self._served = self._caught_up(self._first())
        self._seen = self._tried = self._served.identity

    @property
    def takes_events(self) -> bool:
        """Whether there is a file to keep events in."""
        return self._journal is not None

    @property
    def problem(self) -> str | None:
        """What keeps the service from answering from the newest model with all events, without names."""
        return self._of_file or self._of_events

    def failed(self, error: Exception) -> None:
        """Note that a look for something newer failed in a way that nobody expected."""
        self._of_events = f"events of others could not be taken in ({type(error).__name__})"

    def now(self) -> Served:
        """Return the model as it is."""
        return self._served

    def catch_up(self) -> bool:
        """Take in what other workers have taken; return whether there was anything."""
        if self._journal is None:
            return False
        self._journal.check(self._served.end)
        if self._journal.size() == self._served.end:
            return False
        with self._changing:
            before, self._served = self._served, self._caught_up(self._served)
        return before is not self._served

    def take(self, requests: Sequence[Events]) -> list[Exception | None]:
        """Take in the events of several requests; return for each what is wrong with it, if anything.

        They are kept and part of the model when this returns.

        Raises
        ------
        OSError, JournalError
            If they cannot be kept. Nothing has been taken then.
        """
        journal = self._journal
        assert journal is not None
        with self._changing, journal.lock:
            served = self._caught_up(self._served)
            growing, problems = _grown(served.growing, requests)
            good = [events for events, problem in zip(requests, problems, strict=True) if problem is None]
            end = served.end
            if good:
                now = max(time.time(), served.written + 1e-3)
                end = journal.append(end, now, columns_of_data(served.data), good)
            self._served = dataclasses.replace(served, growing=growing, end=end)
        return problems

    def take_newer(self) -> bool:
        """Take a newer file, if there is one that is not being written; return whether it was.

        What cannot be opened changes nothing, but is logged and told by `problem`.
        """
        try:
            identity = _identity(self._settings.model)
        except OSError as error:
            self._of_file = f"the file of the model cannot be read: {error.strerror}"
            return False
        settled, self._seen = identity == self._seen, identity
        if identity == self._served.identity:
            self._of_file = None  # whatever it was, the file is the one that answers
        if not settled or identity in (self._tried, self._served.identity):
            return False
        try:
            fresh = self._caught_up(self._open(identity))
            with self._changing:
                self._served = self._caught_up(fresh)
        except _ChangedMeanwhileError:
            return False
        except (OSError, MemoryError) as error:  # which may pass
            self._refuse(error)
            return False
        except (ValueError, PenchantError) as error:
            self._tried = identity
            self._refuse(error)
            return False
        self._of_file = None
        LOG.info("took a newer model of %s users and %s items", *(f"{n:,}" for n in self._served.data.shape))
        return True

    def _refuse(self, error: Exception) -> None:
        """Say once that a file cannot be opened; what the error says may name users."""
        kind = type(error).__name__
        problem = f"the newest model cannot be opened ({kind}), so an older one answers"
        if problem != self._of_file:
            LOG.error("%s", problem)
        self._of_file = problem

    def _first(self) -> Served:
        """Open the file, which may just be replaced."""
        for _ in range(_TRIES):
            with contextlib.suppress(_ChangedMeanwhileError):
                return self._open(_identity(self._settings.model))
        msg = f"{self._settings.model} does not stay the same long enough to be read"
        raise OSError(msg)

    def _open(self, identity: tuple[int, ...]) -> Served:
        """Open a copy of the file that all workers share and that nobody changes while it is mapped."""
        copied = self._folder / f"model-{'-'.join(map(str, identity))}.safetensors"
        if not copied.exists():
            own = copied.with_suffix(f".{os.getpid()}")
            try:
                shutil.copyfile(self._settings.model, own)
                if _identity(self._settings.model) != identity:
                    raise _ChangedMeanwhileError
                own.replace(copied)
            finally:
                own.unlink(missing_ok=True)
        recommender = PlainRecommender.load(copied, mmap=True)
        if self._journal is not None:
            columns_of_data(recommender.data)  # raises if events could not be kept
        for older in self._folder.glob("model-*.safetensors"):
            if older != copied:
                with contextlib.suppress(OSError):
                    older.unlink()
        _prepare(recommender)
        return Served(Growing(recommender), identity, 0)

    def _caught_up(self, served: Served) -> Served:
        """Return a model with the events that it lacks, but for those that do not fit, which is told."""
        if self._journal is None:
            return served
        batches = list(self._journal.read(served.end, columns_of_data(served.data)))
        if not batches:
            return served
        ours = [batch for batch in batches if batch.received > served.written]
        fitting = [batch.events for batch in ours if batch.events is not None]
        growing, problems = _grown(served.growing, fitting) if fitting else (served.growing, [])
        unfit = len(ours) - problems.count(None)
        if unfit:
            self._of_events = f"{unfit:,} requests of events do not fit to this model and are left out"
            LOG.error("%s", self._of_events)
        elif self._of_events is not None and served.end == 0:
            self._of_events = None
        return dataclasses.replace(served, growing=growing, end=batches[-1].end)


class _ChangedMeanwhileError(Exception):
    """The file was replaced while it was copied."""


def _identity(path: str) -> tuple[int, ...]:
    about = Path(path).stat()
    return about.st_mtime_ns, about.st_size, about.st_ino


def _grown(growing: Growing, requests: Sequence[Events]) -> tuple[Growing, list[Exception | None]]:
    """Return the state with the requests that are good, and what is wrong with the others.

    A bad one among many is looked for by halves.
    """
    before = growing.recommender.data.shape[1]
    grown, problems = _in_halves(growing, requests)
    if grown.recommender.data.shape[1] != before:
        _prepare(grown.recommender)
    return grown, problems


def _in_halves(growing: Growing, requests: Sequence[Events]) -> tuple[Growing, list[Exception | None]]:
    try:
        return growing.with_batches(requests), [None] * len(requests)
    except BAD as error:
        if len(requests) == 1:
            return growing, [error]
    middle = len(requests) // 2
    growing, first = _in_halves(growing, requests[:middle])
    growing, second = _in_halves(growing, requests[middle:])
    return growing, first + second


def _prepare(recommender: PlainRecommender) -> None:
    """Ask once, so that what is packed for searching is there before the first request."""
    users, items = recommender.data.shape
    if users and items:
        recommender.recommend(recommender.data.user_labels([0])[0], n=1)
        with contextlib.suppress(NotImplementedError):
            recommender.similar_items(recommender.data.item_labels([0])[0], n=1)

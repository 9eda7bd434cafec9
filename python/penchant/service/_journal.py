"""Events that were taken, in a file that all workers read.

One event is one line of JSON, in the columns of the data, so that the file can be read as events later.
Those of one request also have the time at which they came (`received`, seconds since 1970) and their number
(`of`): they count when all of them are there, so that a process that is killed while it writes leaves nothing
half done.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

_RECEIVED, _OF = "received", "of"

#: The events of one request, by what they say: user, item, weight, time, kind, as far as the data have these.
Events = Mapping[str, Sequence[Any]]


class JournalError(RuntimeError):
    """The file of events is not what it was, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of one request.

    Attributes
    ----------
    received : float
        When they came, seconds since 1970.
    events : dict of str to list, optional
        None if they lack a column that the data have.
    end : int
        Where in the file the next batch begins.
    """

    received: float
    events: Events | None
    end: int


class Journal:
    """The file of events, for one reader and writer among several."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.lock = FileLock(f"{path}.lock")
        with self.path.open("ab"):
            """So that it is there, and can be written to."""

    def size(self) -> int:
        """Return how long the file is, events that are being written included."""
        return self.path.stat().st_size

    def check(self, end: int) -> None:
        """Raise if the file has been cut since it was read up to here."""
        if self.size() < end:
            msg = "the file of events is shorter than it was: nobody may cut it while it is in use"
            raise JournalError(msg)

    def read(self, start: int, columns: Mapping[str, str]) -> Iterator[Batch]:
        """Return what has been taken since, in order; what is not all there yet is left out.

        `columns` are what the data call the parts of an event, as far as they have these.
        """
        with self.path.open("rb") as file:
            file.seek(start)
            content = file.read()
        end, rows = start, list[dict[str, Any]]()
        for line in content.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                return
            end += len(line)
            try:
                rows.append(json.loads(line))
                received, count = rows[0][_RECEIVED], rows[0][_OF]
            except (ValueError, KeyError, TypeError):
                msg = f"the file of events has a line before byte {end} that is none of ours"
                raise JournalError(msg) from None
            if len(rows) == count:
                fits = all(name in row for row in rows for name in columns.values())
                events = (
                    {part: [row[name] for row in rows] for part, name in columns.items()} if fits else None
                )
                yield Batch(received, events, end)
                rows = []

    def append(
        self, start: int, received: float, columns: Mapping[str, str], requests: Sequence[Events]
    ) -> int:
        """Write the events of requests behind `start`, where the last batch ends, and return where they end.

        The lock must be held. All of them are on the disk when this returns, or none if it raises.
        """
        self.check(start)
        lines: list[str] = []
        for events in requests:
            names, rows = [columns[part] for part in events], list(zip(*events.values(), strict=True))
            about = {_RECEIVED: received, _OF: len(rows)}
            lines += [json.dumps(dict(zip(names, row, strict=True)) | about) + "\n" for row in rows]
        content = "".join(lines).encode()
        with self.path.open("r+b") as file:
            file.truncate(start)  # what somebody left behind who was killed
            file.seek(start)
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(file.fileno(), start)
                raise
        return start + len(content)


def columns_of_data(data: Any) -> dict[str, str]:
    """Return what the data call their parts; columns without names are called as they are here.

    Raises
    ------
    ValueError
        If they are called as the journal calls its own.
    """
    columns = {
        part: column if isinstance(column, str) else part
        for part, column in data.reading.columns.items()
        if column is not None
    }
    taken = sorted({_RECEIVED, _OF} & set(columns.values()))
    if taken:
        msg = f"events cannot be kept, as the data have columns called {', '.join(taken)}"
        raise ValueError(msg)
    return columns

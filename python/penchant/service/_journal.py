"""Events that were taken, in a file that all workers read.

One event is one line of JSON, in the columns of the data, so that the file can be read as events later.
Those of one request also have the time at which they came (`received`, seconds since 1970) and their number
(`of`): they count when all of them are there, so that a process that is killed while it writes leaves
nothing half done.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

_PARTS = ("user", "item", "weight", "time", "kind")
_RECEIVED, _OF = "received", "of"


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of one request.

    Attributes
    ----------
    received : float
        When they came, seconds since 1970.
    columns : dict of str to list
        By what they say: user, item, weight, time and kind, as far as the data have these.
    end : int
        Where in the file the next batch begins.
    """

    received: float
    columns: Mapping[str, Sequence[Any]]
    end: int

    def __len__(self) -> int:
        return len(self.columns["user"])


class Journal:
    """The file of events, for one reader and writer among several.

    Parameters
    ----------
    path : str
    columns : dict of str to str
        What the data call user, item, weight, time and kind, as far as they have these.
    """

    def __init__(self, path: str, columns: Mapping[str, str]) -> None:
        taken = sorted({_RECEIVED, _OF} & set(columns.values()))
        if taken:
            msg = f"events cannot be kept, as the data have columns called {', '.join(taken)}"
            raise ValueError(msg)
        self.path, self._columns = Path(path), columns
        self.lock = FileLock(f"{path}.lock")
        with self.path.open("ab"):
            """So that it is there, and can be written to."""

    def size(self) -> int:
        """Return how long the file is, events that are being written included."""
        return self.path.stat().st_size

    def read(self, start: int) -> Iterator[Batch]:
        """Return what has been taken since, in order; what is not all there yet is left out."""
        with self.path.open("rb") as file:
            file.seek(start)
            content = file.read()
        end, rows = start, list[dict[str, Any]]()
        for line in content.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                return
            end += len(line)
            rows.append(json.loads(line))
            if len(rows) == rows[0][_OF]:
                columns = {part: [row[name] for row in rows] for part, name in self._columns.items()}
                yield Batch(rows[0][_RECEIVED], columns, end)
                rows = []

    def append(self, start: int, received: float, columns: Mapping[str, Sequence[Any]]) -> Batch:
        """Write events behind `start`, the end of the last batch, while the lock is held.

        They are on the disk when this returns.
        """
        rows = zip(*columns.values(), strict=True)
        names = [self._columns[part] for part in columns]
        count = len(columns["user"])
        lines = [dict(zip(names, row, strict=True)) | {_RECEIVED: received, _OF: count} for row in rows]
        content = "".join(json.dumps(line) + "\n" for line in lines).encode()
        with self.path.open("r+b") as file:
            file.truncate(start)  # what somebody left behind who was killed
            file.seek(start)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return Batch(received, columns, start + len(content))


def columns_of_data(data: Any) -> dict[str, str]:
    """Return what the data call their parts; columns without names are called as they are here."""
    columns = data.reading.columns
    return {
        part: columns[part] if isinstance(columns[part], str) else part
        for part in _PARTS
        if columns[part] is not None
    }

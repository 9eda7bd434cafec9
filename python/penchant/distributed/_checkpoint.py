"""What a fit goes on from after a failure: factors by ranges of rows, for any number of workers."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._validation import warn
from penchant.distributed._folder import Folder
from penchant.exceptions import DataWarning, ModelFormatError

#: Changes with what is in the files, or with what a fit does with it.
FORMAT = 1

_FIT, _DONE = "fit.json", "done.json"
_KEPT = 2
_NAMES = ("users", "items", "starts")


@dataclass(frozen=True)
class Saved:
    """The state of a fit after an epoch.

    Attributes
    ----------
    folder : Folder
    epoch : int
    losses : list of float
        After each epoch.
    files : list of dict
        Of each file its name, what it holds (``users``, ``items``, ``starts`` or ``turn``), the first row and
        the one after the last, and its digest.
    """

    folder: Folder
    epoch: int
    losses: list[float]
    files: list[dict[str, Any]]

    def rows(self, users: tuple[int, int], items: tuple[int, int]) -> tuple[Any, Any, Any, Any]:
        """Return these rows of users, of items and of what those came from, and what turns the users."""
        wanted = {"users": users, "items": items, "starts": items}
        sides = [self._between(what, *wanted[what]) for what in _NAMES]
        turn = next(file for file in self.files if file["what"] == "turn")
        return sides[0], sides[1], sides[2], self._read(turn)

    def _between(self, what: str, first: int, end: int) -> npt.NDArray[Any]:
        found = []
        for file in self.files:
            if file["what"] != what:
                continue
            start, stop = file["rows"]
            if start < end and first < stop:
                found.append(self._read(file)[max(first - start, 0) : end - start])
        if not found:
            file = next(file for file in self.files if file["what"] == what)
            found.append(self._read(file)[:0])
        return np.ascontiguousarray(np.concatenate(found))

    def _read(self, file: dict[str, Any]) -> npt.NDArray[Any]:
        content = self.folder.read(file["name"])
        if _digest(content) != file["digest"]:
            msg = f"{self.folder / file['name']} is not what was written: it was changed or cut short"
            raise ModelFormatError(msg)
        array: npt.NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
        return array


class Checkpoints:
    """The checkpoints of a fit, in a folder of their own."""

    def __init__(self, folder: Folder, fit: dict[str, Any]) -> None:
        self.folder = folder
        self._fit = {"format": FORMAT, **fit}

    def open(self, resume: bool) -> Saved | None:
        """Return what to go on from, if there is anything and that is wanted.

        Raises
        ------
        ValueError
            If there is another fit in the folder, or this one and nobody said that it should go on.
        ModelFormatError
            If the folder is of another version.
        """
        if not self.folder.has(_FIT):
            self.folder.make()
            self.folder.write(_FIT, json.dumps(self._fit, indent=1).encode())
            return None
        there = _parsed(self.folder, _FIT)
        if there.get("format") != FORMAT:
            msg = (
                f"{self.folder} has checkpoints of format {there.get('format')}, "
                f"and this version knows format {FORMAT}: go on with the version that wrote them"
            )
            raise ModelFormatError(msg)
        differs = [name for name in self._fit if there.get(name) != self._fit[name]]
        if differs:
            raise ValueError(_of_another_fit(self.folder, there, self._fit, differs[0]))
        saved = self._last()
        if saved is not None and not resume:
            msg = (
                f"{self.folder} has a checkpoint of this fit after epoch {saved.epoch}: "
                "resume=True goes on from it, another folder begins anew"
            )
            raise ValueError(msg)
        return saved

    def _last(self) -> Saved | None:
        for name in reversed(self.folder.names()):
            folder = self.folder / name
            if not name.startswith("epoch-") or not folder.has(_DONE):
                continue
            try:
                done = _parsed(folder, _DONE)
            except ModelFormatError as error:
                warn(f"{error}; going back to the one before", DataWarning)
                continue
            damaged = [file for file in done["files"] if folder.size(file["name"]) != file["bytes"]]
            if not damaged:
                return Saved(folder, done["epoch"], done["losses"], done["files"])
            warn(f"{folder / damaged[0]['name']} was cut short; going back to the one before", DataWarning)
        return None

    def epoch(self, epoch: int) -> Folder:
        """Make the folder of an epoch, into which everyone writes."""
        folder = self.folder / f"epoch-{epoch:06d}"
        folder.make()
        return folder

    def done(self, folder: Folder, epoch: int, losses: list[float], files: list[dict[str, Any]]) -> Saved:
        """Say that everyone has written, and remove what is older than the last ones."""
        content = {"epoch": epoch, "losses": losses, "files": files}
        folder.write(_DONE, json.dumps(content).encode())
        older = [name for name in self.folder.names() if name.startswith("epoch-")]
        for name in older[:-_KEPT]:
            self.folder.remove(name)
        return Saved(folder, epoch, list(losses), files)


def _parsed(folder: Folder, name: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(folder.read(name))
    except ValueError:
        msg = f"{folder / name} is not what was written: it was changed or cut short"
        raise ModelFormatError(msg) from None
    return parsed


def write_part(
    folder: Folder, state: Any, users: tuple[int, int], items: tuple[int, int], rank: int
) -> list[dict[str, Any]]:
    """Write what a worker has, and return what was written; the first writes what turns all users."""
    written = []
    for what, array, rows in zip((*_NAMES, "turn"), state, (users, items, items, None), strict=True):
        if rows is None and rank:
            continue
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        content = file.getvalue()
        name = f"{what}-{rank}.npy"
        folder.write(name, content)
        about = {"rows": rows and list(rows), "bytes": len(content), "digest": _digest(content)}
        written.append({"name": name, "what": what, **about})
    return written


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _of_another_fit(folder: Folder, there: dict[str, Any], here: dict[str, Any], name: str) -> str:
    if name == "data":
        return f"{folder} has checkpoints of a fit to other data: the source has changed, or is another one"
    if name == "params":
        own, other = here["params"], there.get("params", {})
        name = next((each for each in own if own[each] != other.get(each)), "params")
        own, other = own.get(name), other.get(name)
    else:
        own, other = here[name], there.get(name)
    return f"{folder} has checkpoints of another fit: {name} is {other} there and {own} here"

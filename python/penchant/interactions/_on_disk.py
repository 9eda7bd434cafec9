"""Interactions whose entries lie in files, which are mapped and never read as a whole."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._sparse import scipy_csr
from penchant._validation import describe
from penchant.exceptions import ModelFormatError
from penchant.interactions import _state
from penchant.interactions._options import Reading
from penchant.interactions._report import Report, check_bad_rows, report_of, warn_of_times

#: Changes with what is in the files.
FORMAT = 1

_ABOUT, _LABELS = "about.json", "labels.npz"
_KINDS = {"indptr": "<i8", "indices": "<i4", "values": "<f4"}
_SIDES = ("by_user", "by_item")
_CHUNK = 1 << 22


def folder_of(folder: Any) -> Path:
    """Return the folder that a caller names."""
    if not isinstance(folder, str | os.PathLike):
        msg = f"folder must be a path, got {describe(folder)}"
        raise TypeError(msg)
    return Path(os.fsdecode(folder)).expanduser().absolute()


def write(folder: Path, read: Callable[[], Any], reading: Reading) -> None:
    """Have events read into a folder, which is locked meanwhile, and say what is in it when everything is.

    Raises
    ------
    BlockingIOError
        If another process is writing to it.
    ValueError
        If there are Interactions in it already, or other files.
    """
    if folder.is_dir():
        _check_empty(folder)  # before anything is put there
    lock = _core.interactions.lock_folder(str(folder))
    try:
        _check_empty(folder)
        _write(folder, read, reading)
    finally:
        lock.release()


def _check_empty(folder: Path) -> None:
    if (folder / _ABOUT).exists():
        msg = f"{folder} has Interactions in it: Interactions.open opens them, another folder takes these"
        raise ValueError(msg)
    others = sorted(
        {path.name for path in folder.iterdir()} - {path.name for path in _unfinished(folder)} - {"lock"}
    )
    if others:
        msg = f"{folder} has other files in it, such as {others[0]}: Interactions need a folder of their own"
        raise ValueError(msg)


def _unfinished(folder: Path) -> list[Path]:
    """Return what a reading that did not end has left."""
    return [*folder.glob("*.part"), *(path for path in _files(folder) if path.exists())]


def _write(folder: Path, read: Callable[[], Any], reading: Reading) -> None:
    try:
        _, events = read()
        shape = (len(events.users), len(events.items))
        entries = (folder / "by_user.indices").stat().st_size // 4
        report = report_of(events, shape, entries, reading.lines)
        wanted = reading.options.on_bad_rows
        check_bad_rows(report, report.bad_rows, report.rows, wanted, may_be_none=False)
        warn_of_times(report, events, reading.options)
        empty = (shape[1], np.zeros(shape[0] + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
        arrays, about = _state.to_arrays(events, empty, report, reading)
        with (folder / _LABELS).open("wb") as file:
            np.savez(file, **arrays)
        files = {path.name: _facts(path) for path in _files(folder)}
        content = {"format": FORMAT, "shape": shape, "files": files, "about": about, "report": asdict(report)}
        part = folder / f"{_ABOUT}.part"
        part.write_text(json.dumps(content), encoding="utf-8")
        part.replace(folder / _ABOUT)
    except BaseException:
        for path in _unfinished(folder):
            path.unlink(missing_ok=True)
        raise


def _files(folder: Path) -> list[Path]:
    arrays = [folder / f"{side}.{array}" for side in _SIDES for array in _KINDS]
    return [*arrays, folder / _LABELS]


def _facts(path: Path) -> dict[str, Any]:
    stat = path.stat()
    return {"bytes": stat.st_size, "modified": stat.st_mtime_ns, "digest": _digest(path)}


def _digest(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


class Opened:
    """What is in a folder, mapped.

    Attributes
    ----------
    events, reading, report
        What the core knows besides the matrix, how it was read, and what became of the events.
    by_user, by_item : scipy.sparse.csr_array
        The matrix, users x items, and its transpose.
    """

    def __init__(self, folder: Path, verify: bool) -> None:
        content = _content(folder)
        for path in _files(folder):
            _check(path, content["files"][path.name], verify)
        with np.load(folder / _LABELS, allow_pickle=False) as file:
            arrays = dict(file)
        (_, self.events), self.reading = _state.from_arrays(arrays, content["about"])
        report = content["report"]
        self.report = Report(**report | {"first_bad_rows": tuple(report["first_bad_rows"])})
        users, items = content["shape"]
        self.by_user = scipy_csr((items, *_mapped(folder, "by_user")))
        self.by_item = scipy_csr((users, *_mapped(folder, "by_item")))


def _content(folder: Path) -> Any:
    path = folder / _ABOUT
    if not path.is_file():
        if _unfinished(folder):
            msg = f"{folder} has Interactions that were never finished: remove it, and read the events again"
            raise ModelFormatError(msg)
        msg = f"there are no Interactions in {folder}: Interactions.from_file(..., folder=...) makes them"
        raise FileNotFoundError(msg)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content["format"]
    except (ValueError, KeyError, TypeError):
        msg = f"{path} is not what was written"
        raise ModelFormatError(msg) from None
    if found != FORMAT:
        msg = f"{folder} has format {found}, and this version knows format {FORMAT}"
        raise ModelFormatError(msg)
    return content


def _check(path: Path, facts: dict[str, Any], verify: bool) -> None:
    """Raise unless a file is what was written; by its digest if it was touched, or that is wanted."""
    if not path.is_file():
        msg = f"{path} is missing"
        raise ModelFormatError(msg)
    stat = path.stat()
    if stat.st_size != facts["bytes"]:
        written = f"{facts['bytes']:,} were written"
        msg = f"{path} has {stat.st_size:,} bytes, and {written}: it was cut short or changed"
        raise ModelFormatError(msg)
    if (verify or stat.st_mtime_ns != facts["modified"]) and _digest(path) != facts["digest"]:
        msg = f"{path} is not what was written: it was changed"
        raise ModelFormatError(msg)


def _mapped(folder: Path, side: str) -> tuple[Any, Any, Any]:
    indptr, indices, values = (_array(folder / f"{side}.{array}", kind) for array, kind in _KINDS.items())
    return indptr, indices, values


def _array(path: Path, kind: str) -> npt.NDArray[Any]:
    if not path.stat().st_size:  # which cannot be mapped
        return np.zeros(0, kind)
    mapped: npt.NDArray[Any] = np.asarray(np.memmap(path, kind, mode="r"))
    return mapped

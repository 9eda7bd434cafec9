"""The files that callers name: paths, folders and patterns, and what their names say."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from penchant._validation import describe, warn
from penchant.exceptions import DataWarning

_PARQUET = (".parquet", ".pq", ".parq")
_MAGIC = b"PAR1"
_SMALLEST_PARQUET = 12
# What folders are called where a value is missing.
_NOTHING = "__HIVE_DEFAULT_PARTITION__"


def paths_of(files: Any) -> list[Path]:
    """Return the files that a path, a folder, a pattern or several of these stand for, each once."""
    if isinstance(files, str | os.PathLike):
        files = [files]
    if isinstance(files, bytes | Mapping) or not isinstance(files, Iterable):
        expected = "a path, a folder, a pattern such as 'plays-*.tsv', or several of these"
        msg = f"files must be {expected}, got {describe(files)}"
        raise TypeError(msg)
    paths = [path for file in files for path in _paths(file)]
    if not paths:
        msg = "files must name at least one file, got none"
        raise ValueError(msg)
    found: dict[str, Path] = {}
    for path in paths:
        if found.setdefault(os.path.realpath(path), path) is not path:
            warn(f"{path} is named twice and read once", DataWarning)
    return list(found.values())


def _paths(file: Any) -> list[Path]:
    if not isinstance(file, str | os.PathLike):
        msg = f"files must be paths, got {describe(file)}"
        raise TypeError(msg)
    text = os.fsdecode(file)
    if "://" in text:
        msg = f"files must be on this machine, got the URL {text!r}: download it, or read it into a DataFrame"
        raise ValueError(msg)
    path = Path(text).expanduser()
    if path.is_dir():
        return _inside(path)
    if not glob.has_magic(str(path)) or path.exists():
        return [path]
    found = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - which has no absolute patterns
    if not found:
        msg = f"no file matches {str(path)!r}"
        raise FileNotFoundError(msg)
    return [
        inner for name in found for inner in (_inside(Path(name)) if Path(name).is_dir() else [Path(name)])
    ]


def _inside(folder: Path) -> list[Path]:
    """Return the files in a folder but those with a dot or an underscore in front of their names."""
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part[0] in "._" for part in path.relative_to(folder).parts)
    ]
    if not found:
        msg = f"there are no files in the folder {str(folder)!r}"
        raise FileNotFoundError(msg)
    return found


def constants_of(path: Path) -> dict[str, str]:
    """Return the columns that the names of folders say: ``day=2020-01-31`` (the partitions of Hive)."""
    pairs = (part.partition("=") for part in path.parts[:-1])
    found = {unquote(name): unquote(value) for name, sign, value in pairs if name and sign}
    return {name: "" if value == _NOTHING else value for name, value in found.items()}


def is_parquet(path: Path) -> bool:
    """Whether this is a Parquet file, by its name or by how it begins and ends."""
    if path.suffix.lower() in _PARQUET:
        return True
    try:
        if not path.is_file() or path.stat().st_size < _SMALLEST_PARQUET:
            return False
        with path.open("rb") as file:
            first = file.read(len(_MAGIC))
            file.seek(-len(_MAGIC), os.SEEK_END)
            return first == file.read() == _MAGIC
    except OSError:
        return False  # whoever reads it will say why

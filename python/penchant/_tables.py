"""Tables in files: CSV, TSV and the like, and Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from penchant._validation import describe

# What may stand between fields, by preference where none is said.
_SEPARATORS = (",", "\t", ";", "|")

# A field in quotes, and a number that begins with zeros.
_QUOTED = re.compile(r'^"(.*)"$')
_PADDED = re.compile(r"^\s*[+-]?0\d")


def read_table(
    path: str | os.PathLike[str], sep: str | None, encoding: str, *, header: bool
) -> dict[str, Any] | Any:
    """Return the columns of a file by name, or a table of PyArrow.

    Without a header they are called 0, 1, 2 and so on. Columns of nothing but numbers are numbers.
    """
    if not isinstance(path, str | os.PathLike):
        msg = f"path must be the path of a file, got {describe(path)}"
        raise TypeError(msg)
    file = Path(path).expanduser()
    content = file.read_bytes()
    if content[:4] == b"PAR1":
        return _parquet(file)
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        msg = f"{file} is not {encoding}: {error.reason} at byte {error.start}; give its encoding"
        raise ValueError(msg) from None
    except LookupError:
        msg = f"there is no encoding {encoding!r}"
        raise ValueError(msg) from None
    first = text.partition("\n")[0]
    between = sep or max(_SEPARATORS, key=first.count)
    rows = _rows(text, between)
    if not rows:
        msg = f"{file} has no rows"
        raise ValueError(msg)
    names = [name.strip() for name in rows[0]] if header else [str(at) for at in range(len(rows[0]))]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        msg = f"{file} has two columns {twice!r}"
        raise ValueError(msg)
    rows = rows[header:]
    for number, row in enumerate(rows, 1 + header):
        if len(row) != len(names):
            msg = f"row {number} of {file} has {len(row)} fields, not {len(names)}, when split at {between!r}"
            raise ValueError(msg)
    return {name: _column([row[at] for row in rows]) for at, name in enumerate(names)}


def columns_of_table(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the columns of a file with a header by name, in either form."""
    table = read_table(path, None, "utf-8", header=True)
    return table if isinstance(table, dict) else table.to_pydict()


def _rows(text: str, sep: str) -> list[list[str]]:
    if len(sep) > 1:
        return [line.split(sep) for line in text.splitlines() if line.strip()]
    if sep == "\t":  # where quotes count as those of events do: around a whole field
        lines = (line for line in text.splitlines() if line.strip())
        return [[_QUOTED.sub(r"\1", field).replace('""', '"') if _QUOTED.match(field) else field
                 for field in line.split(sep)] for line in lines]  # fmt: skip
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=sep) if row]


def _column(texts: list[str]) -> Any:
    """Return whole numbers as such, so that they are labels like those of events; None for empty fields."""
    known = [text for text in texts if text.strip()]
    if any(_PADDED.match(text) for text in known):
        return [text if text.strip() else None for text in texts]  # codes such as 0123
    try:
        if len(known) == len(texts) and known:
            whole = np.array([int(text) for text in known], dtype=np.int64)
            if all(text.strip() == str(value) for text, value in zip(known, whole.tolist(), strict=True)):
                return whole
        if known:
            return np.array([float(text) if text.strip() else np.nan for text in texts])
    except (ValueError, OverflowError):
        pass
    return [text if text.strip() else None for text in texts]


def _parquet(file: Path) -> Any:
    try:
        from pyarrow import parquet  # noqa: PLC0415 - it is optional
    except ImportError:
        msg = f"{file} is a Parquet file, which PyArrow reads: pip install pyarrow"
        raise ImportError(msg) from None
    return parquet.read_table(file)

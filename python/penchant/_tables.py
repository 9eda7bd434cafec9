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

# A field in quotes; codes such as 0123 and +1, as no whole number is written; whole numbers; and numbers.
_QUOTED = re.compile(r'^"(.*)"$')
_CODE = re.compile(r"[+-]?0[0-9]+(\.|$)|\+[0-9]+$|-0$")
_WHOLE = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|nan|[+-]?inf", re.IGNORECASE)


def read_table(
    path: str | os.PathLike[str], sep: str | None, encoding: str, *, header: bool, numbers: bool = True
) -> dict[str, Any] | Any:
    """Return the columns of a file by name, or a table of PyArrow.

    Without a header they are called 0, 1, 2 and so on. Columns of nothing but numbers are numbers, unless
    `numbers` is False.
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
    made = _column if numbers else _texts
    return {name: made([row[at] for row in rows]) for at, name in enumerate(names)}


def columns_of_table(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the columns of a file with a header by name, of texts where it is one of texts."""
    table = read_table(path, None, "utf-8", header=True, numbers=False)
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
    """Return numbers as such, whole ones as labels like those of events; else texts, None if empty."""
    known = [text.strip() for text in texts if text.strip()]
    if not known or any(_CODE.match(text) for text in known):
        return _texts(texts)
    if all(_WHOLE.fullmatch(text) for text in known):
        whole = [int(text) for text in known]
        for dtype in (np.int64, np.uint64) if len(known) == len(texts) else ():
            if np.iinfo(dtype).min <= min(whole) and max(whole) <= np.iinfo(dtype).max:
                return np.array(whole, dtype)
        if max(map(abs, whole)) > 2**53:
            return _texts(texts)  # which floats cannot tell apart
    if all(_NUMBER.fullmatch(text) for text in known):
        return np.array([float(text) if text.strip() else np.nan for text in texts])
    return _texts(texts)


def _texts(texts: list[str]) -> list[str | None]:
    return [text if text.strip() else None for text in texts]


def _parquet(file: Path) -> Any:
    try:
        from pyarrow import parquet  # noqa: PLC0415 - it is optional
    except ImportError:
        msg = f"{file} is a Parquet file, which PyArrow reads: pip install pyarrow"
        raise ImportError(msg) from None
    return parquet.read_table(file)

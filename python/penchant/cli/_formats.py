"""The forms that an answer can have: columns as text, or as Parquet."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from penchant.cli._tables import aligned

#: Columns by name: lists, or arrays.
Columns: TypeAlias = Mapping[str, Any]

# Four places say too little of numbers that are all smaller than this: they get four digits.
_SMALL = 0.01


def text_of(columns: Columns, form: str, ascii_only: bool = False) -> str:
    """Return the lines of a table, TSV, CSV or JSON."""
    if form == "table":
        right = [_is_numeric(values) for values in columns.values()]
        rows = list(zip(*map(_for_people, columns.values()), strict=True))
        return "".join(f"{line}\n" for line in aligned(list(columns), rows, right))
    if form == "json":
        names = list(columns)
        objects = (
            dict(zip(names, row, strict=True)) for row in zip(*map(_plain, columns.values()), strict=True)
        )
        written = (json.dumps(each, ensure_ascii=ascii_only, allow_nan=False) for each in objects)
        return "[" + ",\n ".join(written) + "]\n"
    lines = [list(columns), *zip(*map(_texts, columns.values()), strict=True)]
    separator = "\t" if form == "tsv" else ","
    return "".join(separator.join(_field(cell, separator) for cell in line) + "\n" for line in lines)


def _field(cell: str, separator: str) -> str:
    """Return a field that gives the same text again when it is read, quoted only where it has to be.

    Where tabs separate, a quote inside of a field is a letter, so that most lines are what `cut` and `awk`
    expect.
    """
    quotes = cell.startswith('"') if separator == "\t" else '"' in cell
    if quotes or separator in cell or "\n" in cell or "\r" in cell or cell != cell.strip():
        return '"' + cell.replace('"', '""') + '"'
    return cell


def parquet_of(columns: Columns) -> bytes:
    """Return a Parquet file."""
    pa, pq = parquet_writer()
    arrays = {name: _arrow(pa, values) for name, values in columns.items()}
    content = io.BytesIO()
    pq.write_table(pa.table(arrays), content)
    return content.getvalue()


def _arrow(pa: Any, values: Any) -> Any:
    if _kind(values) != "O":
        return pa.array(values)
    if _is_numeric(values):
        return pa.array(list(values))
    return pa.array([str(value) for value in values], pa.string())


def parquet_writer() -> tuple[Any, Any]:
    """Return the library that writes Parquet, if it is installed."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        msg = "writing Parquet needs pyarrow: pip install 'penchant[parquet]'"
        raise ImportError(msg) from None
    return pa, pq


def _kind(values: Any) -> str:
    return getattr(getattr(values, "dtype", None), "kind", "O")


def _is_numeric(values: Any) -> bool:
    if _kind(values) == "O":
        return bool(len(values)) and all(isinstance(value, int | float) for value in values)
    return _kind(values) in "iuf"


def _texts(values: Any) -> list[str]:
    """Return what is needed to get the same values again."""
    if _kind(values) == "f":
        texts: list[str] = values.astype(str).tolist()  # as few digits as its precision takes
        return texts
    return [str(value) for value in values]


def _plain(values: Any) -> list[Any]:
    """Return what JSON has: no NaN, and no infinity."""
    if _kind(values) == "f":
        values = [float(text) for text in _texts(values)]
    plain = values if isinstance(values, list) else values.tolist()
    return [None if isinstance(value, float) and not math.isfinite(value) else value for value in plain]


def _for_people(values: Any) -> list[str]:
    """Return numbers with four places, or fewer where no more are needed."""
    if not _is_numeric(values):
        return [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    floats = [float(value) for value in values if isinstance(value, float) or _kind(values) == "f"]
    sizes = [abs(value) for value in floats if math.isfinite(value)]
    form = ".4f" if max(sizes, default=0.0) >= _SMALL else ".4g"
    if all(size.is_integer() for size in sizes):
        form = ".0f"
    return [f"{value:{form}}" if floats and not isinstance(value, int) else str(value) for value in values]

"""Features of the columns of frames and of tables in files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from penchant._tables import read_table
from penchant._validation import integer
from penchant.features._columns import Columns
from penchant.features._encoders import Encoder
from penchant.features._kinds import Kind, guessed, kind_called
from penchant.features._making import check_lengths, grouped, put_together

# What indices of 32 bits can number.
_MOST_BUCKETS = 2**31 - 1


def from_frame(
    cls: Any,
    frame: Any,
    id: str,  # noqa: A002
    columns: Sequence[str] | Mapping[str, str | Kind | None] | None = None,
    *,
    hash_features: int | None = None,
) -> Any:
    """Make features of the columns of a frame.

    Parameters
    ----------
    frame : DataFrame or dict of columns
        Of pandas, Polars or PyArrow. Of several rows with one id the values are put together, where all
        columns are categories or tags.
    id : str
        The column that says whose features these are, in the labels of the interactions.
    columns : sequence of str, or dict of str to kind, optional
        What features are made of; by default all other columns. A kind is ``"category"``, ``"tags"``,
        ``"number"``, ``"text"`` or ``"vector"``, or with settings `Category`, `Tags`, `Number`, `Text` or
        `Vector`. Where it is not said it is guessed: numbers are numbers, lists or texts with ``|`` tags,
        texts of several words that mostly differ text, and everything else is a category.
    hash_features : int, optional
        Make so many features of each column of categories, tags or text, into which values fall by a
        hash: for values without end. What a feature stands for is then not known.

    Returns
    -------
    Features

    Raises
    ------
    TypeError, ValueError
        If `frame` is none, lacks a column, or a column does not hold what its kind says; if numbers are
        infinite; if an id is missing, or stands twice where its rows cannot be put together.
    """
    table = Columns(frame, "frame")
    table.check(id)
    kinds: dict[str, Kind | None] = {}
    if isinstance(columns, str):
        columns = [columns]
    if columns is None:
        columns = [name for name in table.names if name != id]
    for column in columns:
        table.check(column)
        given = columns[column] if isinstance(columns, Mapping) else None
        kinds[column] = None if given is None else kind_called(given, column)
    if not kinds:
        msg = f"columns must name at least one column besides {id!r}"
        raise ValueError(msg)
    buckets = None if hash_features is None else integer(hash_features, "hash_features", 1)
    if buckets is not None and buckets > _MOST_BUCKETS:
        msg = f"hash_features must be at most {_MOST_BUCKETS}, got {buckets}"
        raise ValueError(msg)
    values = {column: table.values(column) for column in kinds}
    check_lengths({id: table.labels(id), **values})
    labels, rows = grouped(table.labels(id), id)
    known = {column: kind or guessed(values[column]) for column, kind in kinds.items()}
    if rows is not None:
        values = put_together(values, known, rows, len(labels), id)
    encoders = [Encoder.of(column, kind, buckets) for column, kind in known.items()]
    for encoder in encoders:
        encoder.learn(values[encoder.column])
    return cls.of_columns(labels, encoders, values, id)


def from_file(
    cls: Any,
    path: str | os.PathLike[str],
    id: str,  # noqa: A002
    columns: Sequence[str] | Mapping[str, str | Kind | None] | None = None,
    *,
    sep: str | None = None,
    header: bool = True,
    encoding: str = "utf-8",
    hash_features: int | None = None,
) -> Any:
    """Make features of a table in a file: CSV, TSV and the like, or Parquet.

    Parameters
    ----------
    path : path
    id, columns, hash_features
        As in `from_frame`. Without a header, columns are called ``"0"``, ``"1"`` and so on.
    sep : str, optional
        What stands between fields; by default the comma, tab, semicolon or bar of which the first line
        has most.
    header : bool, default True
        Whether the first line names the columns.
    encoding : str, default "utf-8"

    Returns
    -------
    Features

    Raises
    ------
    OSError
        If the file cannot be read.
    TypeError, ValueError
        As `from_frame` does; if the file is not in this encoding, or a row has another number of fields.
    """
    table = read_table(path, sep, encoding, header=bool(header))
    return cls.from_frame(table, id, columns, hash_features=hash_features)

"""Events from files of lines and Parquet files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tqdm.auto import tqdm

from penchant import _core
from penchant.interactions._columns import Column, Columns, columns_of, places_of
from penchant.interactions._lines import Layout, decoder_of, lines_of
from penchant.interactions._on_disk import folder_of, write
from penchant.interactions._options import (
    Age,
    Duplicates,
    KindWeights,
    OnBadRows,
    Reading,
    ReadOptions,
    TimeUnit,
)
from penchant.interactions._parts import aligned, checked_like
from penchant.interactions._paths import constants_of, is_parquet, paths_of

if TYPE_CHECKING:
    from penchant.interactions._interactions import Interactions

_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zstd", ".gzip")
_BATCH = 1 << 18
_STDIN = Path("-")


def from_file(
    cls: type[Interactions],
    files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    sep: str | None = None,
    header: bool | None = None,
    user: Column = "user",
    item: Column = "item",
    weight: Column | None = None,
    time: Column | None = None,
    *,
    kind: Column | None = None,
    kind_weights: KindWeights | None = None,
    duplicates: Duplicates = "sum",
    half_life: Age | None = None,
    max_age: Age | None = None,
    time_unit: TimeUnit | None = None,
    time_format: str | None = None,
    min_items_per_user: int = 1,
    min_users_per_item: int = 1,
    on_bad_rows: OnBadRows = "warn",
    keep_events: bool = False,
    like: Interactions | None = None,
    layout: Layout = "events",
    quote: str | None = None,
    labels: Literal["auto", "string"] = "auto",
    encoding: str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    comment: str | None = None,
    skip: int = 0,
    show_progress: bool = True,
    num_threads: int = 0,
    folder: str | os.PathLike[str] | None = None,
) -> Interactions:
    r"""Read events from files: CSV, TSV and the like, lists, JSON lines and Parquet, compressed or not.

    Memory is needed for the events, about 25 bytes each and 45 with times, and for the labels, but not
    for the files.

    Parameters
    ----------
    files : path, folder, pattern, or several of these
        Such as ``"plays.tsv"`` or ``"plays-*.parquet"``; ``"-"`` is standard input. Parquet files are
        told by their first bytes and read by PyArrow, ``pip install 'penchant[parquet]'``; everything
        else is text, one event a line, compressed by gzip, bzip2, xz or Zstandard or not. Of a folder all
        files are read but those whose names begin with a dot or an underscore; ``day=2020-01-31`` in the
        name of a folder is a column of what is in it. A file that is named twice is read once. Of several
        files, empty ones are passed over.
    sep : str, optional
        What separates fields, one character or more, such as ``"::"``; ``r"\s+"`` for any number of
        blanks. By default a tab in ``.tsv`` and ``.tab``, a comma in ``.csv``, elsewhere a tab if the
        first line has one, otherwise a comma, or blanks where lines are lists. A first line such as
        ``sep=;`` is believed. Blanks around separators and at the ends of lines do not count.
    header : bool, optional
        Whether the first line names the columns; by default it does, but not where lines are lists. If
        not, give `user`, `item` and the others by position.
    layout : {"events", "lists", "json"}, default "events"
        What a line holds: one event; a user and all of their items; or a JSON object, as in files that
        end in ``.jsonl``, ``.ndjson`` or ``.json`` by default. Of lists that begin with the number of
        their items, every one of them, the users are the numbers of the lines, from 0; that number may
        also stand between user and items.
    quote : str, optional
        The character that encloses fields with separators or line breaks in them; ``""`` for none. By
        default double quotes. Where fields are separated by tabs these count around whole fields only,
        since there titles may begin with a quote; elsewhere a field that begins with one must end with
        one.
    labels : {"auto", "string"}, default "auto"
        In text files, labels are integers if all of them in a column are (all as ``17850``, or all as
        ``17850.0``), otherwise strings; or always strings.
    encoding : str, optional
        The encoding of text files, by any of Python's names for it, such as ``"latin-1"``, ``"cp1252"``
        or ``"utf-16"``; by default UTF-8.
    decimal : str, default "."
        What stands before the decimals of a number.
    thousands : str, optional
        What groups the thousands of a number.
    comment : str, optional
        Lines that begin with this are passed over.
    skip : int, default 0
        How many lines to pass over at the start of each file, before the names of columns.
    show_progress : bool, default True
        Show a progress bar.
    folder : path, optional
        Write the matrix and its transpose there, sorted in files, instead of keeping it in memory: what is
        larger than that can be learned from as well. What is returned is what `Interactions.open` opens.
        Memory is then needed for some 4 million events, or those of the longest row, and for the labels; the
        disk takes 24 bytes for each event while they are sorted, 40 with times, and 16 for each entry in the
        end.
    user, item, weight, time, kind, kind_weights, duplicates, half_life, max_age, time_unit,
    time_format
        As in `from_frame`. Weights may also be written as true and false.
    min_items_per_user, min_users_per_item, on_bad_rows, keep_events, like, num_threads
        As in `from_frame`. An empty field is a missing one. A line with more or fewer fields than the
        first one is a bad row.

    Returns
    -------
    Interactions

    Raises
    ------
    OSError
        If a file cannot be read.
    ValueError
        As in `from_frame`; it names file and line, and where it may be the wrong one, the separator. Also
        if a file cannot be decoded, or has an event where names of columns should be.

    Examples
    --------
    >>> import pathlib, tempfile, penchant
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "plays.csv"
    >>> _ = path.write_text("who,what,often\nann,dub,3\nbob,ska,1\n")
    >>> columns = {"user": "who", "item": "what", "weight": "often"}
    >>> data = penchant.Interactions.from_file(path, **columns, show_progress=False)
    >>> data.users
    array(['ann', 'bob'], dtype=object)
    """
    columns = columns_of(user=user, item=item, weight=weight, time=time, kind=kind)
    options = ReadOptions(
        columns, kind_weights, duplicates, half_life, min_items_per_user, min_users_per_item, on_bad_rows,
        num_threads, time_unit, time_format, max_age, keep_events,
    )  # fmt: skip
    lines = lines_of(sep, header, quote, labels, layout, encoding, decimal, thousands, comment, skip)
    if folder is not None:
        if like is not None:
            msg = "like and folder do not go together: what is on disk has the rows and columns of its events"
            raise ValueError(msg)
        place = folder_of(folder)
        reading = Reading(options, columns, lines, None)
        write(
            place,
            lambda: read_files(files, columns, lines, options.into(place), None, show_progress),
            reading,
        )
        return cls.open(place)
    read = read_files(files, columns, lines, options, None, show_progress)
    data = cls.of_read(Reading(options, columns, lines, None), read)
    return data if like is None else aligned(data, checked_like(like, cls))


def read_files(
    files: Any, columns: Columns, lines: dict[str, Any], options: ReadOptions, before: Any, bar: bool
) -> Any:
    """Read files of lines or Parquet files."""
    paths, columns, wanted = paths_of(files), options.used(columns), options.core()
    if len(paths) > 1:
        paths = [path for path in paths if not path.is_file() or path.stat().st_size] or paths[:1]
    parquet = [path != _STDIN and is_parquet(path) for path in paths]
    if all(parquet):
        return _read_parquet(paths, columns, wanted, before, bar)
    if any(parquet):
        msg = f"files must be all Parquet or none, got {paths[0]} and {paths[parquet.index(not parquet[0])]}"
        raise ValueError(msg)
    named = [(path, list(constants_of(path).items())) for path in paths]
    decoder = decoder_of(lines["encoding"])
    plain = decoder is None and all(path.suffix.lower() not in _COMPRESSED for path in paths)
    total = sum(path.stat().st_size for path in paths if path.is_file()) if plain else 0
    with tqdm(total=total or None, unit="B", unit_scale=True, disable=not bar, desc="reading") as progress:
        return _core.interactions.read_files(
            named, lines | columns, decoder, wanted, before, _Steps(progress)
        )


def _read_parquet(paths: list[Path], columns: Columns, wanted: Any, before: Any, bar: bool) -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 - it is optional
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError:
        msg = "reading Parquet needs pyarrow: pip install 'penchant[parquet]'"
        raise ImportError(msg) from None
    constants = [constants_of(path) for path in paths]
    streams, total, places = [], 0, columns
    for path, own in zip(paths, constants, strict=True):
        try:
            file = pq.ParquetFile(path)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            msg = f"{path} is not a Parquet file that can be read: {error}"
            raise ValueError(msg) from None
        total += file.metadata.num_rows
        names = file.schema_arrow.names
        extra = [name for name in own if name not in names]
        try:
            chosen, places = places_of(columns, names + extra)
        except ValueError as error:
            msg = f"{path}: {error}"
            raise ValueError(msg) from None
        fields, values = [], {}
        for place in chosen:
            if place < len(names):
                fields.append(file.schema_arrow.field(place))
                continue
            name = extra[place - len(names)]
            part = next(part for part, column in columns.items() if column == name)
            values[name] = _constant(pa, part, own[name], [each.get(name, "") for each in constants])
            fields.append(pa.field(name, values[name].type))
        schema = pa.schema(fields)
        streams.append((path, pa.RecordBatchReader.from_batches(schema, _batches(pa, file, schema, values))))
    with tqdm(total=total, unit="row", unit_scale=True, disable=not bar, desc="reading") as progress:
        capsules = [(path, stream.__arrow_c_stream__()) for path, stream in streams]
        return _core.interactions.read_streams(capsules, places, wanted, before, _Steps(progress))


def _constant(pa: Any, part: str, value: str, all_values: list[str]) -> Any:
    """Return the value that a folder gives a column, of the type that all folders agree on."""
    whole = all(
        str(int(each)) == each if each.lstrip("-").isdecimal() else False for each in all_values if each
    )
    if part in ("user", "item") and whole:
        return pa.scalar(int(value) if value else None, pa.int64())
    if part == "weight":
        try:
            return pa.scalar(float(value), pa.float64())
        except ValueError:
            msg = f"the weight in the name of a folder is {value!r}, not a number"
            raise ValueError(msg) from None
    return pa.scalar(value or None, pa.string())


def _batches(pa: Any, file: Any, schema: Any, values: dict[str, Any]) -> Iterator[Any]:
    names = [name for name in schema.names if name not in values]
    for batch in file.iter_batches(batch_size=_BATCH, columns=names):
        arrays = [
            pa.repeat(values[field.name], batch.num_rows)
            if field.name in values
            else batch.column(field.name).cast(field.type)
            for field in schema
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


class _Steps:
    """Moves a progress bar to where the reading is."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar

    def __call__(self, done: int) -> None:
        self.bar.update(done - self.bar.n)

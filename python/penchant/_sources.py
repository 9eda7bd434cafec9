"""Where events are read from: files by name and pattern, streams of tables, columns."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tqdm.auto import tqdm

from penchant import _arguments, _core, _frames
from penchant._frames import Columns, places_of
from penchant._lines import decoder_of
from penchant._times import times_of
from penchant.exceptions import DataWarning

_PARQUET = (".parquet", ".pq", ".parq")
_MAGIC = b"PAR1"
_SMALLEST_PARQUET = 12
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zstd", ".gzip")
_BATCH = 1 << 18
_STDIN = Path("-")
# What folders are called where a value is missing.
_NOTHING = "__HIVE_DEFAULT_PARTITION__"


def paths_of(files: Any) -> list[Path]:
    """Return the files that a path, a folder, a pattern or several of these stand for, each once."""
    if isinstance(files, str | os.PathLike):
        files = [files]
    if isinstance(files, bytes | Mapping) or not isinstance(files, Iterable):
        expected = "a path, a folder, a pattern such as 'plays-*.tsv', or several of these"
        msg = f"files must be {expected}, got {_arguments.describe(files)}"
        raise TypeError(msg)
    paths = [path for file in files for path in _paths(file)]
    if not paths:
        msg = "files must name at least one file, got none"
        raise ValueError(msg)
    found: dict[str, Path] = {}
    for path in paths:
        if found.setdefault(os.path.realpath(path), path) is not path:
            _arguments.warn(f"{path} is named twice and read once", DataWarning)
    return list(found.values())


def _paths(file: Any) -> list[Path]:
    if not isinstance(file, str | os.PathLike):
        msg = f"files must be paths, got {_arguments.describe(file)}"
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


def read_files(
    paths: list[Path], columns: Columns, lines: dict[str, Any], wanted: Any, before: Any, bar: bool
) -> Any:
    """Read files of lines or Parquet files."""
    if len(paths) > 1:
        paths = [path for path in paths if not path.is_file() or path.stat().st_size] or paths[:1]
    parquet = [path != _STDIN and is_parquet(path) for path in paths]
    if all(parquet):
        return _read_parquet(paths, columns, wanted, before, bar)
    if any(parquet):
        msg = f"files must be all Parquet or none, got {paths[0]} and {paths[parquet.index(not parquet[0])]}"
        raise ValueError(msg)
    files = [(path, list(constants_of(path).items())) for path in paths]
    decoder = decoder_of(lines["encoding"])
    plain = decoder is None and all(path.suffix.lower() not in _COMPRESSED for path in paths)
    total = sum(path.stat().st_size for path in paths if path.is_file()) if plain else 0
    with tqdm(total=total or None, unit="B", unit_scale=True, disable=not bar, desc="reading") as progress:
        return _core.read_files(files, lines | columns, decoder, wanted, before, _Steps(progress))


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
        return _core.read_streams(capsules, places, wanted, before, _Steps(progress))


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


def read_frame(frame: Any, columns: Columns, wanted: Any, before: Any) -> Any:
    """Read a frame, a stream of tables, or a mapping of columns."""
    if isinstance(frame, str | bytes) or not (
        isinstance(frame, Mapping) or hasattr(frame, "__arrow_c_stream__") or hasattr(type(frame), "columns")
    ):
        msg = (
            "df must be a DataFrame, a dict of columns, or anything with an Arrow stream, "
            f"got {_arguments.describe(frame)}"
        )
        raise TypeError(msg)
    if isinstance(frame, Mapping):
        chosen, places = places_of(columns, list(frame))
        values = [frame[list(frame)[place]] for place in chosen]
        taken = {part: None if place is None else values[int(place)] for part, place in places.items()}
        return read_columns(taken, wanted, before)
    stream, places = _frames.stream_of(frame, columns)
    if isinstance(stream, dict):
        return read_columns(stream, wanted, before)
    return _core.read_streams([(None, stream)], places, wanted, before, _unheard)


def read_columns(columns: Mapping[str, Any], wanted: Any, before: Any) -> Any:
    """Read columns of equal length."""
    labels = {part: _frames.labels_of(columns[part], part) for part in ("user", "item")}
    readers: dict[str, Any] = {"weight": _frames.numbers_of, "time": times_of, "kind": _frames.kinds_of}
    weights, times, kinds = (
        None if columns[part] is None else read(columns[part], part) for part, read in readers.items()
    )
    return _core.read_columns(labels["user"], labels["item"], weights, times, kinds, wanted, before, _unheard)


def _unheard(_done: int) -> None:
    """Take no notice of how far the reading is."""


class _Steps:
    """Moves a progress bar to where the reading is."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar

    def __call__(self, done: int) -> None:
        self.bar.update(done - self.bar.n)

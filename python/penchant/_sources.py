"""Where events are read from: files by name and pattern, streams of tables, columns."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from penchant import _arguments, _core, _frames
from penchant._frames import Columns, places_of

_PARQUET = (".parquet", ".pq")
_BATCH = 1 << 18


def paths_of(files: Any) -> list[Path]:
    """Return the files that a path, a pattern or a list of either stands for."""
    if isinstance(files, str | os.PathLike):
        files = [files]
    if not isinstance(files, list | tuple) or not files:
        expected = "a path, a pattern such as 'plays-*.tsv', or a list"
        msg = f"files must be {expected}, got {_arguments.describe(files)}"
        raise TypeError(msg)
    paths: list[Path] = []
    for file in files:
        if not isinstance(file, str | os.PathLike):
            msg = f"files must be paths, got {_arguments.describe(file)}"
            raise TypeError(msg)
        path = Path(os.fsdecode(file)).expanduser()
        if not glob.has_magic(str(path)) or path.exists():
            paths.append(path)
            continue
        found = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - which has no absolute patterns
        if not found:
            msg = f"no file matches {str(path)!r}"
            raise FileNotFoundError(msg)
        paths += map(Path, found)
    return paths


def read_files(
    paths: list[Path], columns: Columns, lines: dict[str, Any], wanted: Any, before: Any, bar: bool
) -> Any:
    """Read files of lines or Parquet files."""
    parquet = [path.suffix.lower() in _PARQUET for path in paths]
    if all(parquet):
        return _read_parquet(paths, columns, wanted, before, bar)
    if any(parquet):
        msg = f"files must be all Parquet or none, got {paths[0]} and {paths[parquet.index(not parquet[0])]}"
        raise ValueError(msg)
    zipped = any(path.suffix.lower() == ".gz" for path in paths)
    total = None if zipped else sum(path.stat().st_size for path in paths if path.is_file())
    with tqdm(total=total, unit="B", unit_scale=True, disable=not bar, desc="reading") as progress:
        return _core.read_files(paths, lines | columns, wanted, before, _Steps(progress))


def _read_parquet(paths: list[Path], columns: Columns, wanted: Any, before: Any, bar: bool) -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 - it is optional
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError:
        msg = "reading Parquet needs pyarrow: pip install 'penchant[parquet]'"
        raise ImportError(msg) from None
    streams, total, places = [], 0, columns
    for path in paths:
        try:
            file = pq.ParquetFile(path)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            msg = f"{path} is not a Parquet file that can be read: {error}"
            raise ValueError(msg) from None
        total += file.metadata.num_rows
        try:
            chosen, places = places_of(columns, file.schema_arrow.names)
        except ValueError as error:
            msg = f"{path}: {error}"
            raise ValueError(msg) from None
        fields = pa.schema([file.schema_arrow.field(place) for place in chosen])
        streams.append((path, pa.RecordBatchReader.from_batches(fields, _batches(file, fields))))
    with tqdm(total=total, unit="row", unit_scale=True, disable=not bar, desc="reading") as progress:
        capsules = [(path, stream.__arrow_c_stream__()) for path, stream in streams]
        return _core.read_streams(capsules, places, wanted, before, _Steps(progress))


def _batches(file: Any, fields: Any) -> Iterator[Any]:
    for batch in file.iter_batches(batch_size=_BATCH, columns=fields.names):
        yield batch.select(fields.names).cast(fields)


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
    numbers = {
        part: None if columns[part] is None else _frames.numbers_of(columns[part], part)
        for part in ("weight", "time")
    }
    kinds = None if columns["kind"] is None else _frames.labels_of(columns["kind"], "kind")
    return _core.read_columns(
        labels["user"], labels["item"], numbers["weight"], numbers["time"], kinds, wanted, before, _unheard
    )


def _unheard(_done: int) -> None:
    """Take no notice of how far the reading is."""


class _Steps:
    """Moves a progress bar to where the reading is."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar

    def __call__(self, done: int) -> None:
        self.bar.update(done - self.bar.n)

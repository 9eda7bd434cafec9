"""Answers: a table on a terminal, plain lines in a pipe, or a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from penchant.cli._formats import Columns, parquet_of, parquet_writer, text_of
from penchant.cli._messages import say
from penchant.cli._parser import Command

_ENDINGS = {".csv": "csv", ".tsv": "tsv", ".json": "json", ".parquet": "parquet"}


def add_output(command: Command) -> None:
    """Add the options that say where an answer goes, and how it looks."""
    group = command.add_argument_group("the answer")
    group.add_argument("-o", "--output", metavar="FILE", help=f"a file: {', '.join(_ENDINGS)}")
    group.add_argument(
        "--format",
        choices=("table", "tsv", "csv", "json"),
        help="by default a table on a terminal, tab-separated lines in a pipe, in a file what its name says",
    )


def add_plot(command: Command) -> None:
    """Add the file of a picture."""
    text = "draw a picture, such as picture.png or picture.svg; needs Matplotlib"
    command.add_argument("--plot", metavar="FILE", help=text)


def check_plot(options: argparse.Namespace) -> None:
    """Find out whether a picture can be drawn and written, before the work that it takes."""
    if options.plot is None:
        return
    from penchant._plots import figure

    drawn, _ = figure()
    known = drawn.canvas.get_supported_filetypes()
    if Path(options.plot).suffix.lower().removeprefix(".") not in known:
        options.error(f"--plot takes names that end in {', '.join(sorted(known))}, got {options.plot!r}")
    check_folder(options.plot)


def check_output(options: argparse.Namespace) -> None:
    """Find out whether an answer can be written, before the work that it takes."""
    if options.output is None:
        return
    form = _form(options)
    if form is None:
        options.error(
            f"-o takes names that end in {', '.join(_ENDINGS)}, got {options.output!r}; or give --format"
        )
    check_folder(options.output)
    if form == "parquet":
        parquet_writer()


def check_folder(path: str) -> None:
    """Raise if there is no folder to write a file in."""
    folder = Path(path).parent
    if not folder.is_dir():
        msg = f"{path} cannot be written: there is no folder {str(folder)!r}"
        raise FileNotFoundError(msg)
    if Path(path).is_dir():
        msg = f"{path} cannot be written: it is a folder"
        raise IsADirectoryError(msg)


def put(frame: Any, options: argparse.Namespace) -> None:
    """Print an answer, or write it to a file, as a whole or not at all."""
    columns = columns_of(frame)
    form = _form(options)
    if options.output is None:
        _print(columns, form or ("table" if sys.stdout.isatty() else "tsv"))
        return
    from penchant import _core

    content = parquet_of(columns) if form == "parquet" else text_of(columns, str(form)).encode()
    _core.io.write_atomically(options.output, content)
    if not options.quiet:
        rows = len(next(iter(columns.values())))
        say(f"wrote {options.output}: {rows:,} row{'' if rows == 1 else 's'}")


def _form(options: argparse.Namespace) -> str | None:
    form: str | None = options.format
    if form is None and options.output is not None:
        form = _ENDINGS.get(Path(options.output).suffix.lower())
    return form


def columns_of(frame: Any) -> Columns:
    """Return the columns of whatever kind of frame this is."""
    if isinstance(frame, Mapping):
        return frame
    import narwhals as nw

    native = nw.from_native(frame, eager_only=True)
    return {name: native[name].to_numpy() for name in native.columns}


def _print(columns: Columns, form: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    # What the terminal or the pipe has no letters for is no reason to stop.
    text = text_of(columns, form, ascii_only=form == "json" and "utf" not in encoding.lower())
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))

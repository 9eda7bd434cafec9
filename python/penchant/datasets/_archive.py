"""Files of a data set, read as streams from a folder or from the archive that was published.

Nothing is unpacked: a name in an archive is compared with the one that is wanted and never becomes a path.
"""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from penchant.exceptions import DatasetError

_BLOCK = 1 << 20
# What the readers of archives raise on broken ones.
_DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError,
    NotImplementedError,
)  # fmt: skip


@contextmanager
def member(path: Path, name: str) -> Iterator[tuple[IO[bytes], str]]:
    """Open the file called `name` in a folder, a zip or a tar; give it and what to call it in messages."""
    if path.is_dir() or not path.exists():
        with (path / name).open("rb") as file:
            yield file, str(path / name)
        return
    try:
        with ExitStack() as stack:
            opened = _in_zip(path, name, stack) if zipfile.is_zipfile(path) else _in_tar(path, name, stack)
            if opened is None:
                msg = f"{path} holds no file {name}"
                raise DatasetError(msg)
            packed, stream = opened
            yield io.BufferedReader(packed, _BLOCK), f"{path}/{name}"
            # The checksum comes last: of the file in a zip, of the whole in a compressed tar.
            while stream.read(_BLOCK):
                pass
    except _DAMAGE as error:
        msg = f"{path} is damaged, or neither a folder nor a zip or tar archive: {error}"
        raise DatasetError(msg) from error


def _in_zip(path: Path, name: str, stack: ExitStack) -> tuple[Any, Any] | None:
    """Open a file of the archive; give it and the stream that ends with its checksum."""
    archive = stack.enter_context(zipfile.ZipFile(path))
    for entry in archive.infolist():
        if PurePosixPath(entry.filename).name == name and not entry.is_dir():
            file = stack.enter_context(archive.open(entry))
            return file, file
    return None


def _in_tar(path: Path, name: str, stack: ExitStack) -> tuple[Any, Any] | None:
    """Open a file of the archive; give it and the stream that ends with its checksum."""
    archive = stack.enter_context(tarfile.open(path))  # noqa: SIM115 - the stack closes it
    for entry in archive:
        if PurePosixPath(entry.name).name == name and entry.isreg():
            file = archive.extractfile(entry)
            return None if file is None or archive.fileobj is None else (file, archive.fileobj)
    return None

"""A folder on any file system that PyArrow knows, in which files are there as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from penchant._validation import describe


class Folder:
    """A folder that everyone who takes part in a fit can reach.

    Parameters
    ----------
    path : path, URI, or pyarrow.fs.FileSystem
        Such as ``"checkpoints"``, ``"s3://bucket/fit"``, or a file system whose root is the folder.
    what : str
        What the argument is called.
    """

    def __init__(self, path: Any, what: str) -> None:
        from pyarrow import fs  # noqa: PLC0415 - it is optional

        if isinstance(path, fs.FileSystem):
            self._files, self.path = path, ""
        elif not isinstance(path, str | os.PathLike):
            msg = f"{what} must be a path, a URI or a file system of pyarrow, got {describe(path)}"
            raise TypeError(msg)
        elif "://" in str(path):
            self._files, self.path = fs.FileSystem.from_uri(str(path))
        else:
            self._files, self.path = fs.LocalFileSystem(), str(Path(path).expanduser().absolute())

    def __truediv__(self, name: str) -> Folder:
        other = object.__new__(Folder)
        other._files, other.path = self._files, f"{self.path}/{name}" if self.path else name
        return other

    def __str__(self) -> str:
        return self.path or "the file system"

    def make(self) -> None:
        """Make the folder, if there is none."""
        if self.path:  # the root of a file system is there
            self._files.create_dir(self.path, recursive=True)

    def names(self) -> list[str]:
        """Return what is in it, sorted; nothing if there is no such folder."""
        from pyarrow import fs  # noqa: PLC0415

        selector = fs.FileSelector(self.path, allow_not_found=True)
        return sorted(found.base_name for found in self._files.get_file_info(selector))

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        from pyarrow import fs  # noqa: PLC0415

        return bool(self._files.get_file_info((self / name).path).type == fs.FileType.File)

    def size(self, name: str) -> int | None:
        """Return the size of a file in bytes; None if there is none."""
        size: int | None = self._files.get_file_info((self / name).path).size
        return size

    def write(self, name: str, content: bytes) -> None:
        """Write a file, which is there under its name when all of it is."""
        path = (self / name).path
        with self._files.open_output_stream(f"{path}.part") as file:
            file.write(content)
        self._files.move(f"{path}.part", path)

    def read(self, name: str) -> bytes:
        """Read a file.

        Raises
        ------
        OSError
            If it is not there or cannot be read.
        """
        with self._files.open_input_stream((self / name).path) as file:
            return bytes(file.read())

    def remove(self, name: str) -> None:
        """Remove a folder in it and all that is in that."""
        self._files.delete_dir((self / name).path)

"""Lines of text, counted, so that a mistake can be found in its file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import IO, TypeVar

Parsed = TypeVar("Parsed")


class Lines:
    """The lines of a file, and the number of the one that was read last."""

    def __init__(self, file: IO[bytes], where: str, header: bool = False) -> None:
        self.where = where
        self.number = 0
        self._file = file
        self._header = header

    def __iter__(self) -> Iterator[bytes]:
        for line in self._file:
            self.number += 1
            if self.number > 1 or not self._header:
                yield line

    def mistake(self, line: object, why: object, number: int | None = None) -> ValueError:
        """Return the error for a line, the last one unless its number is given."""
        return ValueError(f"{self.where}, line {number or self.number}: cannot read {line!r}: {why}")


def parse(
    lines: Lines,
    split: Callable[[str], list[str]],
    read: Callable[[list[str]], Parsed],
    encoding: str = "utf-8",
) -> list[Parsed]:
    """Split every line that is not blank into fields and read them."""
    parsed = []
    for line in lines:
        fields: list[str] | bytes = line
        try:
            if not line.isspace():
                fields = split(line.decode(encoding).rstrip("\r\n"))
                parsed.append(read(fields))
        except (ValueError, IndexError, csv.Error) as error:
            raise lines.mistake(fields, error) from error
    return parsed

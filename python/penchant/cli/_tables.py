"""Tables of text whose columns stand under each other, also where letters are twice as wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

# Categories of characters that take no room: accents that join the letter before, and invisible marks.
_NO_ROOM = ("Mn", "Me", "Cf")


def aligned(
    header: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[bool] | None = None
) -> list[str]:
    """Return the lines of a table: the header, a line of dashes, the rows.

    `right` says of each column whether it stands at the right, as numbers do.
    """
    cells = [[_on_one_line(str(cell)) for cell in row] for row in [header, *rows]]
    room = [[width(cell) for cell in row] for row in cells]
    widths = [max(column) for column in zip(*room, strict=True)]
    sides = [False] * len(widths) if right is None else right
    lines = ["  ".join(map(_padded, *row, widths, sides)).rstrip() for row in zip(cells, room, strict=True)]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_width_of(character) for character in text)


def _width_of(character: str) -> int:
    if unicodedata.category(character) in _NO_ROOM:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _padded(cell: str, taken: int, width: int, right: bool) -> str:
    gap = " " * (width - taken)
    return gap + cell if right else cell + gap


def _on_one_line(text: str) -> str:
    """Replace what would break the line or steer the terminal."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)

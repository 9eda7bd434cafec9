"""What is said to people, on standard error."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Print a text for people."""
    print(text, file=sys.stderr)


def sentence(error: BaseException | str) -> str:
    """Return what went wrong, in one line."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    if isinstance(error, MemoryError) and not text:
        text = "there is not enough memory"
    return " ".join(text.splitlines()) or type(error).__name__

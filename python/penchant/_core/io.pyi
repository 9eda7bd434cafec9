"""Model files."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "from_bytes",
    "layout",
    "to_bytes",
    "write_atomically",
]

def to_bytes(arrays: Mapping[str, npt.NDArray[Any]], about: Mapping[str, str]) -> bytes: ...
def from_bytes(content: bytes) -> tuple[dict[str, str], dict[str, npt.NDArray[Any]]]: ...
def layout(
    content: npt.NDArray[np.uint8],
) -> tuple[dict[str, str], dict[str, tuple[str, list[int], int, int]]]: ...
def write_atomically(path: str | os.PathLike[str], content: bytes) -> None: ...

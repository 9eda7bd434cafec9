"""Ranking metrics."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "list_qualities",
]

_Entries: TypeAlias = tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int32]]

def list_qualities(
    ids: npt.NDArray[np.int32], relevant: _Entries, items: int, threads: int
) -> list[npt.NDArray[np.float64]]: ...

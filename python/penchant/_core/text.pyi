"""Texts as counts."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from penchant._core.interactions import Labels

__all__ = ["counts", "counts_of", "hashed_counts"]

_Arrays: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]
_Runs: TypeAlias = tuple[int, int] | None

def counts(
    texts: list[str | None], cut: tuple[str | None, _Runs, _Runs], threads: int
) -> tuple[_Arrays, Labels]: ...
def counts_of(
    texts: list[str | None], cut: tuple[str | None, _Runs, _Runs], known: Labels, threads: int
) -> tuple[_Arrays, int]: ...
def hashed_counts(
    texts: list[str | None], cut: tuple[str | None, _Runs, _Runs], buckets: int, threads: int
) -> _Arrays: ...

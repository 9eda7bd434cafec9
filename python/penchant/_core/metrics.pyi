"""Ranking metrics."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "diversity",
    "list_metrics",
    "mean_of_items",
]

_Ids: TypeAlias = npt.NDArray[np.int32]
_Values: TypeAlias = npt.NDArray[np.float64]
_Floats: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]

def list_metrics(
    lists: tuple[_Ids, tuple[npt.NDArray[np.int64], _Ids, _Values] | None],
    relevant: tuple[int, npt.NDArray[np.int64], _Ids, _Values],
    cutoffs: list[int],
    items: int,
    metrics: list[str],
    threads: int,
) -> list[_Values]: ...
def mean_of_items(ids: _Ids, cutoffs: list[int], values: _Values, threads: int) -> _Values: ...
def diversity(
    ids: _Ids,
    cutoffs: list[int],
    item_features: tuple[int, npt.NDArray[np.int64], _Ids, _Floats],
    threads: int,
) -> _Values: ...

"""Alternating least squares."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "Gram",
    "check_parameters",
    "explain",
    "fit",
    "fold_in",
    "gram",
    "training_loss",
    "turned",
]

_Floats: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
_Ids: TypeAlias = npt.NDArray[np.int32]
_Indptr: TypeAlias = npt.NDArray[np.int64]
_Csr: TypeAlias = tuple[int, _Indptr, _Ids, _Floats]

def check_parameters(params: Mapping[str, Any]) -> None: ...
def fit(
    user_items: _Csr,
    user_factors: _Floats,
    item_factors: _Floats,
    params: Mapping[str, Any],
    seed: int | None,
    after_epoch: Callable[[int, float, npt.NDArray[np.float64]], object],
) -> list[float]: ...
def turned(factors: _Floats, turn: npt.NDArray[np.float64], threads: int) -> _Floats: ...
def explain(
    liked: _Ids,
    values: npt.NDArray[np.float64],
    item_factors: _Floats,
    gram: Gram,
    item: int,
    user_weights: npt.NDArray[np.float64] | None,
    params: Mapping[str, Any],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...

@final
class Gram:
    def __init__(self) -> None: ...

def gram(factors: _Floats, threads: int) -> Gram: ...
def fold_in(rows: _Csr, fixed: _Floats, gram: Gram, params: Mapping[str, Any]) -> _Floats: ...
def training_loss(
    user_items: _Csr, user_factors: _Floats, item_factors: _Floats, params: Mapping[str, Any]
) -> float: ...

"""Alternating least squares."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

from penchant._core.rank import Matrix

__all__ = [
    "Gram",
    "Part",
    "check_parameters",
    "eigendecomposition",
    "explain",
    "fit",
    "fold_in",
    "gram",
    "training_loss",
    "tree_total",
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

_Numbers: TypeAlias = npt.NDArray[np.float64]
_Nodes: TypeAlias = list[tuple[int, _Numbers]]
_Counts: TypeAlias = tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.bool_]]
_Shares: TypeAlias = npt.NDArray[np.uint8]
_Presence: TypeAlias = tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint16], npt.NDArray[np.uint16], _Numbers]
_Rows: TypeAlias = npt.NDArray[np.uint16] | _Floats
_Ask: TypeAlias = tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_], _Floats]
_Answers: TypeAlias = tuple[_Floats, _Numbers]
_Eigen: TypeAlias = tuple[_Numbers, _Numbers]

def tree_total(nodes: Sequence[tuple[int, _Numbers]]) -> _Numbers: ...
def eigendecomposition(gram: _Numbers, epoch: int) -> _Eigen: ...

@final
class Part:
    def __new__(
        cls,
        params: Mapping[str, Any],
        users: Sequence[int],
        items: Sequence[int],
        workers: Sequence[tuple[int, int]],
        rank: int,
        compact: bool,
        matrix: Matrix,
        by_item: Matrix,
    ) -> Part: ...
    def counts(self) -> _Counts: ...
    def meet(self, counts: Sequence[_Counts]) -> list[_Shares]: ...
    def present(self, shares: Sequence[_Shares]) -> list[_Presence]: ...
    def meet_presence(self, presence: Sequence[_Presence]) -> None: ...
    def set_factors(self, users: _Floats, items: _Floats) -> None: ...
    def factors(self) -> tuple[_Floats, _Floats]: ...
    def begin_epoch(self, epoch: int) -> _Nodes: ...
    def whiten(self, basis: _Eigen, regularization: float) -> list[_Rows]: ...
    def solve_users(self, rows: Sequence[_Rows], epoch: int) -> tuple[_Nodes, _Nodes]: ...
    def begin_items(self, basis: _Eigen, regularization: float) -> list[_Ask]: ...
    def pass_(self, asked: Sequence[_Ask], first: bool) -> list[_Answers]: ...
    def advance(self, answers: Sequence[_Answers]) -> list[_Ask]: ...
    def end_items(self, epoch: int) -> _Nodes: ...

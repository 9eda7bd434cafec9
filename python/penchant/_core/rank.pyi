"""Searches among factors."""

from collections.abc import Mapping
from typing import Any, Self, TypeAlias, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "Index",
    "Matrix",
    "all_scores",
    "all_scores_by_rows",
    "audience_by_rank",
    "index_of_directions",
    "index_of_items",
    "index_of_moved_items",
    "recommend",
    "recommend_by_dense_rows",
    "recommend_by_rows",
    "similar",
]

_Floats: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
_Ids: TypeAlias = npt.NDArray[np.int32]
_Indptr: TypeAlias = npt.NDArray[np.int64]
_Csr: TypeAlias = tuple[int, _Indptr, _Ids, _Floats]
_Entries: TypeAlias = tuple[int, _Indptr, _Ids]

@final
class Index:
    def __init__(self) -> None: ...

@final
class Matrix:
    def __new__(cls, matrix: _Csr) -> Self: ...
    def __getnewargs__(self) -> tuple[_Csr]: ...

def index_of_items(queries: _Floats, candidates: _Floats, threads: int) -> Index: ...
def index_of_moved_items(before: Index, candidates: _Floats, threads: int) -> Index: ...
def index_of_directions(factors: _Floats, threads: int) -> Index: ...
def audience_by_rank(
    user_factors: _Floats, item_factors: _Floats, index: Index, itemid: int, options: Mapping[str, Any]
) -> tuple[_Ids, npt.NDArray[np.int64], _Floats]: ...
def recommend(
    user_factors: _Floats,
    item_factors: _Floats,
    index: Index | None,
    userids: _Ids,
    liked: _Entries | None,
    options: Mapping[str, Any],
) -> tuple[_Ids, _Floats]: ...
def all_scores(user_factors: _Floats, item_factors: _Floats, userids: _Ids, threads: int) -> _Floats: ...
def all_scores_by_rows(rows: _Csr, matrix: Matrix, threads: int) -> _Floats: ...
def recommend_by_rows(
    rows: _Csr, matrix: Matrix, liked: _Entries | None, options: Mapping[str, Any]
) -> tuple[_Ids, _Floats]: ...
def recommend_by_dense_rows(
    rows: _Csr, matrix: _Floats, liked: _Entries | None, options: Mapping[str, Any]
) -> tuple[_Ids, _Floats]: ...
def similar(
    factors: _Floats, index: Index | None, ids: _Ids, vectors: _Floats | None, options: Mapping[str, Any]
) -> tuple[_Ids, _Floats]: ...

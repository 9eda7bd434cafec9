"""The compiled core. Private: checks types but not meanings; use the modules around it."""

import os
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "DEBUG_BUILD",
    "Events",
    "Gram",
    "Index",
    "Labels",
    "__version__",
    "audience_by_rank",
    "bm25",
    "check_parameters",
    "confidences",
    "csr_is_canonical",
    "fit",
    "fold_in",
    "gram",
    "index_of_directions",
    "index_of_items",
    "list_qualities",
    "model_bytes",
    "normalize",
    "read_columns",
    "read_files",
    "read_model",
    "read_streams",
    "recommend",
    "restore",
    "similar",
    "tfidf",
    "training_loss",
    "write_atomically",
]

__version__: Final[str]
DEBUG_BUILD: Final[bool]

_Floats: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
_Ids: TypeAlias = npt.NDArray[np.int32]
_Indptr: TypeAlias = npt.NDArray[np.int64]
_Csr: TypeAlias = tuple[int, _Indptr, _Ids, _Floats]
_Entries: TypeAlias = tuple[int, _Indptr, _Ids]

def check_parameters(params: Mapping[str, Any]) -> None: ...
def fit(
    user_items: _Csr,
    user_factors: _Floats,
    item_factors: _Floats,
    params: Mapping[str, Any],
    after_epoch: Callable[[int, float], object],
) -> list[float]: ...
def confidences(values: npt.NDArray[np.float64], params: Mapping[str, Any]) -> npt.NDArray[np.float64]: ...

@final
class Gram:
    def __init__(self) -> None: ...
    def array(self) -> npt.NDArray[np.float64]: ...

def gram(factors: _Floats, threads: int) -> Gram: ...
def fold_in(rows: _Csr, fixed: _Floats, gram: Gram, params: Mapping[str, Any]) -> _Floats: ...
def training_loss(
    user_items: _Csr, user_factors: _Floats, item_factors: _Floats, params: Mapping[str, Any]
) -> float: ...

@final
class Index:
    def __init__(self) -> None: ...

def index_of_items(queries: _Floats, candidates: _Floats, threads: int) -> Index: ...
def index_of_directions(factors: _Floats, threads: int) -> Index: ...
def audience_by_rank(
    user_factors: _Floats, item_factors: _Floats, index: Index, itemid: int, wanted: Mapping[str, Any]
) -> tuple[_Ids, npt.NDArray[np.int64], _Floats]: ...
def recommend(
    user_factors: _Floats,
    item_factors: _Floats,
    index: Index | None,
    userids: _Ids,
    liked: _Entries | None,
    wanted: Mapping[str, Any],
) -> tuple[_Ids, _Floats]: ...
def similar(
    factors: _Floats, index: Index | None, ids: _Ids, vectors: _Floats | None, wanted: Mapping[str, Any]
) -> tuple[_Ids, _Floats]: ...
def list_qualities(
    ids: _Ids, relevant: _Entries, items: int, threads: int
) -> list[npt.NDArray[np.float64]]: ...
def model_bytes(
    user_factors: _Floats | None,
    item_factors: _Floats | None,
    more: Mapping[str, npt.NDArray[Any]],
    about: Mapping[str, str],
) -> bytes: ...
def write_atomically(path: str | os.PathLike[str], content: bytes) -> None: ...
def read_model(
    content: bytes,
) -> tuple[dict[str, str], _Floats | None, _Floats | None, dict[str, npt.NDArray[Any]]]: ...

_Column: TypeAlias = str | int | None
_Integers: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.uint64]
_Labelled: TypeAlias = _Integers | npt.NDArray[np.float64] | list[str | None]
_Read: TypeAlias = tuple[tuple[_Indptr, _Ids, npt.NDArray[np.float32]], Events]
_Before: TypeAlias = tuple[Events, _Csr] | None

@final
class Events:
    def __init__(self) -> None: ...
    @property
    def users(self) -> Labels: ...
    @property
    def items(self) -> Labels: ...
    def state(self) -> dict[str, Any]: ...
    def report(self) -> dict[str, Any]: ...
    def written(self) -> tuple[str, str, str | None] | None: ...
    def times(self) -> tuple[float, float, bool]: ...
    def left_out(self, users: bool, label: Any) -> bool: ...

@final
class Labels:
    def __init__(self) -> None: ...
    @staticmethod
    def of_packed(texts: bytes, ends: npt.NDArray[np.int64]) -> Labels: ...
    @staticmethod
    def of_integers(integers: _Integers) -> Labels: ...
    @staticmethod
    def of_texts(texts: list[str]) -> Labels: ...
    def __len__(self) -> int: ...
    @property
    def are_integers(self) -> bool: ...
    @property
    def are_unsigned(self) -> bool: ...
    def all(self) -> Any: ...
    def take(self, codes: _Ids) -> Any: ...
    def codes(self, labels: Any) -> _Ids: ...
    def close_to(self, text: str, count: int) -> list[str | int]: ...
    def containing(self, text: str) -> _Ids: ...
    def packed(self) -> tuple[bytes, npt.NDArray[np.int64]] | None: ...

def read_files(
    files: list[tuple[Any, list[tuple[str, str]]]],
    lines: Mapping[str, Any],
    encoding: Callable[[], Any] | None,
    wanted: Mapping[str, Any],
    before: _Before,
    progress: Callable[[int], object],
) -> _Read: ...
def read_streams(
    streams: list[tuple[Any, Any]],
    columns: Mapping[str, _Column],
    wanted: Mapping[str, Any],
    before: _Before,
    progress: Callable[[int], object],
) -> _Read: ...
def read_columns(
    users: _Labelled,
    items: _Labelled,
    weights: npt.NDArray[np.float64] | None,
    times: tuple[bool, _Labelled] | None,
    kinds: _Labelled | None,
    wanted: Mapping[str, Any],
    before: _Before,
    progress: Callable[[int], object],
) -> _Read: ...
def restore(
    users: Labels, items: Labels, matrix: _Csr, besides: Mapping[str, Any], wanted: Mapping[str, Any]
) -> _Read: ...
def bm25(matrix: _Csr, k1: float, b: float) -> _Floats: ...
def tfidf(matrix: _Csr) -> _Floats: ...
def normalize(matrix: _Csr) -> _Floats: ...
def csr_is_canonical(columns: int, indptr: _Indptr, indices: _Ids) -> bool: ...

"""Events to matrices."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "Events",
    "Labels",
    "read_columns",
    "read_files",
    "read_streams",
    "restore",
]

_Floats: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
_Ids: TypeAlias = npt.NDArray[np.int32]
_Indptr: TypeAlias = npt.NDArray[np.int64]
_Csr: TypeAlias = tuple[int, _Indptr, _Ids, _Floats]
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

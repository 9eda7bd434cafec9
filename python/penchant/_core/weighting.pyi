"""Weights of the entries of a matrix."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "bm25",
    "normalize",
    "tfidf",
]

_Floats: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
_Ids: TypeAlias = npt.NDArray[np.int32]
_Indptr: TypeAlias = npt.NDArray[np.int64]
_Csr: TypeAlias = tuple[int, _Indptr, _Ids, _Floats]

def bm25(matrix: _Csr, k1: float, b: float) -> _Floats: ...
def tfidf(matrix: _Csr) -> _Floats: ...
def normalize(matrix: _Csr) -> _Floats: ...

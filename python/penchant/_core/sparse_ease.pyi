"""EASE among nearest neighbours."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "check_parameters",
    "weights",
]

_Floats: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
_Ids: TypeAlias = npt.NDArray[np.int32]
_Indptr: TypeAlias = npt.NDArray[np.int64]
_Csr: TypeAlias = tuple[int, _Indptr, _Ids, _Floats]

def check_parameters(params: Mapping[str, Any]) -> None: ...
def weights(
    matrix: _Csr, params: Mapping[str, Any], progress: Callable[[int], object]
) -> tuple[_Indptr, _Ids, _Floats]: ...

"""EASE."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "check_parameters",
    "passes",
    "weights",
]

_Floats: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
_Csr: TypeAlias = tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int32], _Floats]

def check_parameters(regularization: float, num_threads: int) -> None: ...
def passes() -> int: ...
def weights(
    matrix: _Csr, regularization: float, num_threads: int, progress: Callable[[int], object]
) -> _Floats: ...

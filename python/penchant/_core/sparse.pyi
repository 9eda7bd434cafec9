"""Sparse matrices."""

import numpy as np
import numpy.typing as npt

__all__ = [
    "csr_is_canonical",
]

def csr_is_canonical(columns: int, indptr: npt.NDArray[np.int64], indices: npt.NDArray[np.int32]) -> bool: ...

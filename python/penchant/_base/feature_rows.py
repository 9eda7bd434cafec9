"""Features of users or items as callers pass them to models."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse as sp

from penchant._sparse import quiet_rows
from penchant._validation import check_finite, describe


def checked(features: Any, name: str, labels: Any = None) -> Any:
    """Return features that a caller passes as a `scipy.sparse.csr_array` of finite numbers.

    `labels` are those of the rows, if they have some.
    """
    if hasattr(features, "aligned_with"):
        if labels is None:
            msg = (
                f"{name} has labels, but there are none to align them with: pass an Interactions, "
                f"or the matrix {name}.matrix with a row for each id"
            )
            raise TypeError(msg)
        features = features.aligned_with(labels, f"{name.removesuffix('_features')}s")
    if isinstance(features, np.ndarray) and features.ndim == 2 and features.dtype.kind in "buif":
        features = sp.csr_array(features)
    if not sp.issparse(features):
        msg = (
            f"{name} must be Features, a sparse matrix or an array of numbers with two dimensions, got "
            f"{describe(features)}; Features.from_frame makes them of a frame"
        )
        raise TypeError(msg)
    return canonical(features, name)


def canonical(features: Any, name: str) -> Any:
    """Return a sparse matrix as a `csr_array` of finite numbers, columns in order and none of them twice."""
    rows = quiet_rows(features, name)
    check_finite(np.asarray(rows.values), name)
    return sp.csr_array((rows.values, rows.indices, rows.indptr), shape=rows.shape)


def check_learns_from(model: Any, names: Iterable[str]) -> None:
    """Raise unless the fit of a model takes these features."""
    taken = inspect.signature(model.fit).parameters
    for name in names:
        if name not in taken:
            msg = f"{type(model).__name__} does not learn from {name}; AlternatingLeastSquares does"
            raise TypeError(msg)


def checked_for(features: Any, name: str, user_items: Any, axis: int) -> Any:
    """Return the features of the users (axis 0) or items (axis 1) of a fit, checked; None without any."""
    if features is None:
        return None
    matrix = checked(features, name, getattr(user_items, ("users", "items")[axis], None))
    shape = np.shape(getattr(user_items, "matrix", user_items))
    if len(shape) == 2 and matrix.shape[0] != shape[axis]:
        what = ("user", "item")[axis]
        msg = f"{name} must have one row for each {what}, {shape[axis]}, got {matrix.shape[0]}"
        raise ValueError(msg)
    return matrix


class FitFeatures:
    """Features of the users and items of some data, for those models that learn from them."""

    def __init__(self, data: Any, user_features: Any, item_features: Any) -> None:
        self._features = {
            "user_features": checked_for(user_features, "user_features", data, 0),
            "item_features": checked_for(item_features, "item_features", data, 1),
        }

    def __bool__(self) -> bool:
        return bool(self.matrices())

    def matrices(self) -> list[Any]:
        """Return what there is."""
        return [matrix for matrix in self._features.values() if matrix is not None]

    def of(self, model: Any) -> dict[str, Any]:
        """Return what the fit of a model takes of it."""
        taken = inspect.signature(model.fit).parameters
        return {name: m for name, m in self._features.items() if m is not None and name in taken}

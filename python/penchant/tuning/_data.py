"""The data of a search: what tells it apart, a sample of its users, and what is known besides."""

from __future__ import annotations

import hashlib
import inspect
from typing import Any

import numpy as np

from penchant._base.feature_rows import checked_for
from penchant._validation import integer


class Known:
    """Features of users and items, for those models that learn from them."""

    def __init__(self, data: Any, user_features: Any, item_features: Any) -> None:
        self._features = {
            "user_features": checked_for(user_features, "user_features", data, 0),
            "item_features": checked_for(item_features, "item_features", data, 1),
        }

    def __bool__(self) -> bool:
        return any(matrix is not None for matrix in self._features.values())

    def of(self, model: Any) -> dict[str, Any]:
        """Return what the fit of a model takes of it."""
        taken = inspect.signature(model.fit).parameters
        return {name: m for name, m in self._features.items() if m is not None and name in taken}

    def fingerprints(self) -> list[str]:
        """Return what tells it apart."""
        return [fingerprint(matrix) for matrix in self._features.values() if matrix is not None]


def fingerprint(matrix: Any) -> str:
    """Return what tells data apart: the shape, and a hash of all entries."""
    digest = hashlib.sha256()
    for part in (matrix.indptr, matrix.indices, matrix.data):
        digest.update(np.ascontiguousarray(part).tobytes())
    return f"{matrix.shape[0]} x {matrix.shape[1]}, {digest.hexdigest()[:16]}"


def sampled(test: Any, users: Any, random_state: int) -> Any:
    """Leave only some of the users with something to test."""
    there = np.flatnonzero(np.diff(test.indptr))
    if users is None or len(there) <= integer(users, "users", 1):
        return test
    chosen = np.zeros(test.shape[0], bool)
    chosen[np.random.default_rng(random_state).choice(there, users, replace=False)] = True
    kept = np.repeat(chosen, np.diff(test.indptr))
    indptr = np.concatenate([[0], np.cumsum(np.where(chosen, np.diff(test.indptr), 0))])
    return type(test)((test.data[kept], test.indices[kept], indptr), shape=test.shape)

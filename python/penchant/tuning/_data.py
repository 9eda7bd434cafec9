"""The data of a search: what tells it apart, and a sample of its users."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from penchant._validation import integer


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

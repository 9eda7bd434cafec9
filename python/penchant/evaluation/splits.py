"""Splitting data into training and test."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._sparse import canonical_matrix
from penchant._validation import integer, number
from penchant.utils import RandomState, check_random_state


def train_test_split(
    ratings: Any, train_percentage: float = 0.8, random_state: RandomState = None
) -> tuple[Any, Any]:
    """Split the stored entries at random.

    Parameters
    ----------
    ratings : scipy.sparse matrix or array, shape [n_users, n_items]
        What to split; any format.
    train_percentage : float, default 0.8
        The chance of each entry to become training data, between 0 and 1.
    random_state : int, None, numpy.random.Generator or numpy.random.RandomState
        Where randomness comes from. For a CSR matrix with sorted columns and without repeats, equal seeds
        give the split that `implicit` gives.

    Returns
    -------
    train, test : CSR, same shape and kind as `ratings`
        Negative entries and zeros are left out of `test`: nobody should be recommended what they dislike.

    Raises
    ------
    TypeError, ValueError
        If `ratings` is not sparse or broken, or `train_percentage` is not between 0 and 1.
    """
    if not 0.0 <= number(train_percentage, "train_percentage") <= 1.0:
        msg = f"train_percentage must be between 0 and 1, got {train_percentage}"
        raise ValueError(msg)
    matrix = canonical_matrix(ratings, "ratings")
    chosen = check_random_state(random_state).random(matrix.nnz) < train_percentage
    return _kept(matrix, chosen), _kept(matrix, ~chosen & (matrix.data > 0))


def leave_k_out_split(
    ratings: Any, K: int = 1, train_only_size: float = 0.0, random_state: RandomState = None
) -> tuple[Any, Any]:
    """Put K random entries of each user with more than K + 1 of them aside.

    Parameters
    ----------
    ratings : scipy.sparse matrix or array, shape [n_users, n_items]
        What to split; any format.
    K : int, default 1
        How many entries of a user go to the test data.
    train_only_size : float, default 0.0
        The part of the users that is kept for training alone, at least 0 and below 1.
    random_state : int, None, numpy.random.Generator or numpy.random.RandomState
        Where randomness comes from. (`implicit` draws the entries from NumPy's global state instead.)

    Returns
    -------
    train, test : CSR, same shape and kind as `ratings`

    Raises
    ------
    TypeError, ValueError
        If `ratings` is not sparse or broken, K < 1, or `train_only_size` is out of range.
    """
    K = integer(K, "K", 1)
    if not 0.0 <= number(train_only_size, "train_only_size") < 1.0:
        msg = f"train_only_size must be at least 0 and below 1, got {train_only_size}"
        raise ValueError(msg)
    matrix = canonical_matrix(ratings, "ratings")
    random = check_random_state(random_state)
    counts = np.diff(matrix.indptr)
    eligible = counts > K + 1
    if train_only_size > 0.0:
        users = np.flatnonzero(counts)
        size = max(1, int(len(users) * train_only_size))
        eligible[random.choice(users, size=min(size, len(users)), replace=False)] = False
    # In a random order of each user's entries, the first K.
    rows = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((random.random(matrix.nnz), rows))
    place = np.empty(matrix.nnz, dtype=np.int64)
    place[order] = np.arange(matrix.nnz) - np.asarray(matrix.indptr, np.int64)[rows]
    chosen = eligible[rows] & (place < K)
    return _kept(matrix, ~chosen), _kept(matrix, chosen)


def _kept(matrix: Any, mask: npt.NDArray[np.bool_]) -> Any:
    """Return the entries of a CSR matrix for which the mask holds."""
    before = np.concatenate([[0], np.cumsum(mask)])
    parts = (matrix.data[mask], matrix.indices[mask], before[matrix.indptr])
    return type(matrix)(parts, shape=matrix.shape)

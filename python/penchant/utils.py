"""Small helpers that are public because others' code imports them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from penchant.exceptions import ParameterWarning

__all__ = [
    "ParameterWarning",
    "RandomState",
    "augment_inner_product_matrix",
    "check_blas_config",
    "check_csr",
    "check_random_state",
    "nonzeros",
]

RandomState: TypeAlias = int | np.random.Generator | np.random.RandomState | None


def check_random_state(random_state: RandomState) -> np.random.Generator:
    """Make a generator of whatever says where randomness comes from.

    Parameters
    ----------
    random_state : int, None, numpy.random.Generator or numpy.random.RandomState
        A seed, nothing (then every call differs), or a source of random numbers.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    TypeError, ValueError
        If it is something else, or a negative seed.
    """
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31))
    return np.random.default_rng(random_state)


def check_csr(user_items: Any) -> Any:
    """Return a sparse matrix as CSR, with a `ParameterWarning` if that takes a conversion."""
    if user_items.format == "csr":
        return user_items
    warnings.warn(
        f"the matrix is {user_items.format.upper()}; converting it to CSR takes time and memory",
        ParameterWarning,
        stacklevel=2,
    )
    return user_items.tocsr()


def check_blas_config() -> None:
    """Do nothing: no thread setting of a BLAS library matters to Penchant."""


def nonzeros(m: Any, row: int) -> Iterator[tuple[int, float]]:
    """Yield column and value of the entries that a CSR matrix stores in a row."""
    for at in range(m.indptr[row], m.indptr[row + 1]):
        yield m.indices[at], m.data[at]


def augment_inner_product_matrix(factors: npt.ArrayLike) -> tuple[float, npt.NDArray[Any]]:
    """Add a column that gives all rows the same length.

    An index for nearest neighbours by angle then finds largest inner products, for queries that have 0 in
    that column. `recommend` finds them exactly without.

    Parameters
    ----------
    factors : array, shape [n, factors]

    Returns
    -------
    length : float
        That of the longest row.
    augmented : numpy.ndarray, shape [n, factors + 1]

    References
    ----------
    Bachrach et al., "Speeding Up the Xbox Recommender System Using a Euclidean Transformation for
    Inner-Product Spaces", RecSys 2014.
    """
    rows = np.asarray(factors)
    lengths = np.linalg.norm(rows, axis=1)
    longest = lengths.max()
    return longest, np.column_stack([rows, np.sqrt(longest**2 - lengths**2)])

"""Small helpers that are public because others' code imports them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

__all__ = ["ParameterWarning", "RandomState", "check_random_state"]

RandomState: TypeAlias = int | np.random.Generator | np.random.RandomState | None


class ParameterWarning(Warning):
    """An argument works, but something else would work better."""


def check_random_state(random_state: RandomState) -> np.random.Generator:
    """Make a generator of whatever says where randomness comes from.

    Parameters
    ----------
    random_state : int, None, numpy.random.Generator or numpy.random.RandomState
        A seed, nothing (then every call differs), or a source of random numbers.

    Returns
    -------
    numpy.random.Generator
    """
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31))
    return np.random.default_rng(random_state)

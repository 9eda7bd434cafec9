"""What a fit starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from penchant._validation import Floats
from penchant.utils import check_random_state

if TYPE_CHECKING:
    from penchant.als._estimator import AlternatingLeastSquares


def first_factors(
    model: AlternatingLeastSquares, shape: tuple[int, int]
) -> tuple[Floats, Floats, int | None]:
    """Return arrays for the users' factors and the items', and the seed by which the core is to fill them.

    Without a seed they are filled: copies of factors that were set or are kept on purpose, or uniform ones.
    """
    store = model._store
    wanted = [(count, model.factors) for count in shape]
    sides = store.sides
    if not (model.warm_start or store.were_set) or any(
        side is not None and side.shape != shape for side, shape in zip(sides, wanted, strict=True)
    ):
        sides = None, None
    generator = check_random_state(model.random_state)
    if all(side is None for side in sides) and model.init == "sketch" and model.iterations:
        users, items = (np.empty(shape, model.dtype) for shape in wanted)
        return users, items, int(generator.integers(2**63))
    first = []
    for side, shape in zip(sides, wanted, strict=True):
        if side is None:
            # Drawn as implicit draws them, users before items.
            first.append(generator.random(shape, dtype=model.dtype) * model.dtype.type(0.01))
        else:
            first.append(side.astype(model.dtype))
    users, items = first
    return users, items, None

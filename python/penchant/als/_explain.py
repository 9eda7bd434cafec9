"""Where a score comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._base.contributions import history, largest
from penchant._validation import Floats, factors, integer, one_id


def explained(
    item_factors: Floats,
    gram: Callable[[str, Floats], _core.als.Gram],
    params: dict[str, Any],
    userid: Any,
    user_items: Any,
    itemid: Any,
    user_weights: Any,
    N: Any,
    drawn_to: Callable[[int], tuple[Floats, bool] | None],
) -> tuple[float, list[tuple[int, float]], npt.NDArray[np.float64]]:
    """Return what `AlternatingLeastSquares.explain` does, after a look at its arguments."""
    N = integer(N, "N", 1)
    count, f = item_factors.shape
    item = one_id(itemid, "itemid", count)
    liked, values = history(userid, user_items, count)
    if user_weights is not None:
        user_weights = factors(user_weights, "user_weights").astype(np.float64, copy=False)
        if user_weights.shape != (f, f):
            msg = f"user_weights must have shape {(f, f)}, got {user_weights.shape}"
            raise ValueError(msg)
    terms, by_features, user_weights = _core.als.explain(
        liked, values, item_factors, gram("item_factors", item_factors), item, user_weights,
        params | {"factors": f}, drawn_to(int(userid)),
    )  # fmt: skip
    positive = values > 0
    return (
        float(terms[positive].sum() + by_features),
        largest(liked[positive], terms[positive], N),
        user_weights,
    )

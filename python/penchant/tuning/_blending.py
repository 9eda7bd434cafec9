"""Blending the best of two kinds."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant._base import registry
from penchant.tuning._trials import Bench, Found, added

# The weights of the second model that are tried, the first having 1.
_WEIGHTS = (0.15, 0.3, 0.5, 0.8, 1.25, 2.0)
# Users who are measured: the scores of all items of each are needed.
_USERS = 2000


def best_blend(bench: Bench, study: Any) -> Found | None:
    """Return the best blend of the best two models of different kinds, if there are two."""
    best: dict[str, Found] = {}
    for each in bench.found(study):
        if each.name not in ("popularity", "random"):
            best.setdefault(each.name, each)
    if len(best) < 2:
        return None
    parts = list(best.values())[:2]
    models = [bench.unfitted(part.name, part.parameters) for part in parts]
    for model in models:
        model.fit(bench.train, show_progress=False)
    test = bench.some_test(_USERS)
    values = {}
    for weight in _WEIGHTS:
        blend = registry.model_class("blend")(models, weights=[1.0, weight])
        values[weight] = bench.value_of(blend, test)
    # Alone on the same users, as the others were measured on more of them.
    alone = bench.value_of(models[0], test)
    weight = max(values, key=lambda each: bench.sign * values[each])
    # In terms of all users: as much better than the best alone as it is on these.
    value = parts[0].value * values[weight] / alone if alone else values[weight]
    if not np.isfinite(value):
        return None
    parameters = {"weights": [1.0, weight], "models": [f"{part.name}({part.parameters})" for part in parts]}
    added(study, float(value), model="blend", parameters=parameters)
    return Found("blend", parameters, float(value), parts, [1.0, weight])

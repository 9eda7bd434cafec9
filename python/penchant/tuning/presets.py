"""Starting points by name, with where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from penchant._base import registry


@dataclass(frozen=True, slots=True)
class Preset:
    """Parameters of a model that were good somewhere.

    Attributes
    ----------
    model : str
        The short name of the model.
    parameters : dict
    source : str
        Where they come from, and on what they were good.
    """

    model: str
    parameters: Mapping[str, Any]
    source: str


_RENDLE = 'Rendle, Krichene, Zhang and Koren, "Revisiting the Performance of iALS", 2021'

#: By name.
PRESETS: dict[str, Preset] = {
    "implicit": Preset(
        "als",
        {"factors": 100, "regularization": 0.01, "alpha": 1.0, "iterations": 15, "init": "uniform"},
        "the defaults of the library implicit (0.7)",
    ),
    "hu-koren": Preset(
        "als",
        {
            "factors": 100,
            "regularization": 0.1,
            "alpha": 40.0,
            "confidence": "linear",
            "iterations": 15,
            "init": "uniform",
        },
        'Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", 2008: the formula '
        "and its alpha, found on hours of television; the regularization depends on the data",
    ),
    "many-short-rows": Preset(
        "als",
        {
            "factors": 512,
            "regularization": 0.003,
            "regularization_exponent": 1.0,
            "unobserved_weight": 0.02,
            "iterations": 6,
            "init": "uniform",
        },
        f"{_RENDLE}, with relaxed epochs: check-ins of Gowalla, 27 items a user, Recall@20 .178 on its "
        "public split",
    ),
    "dense-catalogue": Preset(
        "als",
        {
            "factors": 192,
            "regularization": 0.007,
            "regularization_exponent": 1.0,
            "unobserved_weight": 0.3,
            "iterations": 7,
            "init": "uniform",
        },
        "MovieLens 1M, 166 items a user of 3,706, HR@10 .730 among 99 sampled negatives",
    ),
    "long-histories": Preset(
        "rp3beta",
        {"K": 777, "alpha": 0.57, "beta": 0.2},
        "check-ins of Gowalla, Recall@20 .185 on its public split",
    ),
    "walks": Preset(
        "rp3beta",
        {"K": 100, "alpha": 0.6, "beta": 0.4},
        "the best of a grid over a fifth of four public data sets",
    ),
}


def preset(name: str, **changed: Any) -> Any:
    """Return an unfitted model with the parameters of a preset, of which some may be changed.

    Raises
    ------
    ValueError
        If there is no such preset.

    Examples
    --------
    >>> from penchant.tuning import preset
    >>> preset("dense-catalogue", factors=64).regularization
    0.007
    """
    if name not in PRESETS:
        msg = f"there is no preset {name!r}; there are {', '.join(PRESETS)}"
        raise ValueError(msg)
    found = PRESETS[name]
    return registry.model_class(found.model)(**{**found.parameters, **changed})

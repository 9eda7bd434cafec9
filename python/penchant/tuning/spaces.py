"""Where to look for the parameters of each model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np


@dataclass(frozen=True, slots=True)
class Float:
    """A number between two others; with `log`, as likely in every decade."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Int:
    """A whole number between two others, both included; with `log`, as likely in every decade."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values: numbers, strings or booleans."""

    values: tuple[Any, ...]


Range: TypeAlias = Float | Int | Choice
Space: TypeAlias = Mapping[str, Range]

_NEIGHBOURS = Int(10, 500, log=True)

#: The space of each model, by its short name. Those of alternating least squares are around what Rendle,
#: Krichene, Zhang and Koren found ("Revisiting the Performance of iALS on Item Recommendation Benchmarks",
#: 2021), whose regularization is scaled by frequency; the number of factors is not in it, see `tune`.
SPACES: dict[str, Space] = {
    "als": {
        "regularization": Float(3e-4, 0.1, log=True),
        "unobserved_weight": Float(0.005, 1.0, log=True),
        "regularization_exponent": Choice((1.0,)),
    },
    "rp3beta": {"K": Int(20, 1000, log=True), "alpha": Float(0.2, 1.2), "beta": Float(0.0, 0.8)},
    "p3alpha": {"K": Int(20, 1000, log=True), "alpha": Float(0.2, 2.0)},
    "content": {"K": _NEIGHBOURS, "content": Float(0.0, 1.0)},
    "item-item": {"K": _NEIGHBOURS},
    "cosine": {"K": _NEIGHBOURS, "shrinkage": Float(0.1, 300.0, log=True)},
    "tfidf": {"K": _NEIGHBOURS, "shrinkage": Float(0.1, 300.0, log=True)},
    "bm25": {"K": _NEIGHBOURS, "K1": Float(0.1, 100.0, log=True), "B": Float(0.0, 1.0)},
    "user-user": {"K": _NEIGHBOURS},
    "ease": {"regularization": Float(10.0, 5000.0, log=True)},
    "sparse-ease": {"K": Int(50, 400, log=True), "regularization": Float(10.0, 2000.0, log=True)},
    "slim": {
        "l1_regularization": Float(0.01, 10.0, log=True),
        "l2_regularization": Float(0.1, 500.0, log=True),
    },
    "popularity": {},
}  # fmt: skip

#: What the search begins with, one trial each: what has been good on several data sets.
FIRST: dict[str, list[dict[str, Any]]] = {
    "als": [
        {"regularization": 0.003, "unobserved_weight": 0.02, "regularization_exponent": 1.0},
        {"regularization": 0.007, "unobserved_weight": 0.3, "regularization_exponent": 1.0},
    ],
    "rp3beta": [{"K": 100, "alpha": 0.6, "beta": 0.4}],
    "p3alpha": [{"K": 100, "alpha": 0.6}],
    "item-item": [{"K": 100}],
    "cosine": [{"K": 200, "shrinkage": 5.0}],
    "tfidf": [{"K": 200, "shrinkage": 5.0}],
    "bm25": [{"K": 100, "K1": 1.2, "B": 0.75}],
    "user-user": [{"K": 100}],
    "ease": [{"regularization": 500.0}],
    "sparse-ease": [{"K": 200, "regularization": 100.0}],
    "slim": [{"l1_regularization": 1.0, "l2_regularization": 20.0}],
    "popularity": [{}],
}


def space_of(name: str, matrix: Any, features: bool = False) -> dict[str, Range]:
    """Return the space of a model for some data: counts are more than that something happened.

    With `features`, those parameters are in it that say what is made of them.

    Raises
    ------
    ValueError
        If there is none.
    """
    if name not in SPACES:
        msg = f"there is no space for the model {name!r}; there are {', '.join(SPACES)}: give one in spaces"
        raise ValueError(msg)
    space = dict(SPACES[name])
    if name == "als" and len(matrix.data) and (matrix.data != matrix.data[0]).any():
        space |= {"confidence": Choice(("log", "linear")), "alpha": Float(0.1, 100.0, log=True)}
    if name == "als" and features:
        space |= {
            "feature_strength": Float(0.1, 10.0, log=True),
            "feature_regularization": Float(0.5, 50.0, log=True),
        }
    return space


def first_of(name: str, space: Mapping[str, Range]) -> list[dict[str, Any]]:
    """Return what to begin with, made to fit the space."""
    middle = {key: _middle(each) for key, each in space.items()}
    return [
        {key: start.get(key, middle[key]) if _holds(space[key], start.get(key, middle[key])) else middle[key]
         for key in space}
        for start in FIRST.get(name, [{}])
    ]  # fmt: skip


def _middle(each: Range) -> Any:
    if isinstance(each, Choice):
        return each.values[0]
    middle = np.sqrt(each.low * each.high) if each.log else (each.low + each.high) / 2
    return round(middle) if isinstance(each, Int) else float(middle)


def _holds(each: Range, value: Any) -> bool:
    if isinstance(each, Choice):
        return value in each.values
    return bool(each.low <= value <= each.high)

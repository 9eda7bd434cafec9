"""The compiled core. Private: checks types but not meanings; use the modules around it."""

from typing import Final

from penchant._core import (
    als,
    ease,
    interactions,
    io,
    knn,
    metrics,
    rank,
    rp3beta,
    slim,
    sparse,
    sparse_ease,
    text,
    weighting,
)

__all__ = [
    "DEBUG_BUILD",
    "INSTRUCTION_SET",
    "__version__",
    "als",
    "ease",
    "interactions",
    "io",
    "knn",
    "metrics",
    "rank",
    "rp3beta",
    "slim",
    "sparse",
    "sparse_ease",
    "text",
    "threads",
    "weighting",
]

__version__: Final[str]
DEBUG_BUILD: Final[bool]
INSTRUCTION_SET: Final[str]

def threads() -> int: ...

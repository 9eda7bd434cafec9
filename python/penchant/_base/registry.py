"""The models by name: what files, the command line and tuning know them as.

A class is imported when it is asked for.
"""

from __future__ import annotations

import importlib
from typing import Any

#: Of each name the module and the class.
MODELS: dict[str, tuple[str, str]] = {
    "als": ("penchant.als", "AlternatingLeastSquares"),
    "popularity": ("penchant.popularity", "Popularity"),
    "random": ("penchant.popularity", "Random"),
    "blend": ("penchant.composition", "Blend"),
    "fallback": ("penchant.composition", "Fallback"),
    "reserved": ("penchant.composition", "Reserved"),
    "slim": ("penchant.slim", "SLIM"),
    "ease": ("penchant.ease", "EASE"),
    "sparse-ease": ("penchant.sparse_ease", "SparseEASE"),
    "content": ("penchant.content", "ContentRecommender"),
    "item-item": ("penchant.nearest_neighbours", "ItemItemRecommender"),
    "cosine": ("penchant.nearest_neighbours", "CosineRecommender"),
    "tfidf": ("penchant.nearest_neighbours", "TFIDFRecommender"),
    "user-user": ("penchant.user_neighbours", "UserUserRecommender"),
    "p3alpha": ("penchant.rp3beta", "P3alpha"),
    "rp3beta": ("penchant.rp3beta", "RP3beta"),
    "bm25": ("penchant.nearest_neighbours", "BM25Recommender"),
}


def model_class(name: str) -> Any:
    """Return the class with a short name."""
    if name not in MODELS:
        msg = f"there is no model {name!r}; there are {', '.join(MODELS)}"
        raise ValueError(msg)
    module, cls = MODELS[name]
    return getattr(importlib.import_module(module), cls)


def class_called(kind: str) -> Any:
    """Return the class that files call so; None if there is none."""
    found = [name for name, (_, cls) in MODELS.items() if cls == kind]
    return model_class(found[0]) if found else None

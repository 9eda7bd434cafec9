"""Recommendations from implicit feedback: what users played, bought or clicked.

Examples
--------
>>> import scipy.sparse as sp
>>> from penchant.als import AlternatingLeastSquares
>>> plays = sp.csr_array([[9.0, 3.0, 0.0, 0.0], [5.0, 8.0, 1.0, 0.0], [0.0, 0.0, 0.0, 7.0]])
>>> model = AlternatingLeastSquares(factors=2, random_state=0).fit(plays, show_progress=False)
>>> ids, scores = model.recommend(0, plays[[0]], N=1)
>>> ids.tolist()
[2]
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

from penchant._core import DEBUG_BUILD as _DEBUG_BUILD
from penchant._core import __version__

if TYPE_CHECKING:
    from penchant import (
        als,
        comparison,
        composition,
        datasets,
        distributed,
        ease,
        evaluation,
        exceptions,
        features,
        interactions,
        nearest_neighbours,
        popularity,
        recommender,
        rp3beta,
        slim,
        sparse_ease,
        splitting,
        tuning,
        user_neighbours,
        utils,
        weighting,
    )
    from penchant.als import AlternatingLeastSquares
    from penchant.comparison import compare
    from penchant.composition import Blend, Fallback, Reserved
    from penchant.ease import EASE
    from penchant.exceptions import (
        DatasetError,
        DataWarning,
        ModelFitError,
        ModelFormatError,
        NotFittedError,
        PenchantError,
    )
    from penchant.features import Features
    from penchant.interactions import Interactions
    from penchant.popularity import Popularity
    from penchant.recommender import Recommender
    from penchant.rp3beta import P3alpha, RP3beta
    from penchant.slim import SLIM
    from penchant.sparse_ease import SparseEASE
    from penchant.tuning import tune

# What is imported when it is asked for (PEP 562): of each name the module that has it.
_CLASSES = {
    "AlternatingLeastSquares": "als",
    "Blend": "composition",
    "EASE": "ease",
    "Fallback": "composition",
    "P3alpha": "rp3beta",
    "Popularity": "popularity",
    "RP3beta": "rp3beta",
    "Reserved": "composition",
    "SLIM": "slim",
    "SparseEASE": "sparse_ease",
    "DataWarning": "exceptions",
    "DatasetError": "exceptions",
    "Features": "features",
    "Interactions": "interactions",
    "ModelFitError": "exceptions",
    "ModelFormatError": "exceptions",
    "NotFittedError": "exceptions",
    "PenchantError": "exceptions",
    "Recommender": "recommender",
    "compare": "comparison",
    "tune": "tuning",
}
_MODULES = (
    "als", "comparison", "composition", "datasets", "distributed", "ease", "evaluation", "exceptions",
    "features", "interactions", "nearest_neighbours", "popularity", "recommender", "rp3beta", "slim",
    "sparse_ease", "splitting", "tuning", "user_neighbours", "utils", "weighting",
)  # fmt: skip

__all__ = [
    "EASE",
    "SLIM",
    "AlternatingLeastSquares",
    "Blend",
    "DataWarning",
    "DatasetError",
    "Fallback",
    "Features",
    "Interactions",
    "ModelFitError",
    "ModelFormatError",
    "NotFittedError",
    "P3alpha",
    "PenchantError",
    "Popularity",
    "RP3beta",
    "Recommender",
    "Reserved",
    "SparseEASE",
    "__version__",
    "als",
    "compare",
    "comparison",
    "composition",
    "datasets",
    "distributed",
    "ease",
    "evaluation",
    "exceptions",
    "features",
    "interactions",
    "nearest_neighbours",
    "popularity",
    "recommender",
    "rp3beta",
    "slim",
    "sparse_ease",
    "splitting",
    "tune",
    "tuning",
    "user_neighbours",
    "utils",
    "weighting",
]


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        value = getattr(importlib.import_module(f"penchant.{_CLASSES[name]}"), name)
    elif name in _MODULES:
        value = importlib.import_module(f"penchant.{name}")
    else:
        msg = f"module 'penchant' has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if _DEBUG_BUILD:
    warnings.warn("penchant was compiled without optimisation and will be slow", RuntimeWarning, stacklevel=2)

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

from penchant import (
    als,
    datasets,
    evaluation,
    exceptions,
    interactions,
    nearest_neighbours,
    recommender,
    utils,
)
from penchant._core import DEBUG_BUILD as _DEBUG_BUILD
from penchant._core import __version__
from penchant.als import AlternatingLeastSquares
from penchant.exceptions import (
    DatasetError,
    DataWarning,
    ModelFitError,
    ModelFormatError,
    NotFittedError,
    PenchantError,
)
from penchant.interactions import Interactions
from penchant.recommender import Recommender

__all__ = [
    "AlternatingLeastSquares",
    "DataWarning",
    "DatasetError",
    "Interactions",
    "ModelFitError",
    "ModelFormatError",
    "NotFittedError",
    "PenchantError",
    "Recommender",
    "__version__",
    "als",
    "datasets",
    "evaluation",
    "exceptions",
    "interactions",
    "nearest_neighbours",
    "recommender",
    "utils",
]

if _DEBUG_BUILD:
    import warnings

    warnings.warn("penchant was compiled without optimisation and will be slow", RuntimeWarning, stacklevel=2)

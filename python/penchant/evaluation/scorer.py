"""What scikit-learn's searches call a scorer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penchant.evaluation.evaluate import evaluate
from penchant.evaluation.metrics import sign_of, with_cutoff
from penchant.splitting import RandomSplit


def scorer(metric: str = "ndcg@20", test: float = 0.5, random_state: int = 0) -> Callable[..., float]:
    """Return a scorer for scikit-learn's grid and random searches.

    Their cross-validation puts rows aside, which are users. Of the items of each a part is folded in, and the
    rest is to be predicted: the score is how good a model is for users whom it has not seen.

    Parameters
    ----------
    metric : str, default "ndcg@20"
        One of `METRICS`. Where less is better the scorer changes the sign, as searches want more.
    test : float, default 0.5
        Which part of a user's items is to be predicted, above 0 and below 1.
    random_state : int, default 0

    Returns
    -------
    callable ``scorer(model, rows, y=None)``

    Raises
    ------
    TypeError, ValueError
        If there is no such metric, or none of which more or less is better.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from penchant.als import AlternatingLeastSquares
    >>> from penchant.datasets import made_plays
    >>> model = AlternatingLeastSquares(iterations=3, random_state=0)
    >>> search = GridSearchCV(model, {"factors": [2, 16]}, scoring=scorer("recall@20"), cv=2)
    >>> search.fit(made_plays().matrix, show_progress=False).best_params_
    {'factors': 16}
    """
    key, sign = with_cutoff(metric), sign_of(metric)
    splitter = RandomSplit(test, per_user=True, random_state=random_state)

    def score(model: Any, rows: Any, y: Any = None) -> float:
        del y
        history, wanted = splitter.split(rows)
        found = evaluate(model, history, wanted, metrics=key, show_progress=False, recalculate_user=True)
        return sign * found[key]

    return score

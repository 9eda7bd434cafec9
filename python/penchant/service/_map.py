"""A map of the items: alike ones are near each other."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse.linalg import svds

from penchant.service._answers import Answers, Json
from penchant.service._current import Served
from penchant.service._labels import plain

Points = npt.NDArray[np.float64]

# The items that most users have.
_MOST = 3000
# Factors of models that have none.
_FACTORS = 32


class Map:
    """Draws the items of a model in two dimensions.

    First the two directions in which their vectors differ most (principal components), which takes no time;
    then, in a thread, by t-SNE (van der Maaten and Hinton, "Visualizing data using t-SNE", 2008), which
    keeps neighbours together.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self._of: Served | None = None
        self._drawn: Json = {}

    def drawn(self, served: Served) -> Json:
        """Return the map as it is, and whether it is still being drawn."""
        with self._lock:
            if self._of is None or self._of.identity != served.identity:
                self._of = served
                codes, vectors = _vectors(served)
                self._drawn = self._picture(served, codes, _principal(vectors), final=len(codes) < 5)
                if len(codes) >= 5:
                    work = (served, codes, vectors)
                    threading.Thread(target=self._draw, args=work, daemon=True, name="penchant-map").start()
            return self._drawn

    def _draw(self, served: Served, codes: Any, vectors: Points) -> None:
        try:
            from sklearn.manifold import TSNE  # noqa: PLC0415 - it takes seconds to import
        except ImportError:
            points = _principal(vectors)
        else:
            first = _principal(vectors)
            first *= 1e-4 / max(float(np.std(first[:, 0])), 1e-12)  # as t-SNE wants it
            drawing = TSNE(init=first, random_state=0, perplexity=min(30.0, (len(codes) - 1) / 3))
            points = drawing.fit_transform(vectors)
        picture = self._picture(served, codes, points, final=True)
        with self._lock:
            if self._of is served:
                self._drawn = picture

    def _picture(self, served: Served, codes: Any, points: Points, *, final: bool) -> Json:
        data = served.data
        span = np.ptp(points, axis=0).max(initial=0.0) or 1.0
        middle = (points.max(axis=0, initial=0.0) + points.min(axis=0, initial=0.0)) / 2
        places = np.round((points - middle) / span, 4).astype(np.float64)
        counts = np.bincount(data.matrix.indices, minlength=data.shape[1])[codes]
        labels = data.item_labels(codes)
        columns = {
            "item": [str(label) for label in plain(labels)],
            "count": counts,
            "x": places[:, 0],
            "y": places[:, 1],
        }
        return {"final": final, "of": int(data.shape[1]), "items": self._answers.rows(columns)}


def _vectors(served: Served) -> tuple[npt.NDArray[np.int32], Points]:
    """Return the most popular items and their directions, as the model or what users have sees them."""
    data, model = served.data, served.recommender.model
    popularity = np.bincount(data.matrix.indices, minlength=data.shape[1])
    codes = np.argsort(-popularity, kind="stable")[:_MOST].astype(np.int32)
    factors = getattr(model, "item_factors", None)
    if factors is None:
        users = data.matrix[:, codes].astype(np.float64)
        users.data[:] = 1.0
        rank = min(_FACTORS, min(users.shape) - 1)
        if rank < 1:
            return codes, np.zeros((len(codes), 2))
        _, values, right = svds(users, k=rank, random_state=0)
        vectors = right.T * values
    else:
        vectors = np.asarray(factors[codes], np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return codes, vectors / np.where(lengths > 0, lengths, 1.0)


def _principal(vectors: Points) -> Points:
    """Return the first two principal components."""
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    first: Points = centred @ directions[:, ::-1][:, :2]
    return np.hstack([first, np.zeros((len(first), 2 - first.shape[1]))])

"""Write the golden vectors from the dense NumPy oracle: what both languages must reproduce."""

import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "python"))

from conftest import random_ratings  # noqa: E402
from oracle import Oracle  # noqa: E402

from penchant.als import AlternatingLeastSquares  # noqa: E402

PARAMETERS = {
    "factors": 4,
    "regularization": 0.2,
    "alpha": 3.0,
    "confidence": "log",
    "epsilon": 0.5,
    "unobserved_weight": 0.3,
    "regularization_exponent": 0.5,
    "relaxation": 1.3,
}


def als():
    ratings = random_ratings(seed=11, users=12, items=9)
    random = np.random.default_rng(12)
    X, Y = (random.normal(size=(n, 4)) for n in ratings.shape)
    p = PARAMETERS
    oracle = Oracle(
        ratings.toarray(), p["regularization"], p["alpha"], p["confidence"], p["epsilon"], p["unobserved_weight"],
        p["regularization_exponent"],
    )  # fmt: skip
    golden = {
        "parameters": PARAMETERS,
        "columns": ratings.shape[1],
        "indptr": ratings.indptr.tolist(),
        "indices": ratings.indices.tolist(),
        "values": ratings.data.tolist(),
        "user_factors": X.ravel().tolist(),
        "item_factors": Y.ravel().tolist(),
    }
    epochs = list(oracle.epochs(X, Y, 3, p["relaxation"]))
    X, Y = epochs[-1]
    losses = [oracle.loss(*epoch) for epoch in epochs]
    return golden | {"losses": losses, "scores": (X @ Y.T).ravel().tolist()}


def rank():
    random = np.random.default_rng(13)
    X, Y = random.integers(-3, 4, (5, 6)), random.integers(-3, 4, (30, 6))
    scores = X @ Y.T
    ids = np.argsort(-scores, axis=1, kind="stable")[:, :7]
    return {
        "factors": 6,
        "user_factors": X.ravel().tolist(),
        "item_factors": Y.ravel().tolist(),
        "ids": ids.tolist(),
        "scores": np.take_along_axis(scores, ids, axis=1).tolist(),
    }


def model():
    """A file of version 1, which every later version must open."""
    model = AlternatingLeastSquares(factors=2, alpha=3.0, random_state=7)
    model.user_factors = np.array([[1, 2], [3, -4], [0.5, 0]], np.float32)
    model.item_factors = np.array([[1, 0], [0, 1], [2, 2], [-1, 3]], np.float32)
    model.save(HERE / "model.safetensors")


if __name__ == "__main__":
    model()
    for name, golden in {"als": als(), "rank": rank()}.items():
        (HERE / f"{name}.json").write_text(json.dumps(golden) + "\n", encoding="utf-8")

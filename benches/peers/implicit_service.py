"""implicit behind the framework that `penchant serve` uses, as its users put it there: the model of a file, one address."""

import json
import os

import numpy as np
import scipy.sparse as sp
from fastapi import FastAPI
from implicit.cpu.als import AlternatingLeastSquares
from starlette.responses import Response

from penchant import Recommender

recommender = Recommender.load(os.environ["MODEL"])
model = AlternatingLeastSquares(factors=recommender.model.factors)
model.user_factors = np.array(recommender.model.user_factors)
model.item_factors = np.array(recommender.model.item_factors)
users = {label: code for code, label in enumerate(recommender.data.users.tolist())}
items = recommender.data.items.tolist()
matrix = sp.csr_matrix(recommender.data.matrix)
del recommender

app = FastAPI()


@app.get("/recommend")
def recommend(user: str, n: int = 10):
    """The best items for a user."""
    code = users[user]
    ids, scores = model.recommend(code, matrix[code], N=n)
    found = [
        {"item": items[at], "score": score} for at, score in zip(ids.tolist(), scores.tolist(), strict=True)
    ]
    return Response(json.dumps({"user": user, "items": found}), media_type="application/json")

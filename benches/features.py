"""What features cost an epoch, and what they do for items that people know already.

    python benches/features.py [--rounds 5] [--scale 0.1]

The cost: fits with and without 2,000 features of the items, ten to an item, in turn; medians. The data: MovieLens 1M and
data of the shape of LastFM-360K. Warm items: a fifth of the entries put aside for the test, parameters chosen on another
fifth of the rest (the same grid with and without features), recall and NDCG at 20.
"""

import argparse
import itertools
import json
import os
import statistics
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

import penchant
from penchant.datasets import lastfm_shaped
from penchant.evaluation import evaluate
from penchant.features import Number, Tags, Text

DATA = Path(os.environ.get("PENCHANT_DATA", Path(__file__).parents[1].parent / "shared/data"))
OUT = Path(__file__).parent / "results/features.json"
EPOCHS = 5


def movielens():
    folder = DATA / "ml-1m"
    films = pd.read_parquet(folder / "movies.parquet")
    films["year"] = films.title.str.extract(r"\((\d{4})\)\s*$")[0].astype(float)
    films["title"] = films.title.str.replace(r"\(\d{4}\)\s*$", "", regex=True)
    ratings = pd.read_parquet(folder / "ratings.parquet")
    data = penchant.Interactions.from_frame(ratings, user="userID", item="movieID")
    columns = {"genres": Tags(), "year": Number(knots=20), "title": Text(weight=0.7)}
    return data, penchant.Features.from_frame(films, id="movieID", columns=columns)


def hetrec():
    folder = DATA / "lastfm-2k-tags"
    plays = pd.read_csv(folder / "user_artist.dat", sep="\t", names=["user", "artist", "plays"])
    tags = pd.read_csv(folder / "artist_tag.dat", sep="\t", names=["artist", "tag"])
    data = penchant.Interactions.from_frame(plays, user="user", item="artist")
    columns = {"tag": Tags(min_rows=3, tfidf=True)}
    return data, penchant.Features.from_frame(tags, id="artist", columns=columns)


def cost(name, matrix, rounds):
    """Seconds of an epoch with and without, and their ratio."""
    generator = np.random.default_rng(0)
    items, count = matrix.shape[1], 2000
    columns = np.minimum(generator.zipf(1.3, items * 10) - 1, count - 1)
    columns = np.where(columns == count - 1, generator.integers(0, count, items * 10), columns)
    features = sp.csr_array(
        (np.ones(items * 10, np.float32), (np.repeat(np.arange(items), 10), columns)), shape=(items, count)
    )
    features.sum_duplicates()
    seconds = {False: [], True: []}
    for _ in range(rounds):
        for given in (False, True):
            model = penchant.AlternatingLeastSquares(
                64, iterations=EPOCHS, random_state=0, regularization=0.05
            )
            ends = []
            model.fit(
                matrix, show_progress=False, item_features=features if given else None,
                callback=lambda *_, ends=ends: ends.append(time.perf_counter()),
            )  # fmt: skip
            seconds[given].append((ends[-1] - ends[0]) / (EPOCHS - 1))
    plain, with_features = (statistics.median(seconds[given]) for given in (False, True))
    print(
        f"{name}: an epoch takes {plain:.4f} s, with 2,000 features {with_features:.4f} s: {with_features / plain:.2f} x"
    )
    return {"plain": plain, "features": with_features}


GRID = {"unobserved_weight": (0.03, 0.1, 0.3), "regularization": (0.003, 0.01, 0.03), "factors": (64,)}
OF_FEATURES = {"feature_strength": (0.3, 1.0, 3.0), "feature_regularization": (3.0, 10.0)}


def settings(grid):
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def warm(name, data, features):
    """Metrics with and without features, each with the settings that were best on data put aside."""
    split = data.split("random", test=0.2, per_user=True, random_state=1)
    inner = split.train.split("random", test=0.2, per_user=True, random_state=2)

    def measured(parts, given, chosen):
        model = penchant.AlternatingLeastSquares(
            random_state=0, regularization_exponent=1.0, iterations=10, **chosen
        )
        model.fit(parts.train, show_progress=False, item_features=features if given else None)
        found = evaluate(model, parts, K=20, metrics=["recall", "ndcg"], show_progress=False)
        return {metric: found[metric] for metric in ("recall", "ndcg")}

    results = {}
    for given, grid in (("without", GRID), ("with", GRID | OF_FEATURES)):
        best = max(settings(grid), key=lambda chosen: sum(measured(inner, given == "with", chosen).values()))
        results[given] = measured(split, given == "with", best) | {"settings": best}
        print(name, given, results[given], flush=True)
    # The settings that suit the model without features, and features beside them.
    same = results["without"]["settings"]
    results["with, the same settings"] = measured(split, True, same)
    print(name, "with, the same settings", results["with, the same settings"], flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=0.1)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    films = movielens()
    results = {
        "cost": {
            "MovieLens 1M": cost("MovieLens 1M", films[0].matrix, options.rounds),
            f"LastFM-shaped, {options.scale:g}": cost(
                f"LastFM-shaped, {options.scale:g}", lastfm_shaped(options.scale), options.rounds
            ),
        },
        "warm": {
            "MovieLens 1M": warm("MovieLens 1M", *films),
            "HetRec Last.fm": warm("HetRec Last.fm", *hetrec()),
        },
    }
    OUT.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()

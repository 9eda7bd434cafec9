"""How good recommendations are on public data, beside what others have published on exactly these splits.

It looks for the data where PENCHANT_DATA points, or in ../shared/data. Choices were made on a random fifth of each
user's training items that was put aside, never on the test part. On Gowalla that says K=100, alpha .5, beta .3 alone
and K=100, alpha .7, beta .3 with half the weight of ALS; the test part, in which popular items are more frequent than in a random fifth, prefers the
parameters that came with the data (K=777, alpha .57, beta .2), so both are lines. EASE's is the published one.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import scipy.sparse as sp

from penchant import EASE, AlternatingLeastSquares, Blend, RP3beta
from penchant.datasets import read_adjacency_lists
from penchant.evaluation import evaluate
from penchant.nearest_neighbours import CosineRecommender

DATA = Path(os.environ.get("PENCHANT_DATA", Path(__file__).parents[2] / "shared/data"))


def gowalla():
    train, test = (read_adjacency_lists(DATA / f"gowalla/{name}.txt") for name in ("train", "test"))
    shape = np.maximum(train.shape, test.shape)
    train.resize(shape)
    test.resize(shape)
    return train.astype(np.float32), test


def at_20(model, train, test):
    found = evaluate(model, train, test, K=20, show_progress=False)
    return {"Recall@20": found["recall"], "NDCG@20": found["ndcg"]}


#: Of the random walks: what came with the data, and what was chosen on a fifth of the training part.
GIVEN = {"K": 777, "alpha": 0.57, "beta": 0.2}
CHOSEN = {"K": 100, "alpha": 0.5, "beta": 0.3}
CHOSEN_WITH_ALS = {"K": 100, "alpha": 0.7, "beta": 0.3}


def gowalla_rp3beta(walk):
    train, test = gowalla()
    return at_20(RP3beta(**walk).fit(train, show_progress=False), train, test)


def gowalla_blend(walk):
    train, test = gowalla()
    als = AlternatingLeastSquares(
        factors=512, iterations=6, unobserved_weight=0.02, regularization=0.003, regularization_exponent=1.0,
        random_state=0,
    )  # fmt: skip
    model = Blend([als, RP3beta(**walk)], weights=[1.0, 0.5])
    return at_20(model.fit(train, show_progress=False), train, test)


def movielens():
    """Users and items by first appearance, the test pair of each user and 99 others (the protocol of NCF)."""
    table = pq.read_table(DATA / "ml-1m/ratings.parquet")
    users, items = (by_appearance(table.column(at).to_numpy()) for at in (0, 1))
    pairs = np.loadtxt(DATA / "ml-1m/ml-1m.test.rating", dtype=np.int64)[:, :2]
    lines = (DATA / "ml-1m/ml-1m.test.negative").read_text().splitlines()
    others = np.array([[int(item) for item in line.split("\t")[1:] if item] for line in lines])
    train = sp.csr_array((np.ones(len(users), np.float32), (users, items)))
    train[pairs[:, 0], pairs[:, 1]] = 0
    train.eliminate_zeros()
    return train, pairs[:, 1], others


def by_appearance(labels):
    _, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes]


def movielens_ease():
    train, wanted, others = movielens()
    model = EASE(1320).fit(train, show_progress=False)
    hits = gain = 0.0
    for user, item in enumerate(wanted.tolist()):
        listed = np.append(others[user], item)
        ids, _ = model.recommend(user, train[[user]], 10, filter_already_liked_items=False, items=listed)
        place = np.flatnonzero(ids == item)
        hits += len(place)
        gain += (1 / np.log2(place + 2)).sum()
    return {"HR@10": hits / len(wanted), "NDCG@10": gain / len(wanted)}


def citeulike_itemknn():
    train, test = (read_lists(DATA / f"citeulike-a/cf-{name}-10-users.dat") for name in ("train", "test"))
    model = CosineRecommender(K=200, shrinkage=5.0).fit(train, show_progress=False)
    return {"Recall@50": evaluate(model, train, test, K=50, show_progress=False)["recall"]}


def read_lists(path):
    rows = [[int(item) for item in line.split()[1:]] for line in path.read_text().splitlines()]
    indptr = np.cumsum([0, *map(len, rows)])
    values = np.ones(indptr[-1], np.float32)
    return sp.csr_array((values, np.concatenate(rows).astype(np.int32), indptr), shape=(len(rows), 16980))


#: Of each line what makes it, and what is aimed at.
LINES = {
    "Gowalla, RP3beta as given": (
        lambda: gowalla_rp3beta(GIVEN), "at least .184 / .152; EASE .1765 / .1467, LightGCN .1820 / .1547",
    ),
    "Gowalla, RP3beta as chosen": (lambda: gowalla_rp3beta(CHOSEN), "the same"),
    "Gowalla, ALS and RP3beta as given": (
        lambda: gowalla_blend(GIVEN), "at least .190 / .160; BSPM .1920 / .1597",
    ),
    "Gowalla, ALS and RP3beta as chosen": (lambda: gowalla_blend(CHOSEN_WITH_ALS), "the same"),
    "MovieLens 1M, EASE": (movielens_ease, "published .7192 / .4494"),
    "CiteULike-a, ItemKNN": (citeulike_itemknn, "published .0989"),
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lines", nargs="*", help=f"some of: {', '.join(LINES)}; by default all")
    for name in parser.parse_args().lines or LINES:
        started = time.perf_counter()
        try:
            found = LINES[name][0]()
        except FileNotFoundError as error:
            print(f"{name}: the data is missing ({error})")
            continue
        shown = "  ".join(f"{metric} {value:.4f}" for metric, value in found.items())
        print(f"{name}: {shown}   ({LINES[name][1]}; {time.perf_counter() - started:.0f} s)", flush=True)


if __name__ == "__main__":
    main()

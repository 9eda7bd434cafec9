"""Which parameters are good on data of several kinds: what the defaults of item-item models are chosen by.

A random fifth of each user's training items is put aside, never the test part. Each setting is worth its Recall@20 as
a share of the best that the grid reaches on the same data; what counts is the mean over all data sets, then the least.
It looks for the data where PENCHANT_DATA points, or in ../shared/data.
"""

import argparse
import itertools

import lines
import numpy as np
import scipy.sparse as sp

from penchant import EASE, SLIM, Interactions, RP3beta, SparseEASE
from penchant.evaluation import evaluate, train_test_split


def lastfm():
    path = lines.DATA / "lastfm-2k/user_artists.dat"
    return Interactions.from_file(path, user="userID", item="artistID", show_progress=False).matrix


def citeulike():
    return lines.read_lists(lines.DATA / "citeulike-a/cf-train-10-users.dat")


DATA = {
    "gowalla": lambda: lines.gowalla()[0],
    "ml-1m": lambda: lines.movielens()[0],
    "citeulike-a": citeulike,
    "lastfm-2k": lastfm,
}

#: The grid of each model; EASE is not for so many items as most of these have.
GRIDS = {
    "rp3beta": (RP3beta, {"K": [50, 100, 200], "alpha": [0.4, 0.6, 0.8, 1.0], "beta": [0.1, 0.3, 0.4, 0.5, 0.7]}),
    "ease": (EASE, {"regularization": [50.0, 100.0, 250.0, 500.0, 1000.0, 2000.0]}),
    "sparse-ease": (SparseEASE, {"regularization": [20.0, 50.0, 100.0, 250.0, 500.0], "K": [50, 100, 200]}),
    "slim": (SLIM, {"l1_regularization": [0.3, 1.0, 3.0], "l2_regularization": [10.0, 50.0, 100.0, 300.0]}),
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", help=f"some of: {', '.join(GRIDS)}; by default all")
    for name in parser.parse_args().models or GRIDS:
        model, grid = GRIDS[name]
        values = itertools.product(*grid.values())
        settings = [{}, *(dict(zip(grid, setting, strict=True)) for setting in values)]
        shares = []
        for data, read in DATA.items():
            everything = sp.csr_matrix(read(), dtype=np.float32).sign()
            if name == "ease" and everything.shape[1] > 10_000:
                continue
            train, valid = train_test_split(everything, 0.8, random_state=0)
            found = [recall(model(**setting), train, valid) for setting in settings]
            best = int(np.argmax(found))
            print(f"{name} {data}: {settings[best]} {found[best]:.4f}", flush=True)
            shares.append(np.array(found) / found[best])
        mean, least = np.mean(shares, axis=0), np.min(shares, axis=0)
        for at in [0, *np.lexsort([-least, -mean])[:5]]:
            print(
                f"{name}: {settings[at] or 'the defaults'} mean {mean[at]:.3f} least {least[at]:.3f}",
                flush=True,
            )


def recall(model, train, valid):
    return evaluate(model.fit(train, show_progress=False), train, valid, K=20, show_progress=False)["recall"]


if __name__ == "__main__":
    main()

"""What it costs to look at held-out data after each epoch of a fit.

A fifth of what some users played is put aside, from data shaped like LastFM-360K. Fits with and without looking take
turns; what is compared is the seconds of whole fits, with all that validation does once. The looks alone are told as well,
since memory that is used for the first time may take longer than all else.
"""

import argparse
import statistics
import time

import numpy as np
import scipy.sparse as sp

from penchant import AlternatingLeastSquares
from penchant.als._validation import Validation
from penchant.datasets import lastfm_shaped


def split_some(matrix, users, seed=0):
    """Return all but a fifth of the entries of some users, and that fifth."""
    random = np.random.default_rng(seed)
    owners = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    enough = np.flatnonzero(np.diff(matrix.indptr) > 4)
    chosen = random.choice(enough, min(users, len(enough)), replace=False)
    aside = np.isin(owners, chosen) & (random.random(matrix.nnz) < 0.2)
    parts = ((matrix.data[part], (owners[part], matrix.indices[part])) for part in (~aside, aside))
    return tuple(sp.csr_array(part, shape=matrix.shape) for part in parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    train, test = split_some(sp.csr_array(lastfm_shaped(options.scale)), options.users)

    def seconds(**fitting):
        model = AlternatingLeastSquares(factors=options.factors, iterations=options.epochs, random_state=0)
        started = time.perf_counter()
        model.fit(train, show_progress=False, **fitting)
        return (time.perf_counter() - started) / options.epochs

    looking = {"validation": (train, test), "metric": "ndcg@20", "patience": options.epochs}
    looks = []

    def timed(self, *given, look=Validation.look):
        started = time.perf_counter()
        found = look(self, *given)
        looks.append(time.perf_counter() - started)
        return found

    Validation.look = timed
    more, of_an_epoch = [], []
    for _ in range(options.repeats):
        looks.clear()
        plain, looked = seconds(), seconds(**looking)
        more.append((looked - plain) / plain)
        of_an_epoch.append((statistics.median(looks) / plain, statistics.mean(looks) / plain))
        print(f"an epoch takes {plain:.3f} s, with a look {looked:.3f} s: {more[-1]:.2f} more", flush=True)
    middle, mean = (statistics.median(each) for each in zip(*of_an_epoch, strict=True))
    print(
        f"validation adds {statistics.median(more):.2f} to a fit; a look costs {middle:.2f} of an epoch in the "
        f"median, {mean:.2f} in the mean"
    )


if __name__ == "__main__":
    main()

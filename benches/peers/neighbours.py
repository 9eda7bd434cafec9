"""How long do nearest neighbours and EASE take: Penchant, implicit, irspack, skrecsys, and LAPACK's inverse alone.

Installs nothing; what is missing is named. Neighbours are those of a LastFM-shaped matrix, EASE is fitted to one
with as many users and items as MovieLens 1M; all take turns in one process, and medians are reported. Before anything
is timed, the neighbours are compared with those of implicit.
"""

import argparse
import importlib.util
import json
import os
import statistics
import time
import warnings
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # implicit asks for it; its own threads do the work

import numpy as np
import scipy.sparse as sp

from penchant.datasets import lastfm_shaped
from penchant.ease import EASE
from penchant.nearest_neighbours import CosineRecommender

HERE = Path(__file__).parent


def neighbours(plays, K):
    """For each library a call that fits, and one that recommends to many users."""
    many = np.arange(min(5000, plays.shape[0]))
    rows = plays[many]

    def ours():
        return CosineRecommender(K=K).fit(plays, show_progress=False)

    fitted = ours()
    found = {"penchant": (ours, lambda: fitted.recommend(many, rows, N=10))}
    if importlib.util.find_spec("implicit"):
        from implicit.nearest_neighbours import CosineRecommender as Theirs

        doubles = sp.csr_matrix(plays.astype(np.float64))
        wanted = sp.csr_matrix(rows.astype(np.float64))

        def theirs():
            model = Theirs(K=K)
            model.fit(doubles, show_progress=False)
            return model

        other = theirs()
        check(CosineRecommender(K=K).fit(doubles, show_progress=False).similarity, other.similarity)
        found["implicit"] = (theirs, lambda: other.recommend(many, wanted, N=10))
    if importlib.util.find_spec("irspack"):
        from irspack import CosineKNNRecommender

        binary = sp.csr_matrix(plays)
        found["irspack"] = (lambda: CosineKNNRecommender(binary, top_k=K, normalize=True).learn(), None)
    if importlib.util.find_spec("skrecsys"):
        from skrecsys.recommendation import ItemKNNRecommender

        pairs = np.column_stack(plays.nonzero())
        found["skrecsys"] = (lambda: ItemKNNRecommender(n_neighbors=K).fit(pairs), None)
    return found


def check(ours, theirs):
    """Both keep the same neighbours, with the same cosines but for rounding."""
    assert ours.shape == theirs.shape
    gap = abs(sp.csr_matrix(ours) - sp.csr_matrix(theirs))
    assert gap.max() < 1e-9, gap.max()


def ease(matrix):
    """For each library a call that fits."""
    found = {"penchant": (lambda: EASE(500.0).fit(matrix, show_progress=False), None)}
    gram = (matrix.T @ matrix).toarray()
    gram[np.diag_indices_from(gram)] += 500.0
    found["numpy inverse"] = (lambda: np.linalg.inv(gram), None)

    def lapack():
        import scipy.linalg.lapack as lp

        factor, _ = lp.spotrf(gram, lower=1)
        return lp.spotri(factor, lower=1)

    found["potrf and potri"] = (lapack, None)
    if importlib.util.find_spec("irspack"):
        from irspack import DenseSLIMRecommender

        found["irspack"] = (lambda: DenseSLIMRecommender(sp.csr_matrix(matrix), reg=500.0).learn(), None)
    if importlib.util.find_spec("skrecsys"):
        import skrecsys.recommendation as skrecsys

        pairs = np.column_stack(matrix.nonzero())
        found["skrecsys"] = (lambda: skrecsys.EASE(l2_reg=500.0).fit(pairs), None)
    return found


def measured(contestants, rounds):
    """Median seconds of each call of each contestant, taking turns."""
    times = {name: ([], []) for name in contestants}
    for _ in range(rounds):
        for name, calls in contestants.items():
            for call, kept in zip(calls, times[name], strict=True):
                if call is not None:
                    started = time.perf_counter()
                    call()
                    kept.append(time.perf_counter() - started)
    return {
        name: [statistics.median(kept) if kept else None for kept in both] for name, both in times.items()
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=0.1, help="1 is the size of LastFM-360K (default 0.1)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in ("implicit", "irspack", "skrecsys"):
        if not importlib.util.find_spec(name):
            print(f"{name} is not installed")
    plays = lastfm_shaped(options.scale)
    results = {f"cosine, K = {K}": measured(neighbours(plays, K), options.rounds) for K in (20, 100)}
    random = np.random.default_rng(0)
    shaped = sp.random_array((6040, 3706), density=0.045, rng=random, dtype=np.float32, format="csr")
    shaped.data[:] = 1
    results["EASE, 6,040 x 3,706"] = measured(ease(shaped), options.rounds)
    for what, times in results.items():
        print(f"\n{what}")
        for name, (fit, recommend) in times.items():
            more = "" if recommend is None else f"   recommend to 5,000 {recommend:8.4f} s"
            print(f"  {name:16} fit {fit:8.4f} s{more}")
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / "neighbours.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()

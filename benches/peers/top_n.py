"""How long does an exact top-N take: Penchant, implicit, faiss's flat index, and NumPy's product alone.

Installs nothing; what is missing is named. All search the same fitted factors of LastFM shape, turn about in one
process, and medians are reported. Before anything is timed, results are compared with a full sort.
"""

import argparse
import importlib.util
import json
import os
import statistics
import time
from functools import partial
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # implicit asks for it; its own threads do the work

import numpy as np
import scipy.sparse as sp
from record import keep

from penchant.als import AlternatingLeastSquares
from penchant.datasets import lastfm_shaped
from penchant.nearest_neighbours import bm25_weight

HERE = Path(__file__).parent


def contestants(users, items):
    """For each library what it calls with (user ids, their liked items or None, N), and for similar items."""
    ours = AlternatingLeastSquares(factors=users.shape[1])
    ours.user_factors, ours.item_factors = users, items
    found = {"penchant": (recommender(ours), lambda ids, n: ours.similar_items(ids, N=n)[0])}
    if importlib.util.find_spec("implicit"):
        from implicit.cpu.als import AlternatingLeastSquares as Implicit

        theirs = Implicit(factors=users.shape[1])
        theirs.user_factors, theirs.item_factors = users, items
        found["implicit"] = (recommender(theirs), lambda ids, n: theirs.similar_items(ids, N=n)[0])
    if importlib.util.find_spec("faiss"):
        import faiss

        flat, directions = faiss.IndexFlatIP(users.shape[1]), faiss.IndexFlatIP(users.shape[1])
        norms = np.linalg.norm(items, axis=1, keepdims=True)
        unit = items / np.where(norms > 0, norms, 1)
        flat.add(items)
        directions.add(unit)

        def search(ids, liked, n):
            return flat.search(users[np.atleast_1d(ids)], n)[1] if liked is None else None

        found["faiss"] = (search, lambda ids, n: directions.search(unit[np.atleast_1d(ids)], n)[1])

    def product(ids, _liked, _n):
        return users[np.atleast_1d(ids)] @ items.T

    found["product"] = (product, None)
    return found


def recommender(model):
    def recommend(ids, liked, n):
        return model.recommend(ids, liked, N=n, filter_already_liked_items=liked is not None)[0]

    return recommend


def measure(calls, repeats):
    """Median seconds of each call that can be made, alternating."""
    able = {name: call for name, call in calls.items() if call() is not None}
    seconds = {name: [] for name in able}
    for _ in range(repeats):
        for name, call in able.items():
            started = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def check(found, users, items, batch):
    expected = np.argsort(-(users[batch[:20]] @ items.T), axis=1, kind="stable")[:, :10]
    for name in ("penchant", "implicit", "faiss"):
        if name in found:
            agree = (found[name][0](batch[:20], None, 10) == expected).mean()
            print(f"{name}: {agree:.1%} of ids as in a full sort of float32 products")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.1, help="1.0 for the full LastFM-360K shape")
    parser.add_argument("--factors", type=int, nargs="+", default=[64])
    parser.add_argument("--n", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--users", type=int, default=2000, help="how many in a batch")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=HERE / "results")
    parser.add_argument("--keep", action="store_true", help="for docs/speed.md as well")
    options = parser.parse_args()
    for name in ("implicit", "faiss"):
        if importlib.util.find_spec(name) is None:
            print(f"{name} is not installed: pip install penchant[bench]")
    options.output.mkdir(parents=True, exist_ok=True)
    plays = lastfm_shaped(options.scale)
    matrix = sp.csr_matrix(bm25_weight(plays.T.tocsr(), K1=100, B=0.8).T, dtype=np.float32)
    matrix.sort_indices()
    results = []
    for factors in options.factors:
        model = AlternatingLeastSquares(factors=factors, regularization=0.05, alpha=2.0, random_state=0)
        model.fit(matrix, show_progress=False)
        users, items = np.array(model.user_factors), np.array(model.item_factors)
        random = np.random.default_rng(0)
        batch = random.choice(len(users), min(options.users, len(users)), replace=False)
        some = random.choice(len(items), min(options.users, len(items)), replace=False)
        found = contestants(users, items)
        check(found, users, items, batch)
        one = int(batch[0])
        for n in options.n:
            tasks = {
                "many users": (0, batch, None),
                "many users, filtered": (0, batch, matrix[batch]),
                "one user": (0, one, None),
                "one user, filtered": (0, one, matrix[[one]]),
                "many similar items": (1, some),
                "one similar item": (1, int(some[0])),
            }
            for task, (which, *arguments) in tasks.items():
                # The bare product neither filters nor compares directions.
                able = {
                    k: pair for k, pair in found.items() if k != "product" or task.endswith(("user", "users"))
                }
                calls = {name: partial(pair[which], *arguments, n) for name, pair in able.items()}
                seconds = measure(calls, options.repeats if "many" in task else 15 * options.repeats)
                results.append({"factors": factors, "n": n, "task": task, "seconds": seconds})
                times = "  ".join(
                    f"{name} {value * 1e3:.2f} ms ({value / seconds['penchant']:.1f} x)"
                    for name, value in seconds.items()
                )
                print(f"f={factors} N={n} {task}: {times}", flush=True)
    (options.output / "top_n.json").write_text(json.dumps(results, indent=1) + "\n")
    if options.keep:
        about = f"{plays.shape[1]:,} items".replace(",", " ")
        rows = [
            {"what": f"{row['task']}, f = {row['factors']}, N = {row['n']}", "seconds": row["seconds"]}
            for row in results
        ]
        keep("top_n", f"{about}, batches of {options.users}", rows)


if __name__ == "__main__":
    main()

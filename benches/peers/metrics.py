"""How fast lists are compared with what users went on to like: ours, NumPy, and other evaluators.

A million lists of 20 and about five relevant items for each user. Ours and NumPy compare all lists at once, as one writes it
down, and in batches that fit into caches. Others get their own data structures made beforehand, which for some takes
minutes and is not counted.
"""

import argparse
import statistics
import time

import numpy as np

from penchant import _core

DISCOUNTS = 1 / np.log2(np.arange(2, 22))
NAMES = ["ndcg", "recall", "precision", "reciprocal_rank", "map"]
# As `evaluate` gets its lists.
BATCH = 4096


def made(users, items, k, seed=0):
    random = np.random.default_rng(seed)
    ids = random.integers(0, items, (users, k)).astype(np.int32)
    # Lists without repeats: shifted where two are equal.
    ids = np.sort(ids, axis=1)
    ids = (ids + np.arange(k)) % (items + k)
    ids = random.permuted(ids, axis=1).astype(np.int32)
    counts = random.integers(1, 10, users)
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    owner = np.repeat(np.arange(users), counts)
    drawn = random.integers(0, items + k, indptr[-1])
    # Half of the relevant items are in the list.
    hit = random.random(indptr[-1]) < 0.3
    drawn[hit] = ids[owner[hit], random.integers(0, k, hit.sum())]
    keys = np.unique(owner.astype(np.int64) * (items + k) + drawn)
    owner, columns = keys // (items + k), (keys % (items + k)).astype(np.int32)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=users))]).astype(np.int64)
    return ids, (items + k, indptr, columns, np.ones(len(columns)))


def by_numpy(ids, relevant):
    """NDCG, recall, precision, reciprocal rank and average precision of each list."""
    columns, indptr, indices, _ = relevant
    users, k = ids.shape
    counts = np.diff(indptr)
    wanted = np.repeat(np.arange(users), counts).astype(np.int64) * columns + indices
    keys = np.arange(users)[:, None].astype(np.int64) * columns + ids
    at = np.minimum(np.searchsorted(wanted, keys.ravel()), len(wanted) - 1)
    hits = (wanted[at] == keys.ravel()).reshape(users, k)
    found = hits.cumsum(axis=1)
    ideal = np.concatenate([[0], DISCOUNTS.cumsum()])[np.minimum(counts, k)]
    first = np.where(hits.any(axis=1), 1 / (1 + hits.argmax(axis=1)), 0.0)
    precisions = (hits * found / np.arange(1, k + 1)).sum(axis=1)
    return hits @ DISCOUNTS / ideal, found[:, -1] / counts, found[:, -1] / k, first, precisions / counts


def ours(ids, relevant):
    """Return what `by_numpy` does."""
    columns, users, k = relevant[0], *ids.shape
    found = _core.metrics.list_metrics((ids, None), relevant, [k], columns, NAMES, 0)
    return [each.reshape(users) for each in found]


def in_batches(measure, ids, relevant):
    columns, indptr, indices, values = relevant
    found = np.empty((len(NAMES), len(ids)))
    for start in range(0, len(ids), BATCH):
        own = slice(start, start + BATCH)
        rows = indptr[start : start + BATCH + 1]
        entries = slice(rows[0], rows[-1])
        part = (columns, rows - rows[0], indices[entries], values[entries])
        for into, each in zip(found, measure(ids[own], part), strict=True):
            into[own] = each
    return found


def ranx_of(ids, relevant):
    import ranx

    _, indptr, indices, _ = relevant
    names = [str(n) for n in range(relevant[0])]
    scores = np.arange(ids.shape[1], 0, -1).astype(float)
    qrels = ranx.Qrels({
        str(u): {names[i]: 1 for i in indices[indptr[u] : indptr[u + 1]]} for u in range(len(ids))
    })  # fmt: skip
    run = ranx.Run(
        {str(u): dict(zip([names[i] for i in row], scores, strict=True)) for u, row in enumerate(ids)}
    )
    metrics = ["ndcg@20", "recall@20", "precision@20", "mrr@20", "map@20"]
    return lambda: ranx.evaluate(qrels, run, metrics, return_mean=False)


def trec_of(ids, relevant):
    import pytrec_eval

    _, indptr, indices, _ = relevant
    names = [str(n) for n in range(relevant[0])]
    qrels = {str(u): {names[i]: 1 for i in indices[indptr[u] : indptr[u + 1]]} for u in range(len(ids))}
    run = {str(u): {names[i]: float(-p) for p, i in enumerate(row)} for u, row in enumerate(ids)}
    judge = pytrec_eval.RelevanceEvaluator(
        qrels, {"ndcg_cut.20", "recall.20", "P.20", "recip_rank", "map_cut.20"}
    )
    return lambda: judge.evaluate(run)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--peer-users", type=int, default=100_000, help="others get so many lists")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ids, relevant = made(options.users, 50_000, 20)
    for a, b in zip(ours(ids, relevant), by_numpy(ids, relevant), strict=True):
        np.testing.assert_allclose(a, b)
    works = {
        "penchant": lambda: ours(ids, relevant),
        "penchant in batches": lambda: in_batches(ours, ids, relevant),
        "NumPy": lambda: by_numpy(ids, relevant),
        "NumPy in batches": lambda: in_batches(by_numpy, ids, relevant),
    }
    whole = len(works)
    part = options.peer_users
    few = (
        ids[:part],
        (relevant[0], relevant[1][: part + 1], *(each[: relevant[1][part]] for each in relevant[2:])),
    )
    for name, make in (("ranx", ranx_of), ("pytrec_eval", trec_of)):
        try:
            works[name] = make(*few)
        except ImportError:
            print(f"{name}: not installed")
    seconds = {name: [] for name in works}
    for _ in range(options.rounds + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - started)
    for at, (name, each) in enumerate(seconds.items()):
        count = options.users if at < whole else part
        took = statistics.median(each[1:]) * options.users / count
        ratio = took / statistics.median(seconds["penchant"][1:])
        print(f"{name}: {took:.3f} s for {options.users:,} lists, {ratio:.1f} x")


if __name__ == "__main__":
    main()

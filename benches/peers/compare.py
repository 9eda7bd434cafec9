"""How long does an epoch take, and what does it learn: Penchant and the libraries that do the same work.

Installs nothing. What is missing is named with what to install. Every measurement is a process of its own; the
contestants take turns, and medians are reported. An epoch's seconds are the difference between a long and a short
fit, so that loading and preparing do not count. All final objectives come from one evaluator in f64.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from objective import objective
from plot import plot
from record import keep

from penchant.datasets import lastfm_shaped, read_adjacency_lists
from penchant.nearest_neighbours import bm25_weight

HERE = Path(__file__).parent
DATA = Path(os.environ.get("PENCHANT_DATA", HERE.parents[2] / "shared/data"))
NAMES = ("penchant", "implicit", "rusket", "cmfrec", "irspack")


def shaped_like_lastfm(scale):
    plays = lastfm_shaped(scale)
    return bm25_weight(plays.T.tocsr(), K1=100, B=0.8).T, "shaped like LastFM-360K"


def gowalla(_scale):
    return read_adjacency_lists(DATA / "gowalla/train.txt"), "Gowalla, training part"


def movielens(_scale):
    import pyarrow.parquet as pq

    table = pq.read_table(DATA / "ml-1m/ratings.parquet")
    users, movies = (np.unique(table.column(at).to_numpy(), return_inverse=True)[1] for at in (0, 1))
    return sp.csr_matrix((np.ones(len(users), np.float32), (users, movies))), "MovieLens 1M"


MATRICES = {"lastfm-shaped": shaped_like_lastfm, "gowalla": gowalla, "ml-1m": movielens}


def fit(name, data, factors, epochs, threads, output="-"):
    arguments = [name, data, factors, epochs, threads, output]
    command = [sys.executable, str(HERE / "contestants.py"), *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{name} failed: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
    [result] = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    return json.loads(result.removeprefix("RESULT "))


def compare(names, data, matrix, factors, threads, options, folder):
    short, long = 1, 1 + options.epochs
    rows = {}
    for _ in range(options.repeats):
        for name in names:
            first = fit(name, data, factors, short, threads)["seconds"]
            second = fit(name, data, factors, long, threads)
            row = rows.setdefault(name, {"seconds": [], "peak_mib": []})
            row["seconds"].append((second["seconds"] - first) / options.epochs)
            row["peak_mib"].append(second["peak_mib"])
    results = []
    for name in names:
        output = str(folder / f"{name}.npz")
        fit(name, data, factors, options.final_epochs, threads, output)
        found = np.load(output)
        value = objective(matrix, found["users"], found["items"], 2.0, 0.05)
        seconds = statistics.median(rows[name]["seconds"])
        results.append(
            {
                "name": name, "factors": factors, "threads": threads, "seconds_per_epoch": seconds,
                "all_seconds_per_epoch": rows[name]["seconds"], "objective": value,
                "final_epochs": options.final_epochs, "peak_mib": max(rows[name]["peak_mib"]),
            }
        )  # fmt: skip
    ours = results[0]
    for row in results:
        ratio = row["seconds_per_epoch"] / ours["seconds_per_epoch"]
        print(
            f"f={factors:<4} threads={threads}  {row['name']:<9} {row['seconds_per_epoch']:8.3f} s/epoch "
            f"({ratio:5.1f} x ours)  objective {row['objective']:.6f}  peak {row['peak_mib']:6.0f} MiB",
            flush=True,
        )
    return results


def curve(names, data, matrix, factors, threads, options, folder):
    """Seconds of a whole fit and the objective that it reaches, for several numbers of epochs."""
    results = []
    for name in names:
        for epochs in options.curve:
            output = str(folder / f"{name}.npz")
            seconds = fit(name, data, factors, epochs, threads, output)["seconds"]
            found = np.load(output)
            value = objective(matrix, found["users"], found["items"], 2.0, 0.05)
            results.append({"name": name, "epochs": epochs, "seconds": seconds, "objective": value})
            print(f"{name:<9} {epochs:3} epochs  {seconds:7.2f} s  objective {value:.6f}", flush=True)
    return {"factors": factors, "threads": threads, "points": results}


def report_time_to_objective(points):
    """How much sooner than others, after their last epoch, the first fit of ours is that is at least as good; and that as
    rows to keep."""
    rows = []
    ours = [point for point in points if point["name"] == "penchant"]
    for name in dict.fromkeys(point["name"] for point in points if point["name"] != "penchant"):
        last = [point for point in points if point["name"] == name][-1]
        reached = [point for point in ours if point["objective"] <= last["objective"]]
        if reached:
            ratio = last["seconds"] / reached[0]["seconds"]
            answer = f"reached {ratio:.1f} x sooner, after {reached[0]['epochs']} epochs"
            what = (
                f"to the objective of {name} after {last['epochs']} epochs, by {reached[0]['epochs']} of ours"
            )
            rows.append({"what": what, "seconds": {"penchant": reached[0]["seconds"], name: last["seconds"]}})
        else:
            answer = "not reached"
        print(f"objective of {name} after {last['epochs']} epochs: {answer}")
    return rows


def rows_of(epochs):
    """The seconds of an epoch as rows to keep."""
    rows = {}
    for one in epochs:
        what = f"one epoch, f = {one['factors']}, {one['threads']} threads"
        rows.setdefault(what, {})[one["name"]] = one["seconds_per_epoch"]
    return [{"what": what, "seconds": seconds} for what, seconds in rows.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", choices=MATRICES, default="lastfm-shaped", help="others are read from PENCHANT_DATA"
    )
    parser.add_argument("--scale", type=float, default=0.1, help="1.0 for the full LastFM-360K shape")
    parser.add_argument("--factors", type=int, nargs="+", default=[32, 64, 128])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--epochs", type=int, default=4, help="epochs between the two fits of a measurement")
    parser.add_argument(
        "--final-epochs", type=int, default=10, help="epochs of the fit whose objective is shown"
    )
    parser.add_argument(
        "--curve", type=int, nargs="*", default=[1, 2, 4, 8, 15], help="epochs of the loss against seconds"
    )
    parser.add_argument("--curve-factors", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--output", type=Path, default=HERE / "results")
    parser.add_argument("--keep", action="store_true", help="for docs/speed.md as well")
    options = parser.parse_args()

    names = []
    for name in dict.fromkeys(("penchant", *options.only)):
        if importlib.util.find_spec(name):
            names.append(name)
        else:
            print(f"{name} is not installed: pip install penchant[bench]")
    options.output.mkdir(parents=True, exist_ok=True)
    matrix, title = MATRICES[options.data](options.scale)
    matrix = matrix.tocsr().astype(np.float32)
    matrix.sort_indices()
    print(f"{matrix.shape[0]} users x {matrix.shape[1]} items, {matrix.nnz} entries", flush=True)
    results = {"epochs": [], "curve": None}
    with tempfile.TemporaryDirectory() as folder:
        data = str(Path(folder) / "data.npz")
        np.savez(data, data=matrix.data, indices=matrix.indices, indptr=matrix.indptr, shape=matrix.shape)
        for threads in options.threads:
            for factors in options.factors:
                results["epochs"] += compare(names, data, matrix, factors, threads, options, Path(folder))
        rows = rows_of(results["epochs"])
        if options.curve:
            arguments = options.curve_factors, max(options.threads), options, Path(folder)
            results["curve"] = curve(names, data, matrix, *arguments)
            rows += [
                {**row, "what": f"{row['what']}, f = {options.curve_factors}"}
                for row in report_time_to_objective(results["curve"]["points"])
            ]
    (options.output / "als.json").write_text(json.dumps(results, indent=1) + "\n")
    plot(results, options.output / "als.png")
    if options.keep:
        about = f"{matrix.shape[0]:,} x {matrix.shape[1]:,}".replace(",", " ")
        keep("als", f"{about}, {title}", rows)


if __name__ == "__main__":
    main()

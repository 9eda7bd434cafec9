"""How long does an epoch take, and what does it learn: Penchant and the libraries that do the same work.

Installs nothing. What is missing is named with what to install. Every measurement is a process of its own; the
contestants take turns, and medians are reported. An epoch's seconds are the difference between a long and a short
fit, so that loading and preparing do not count. All final objectives come from one evaluator in f64.
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from objective import objective

from penchant.datasets import lastfm_shaped
from penchant.nearest_neighbours import bm25_weight

HERE = Path(__file__).parent
NAMES = ("penchant", "implicit", "rusket", "cmfrec", "irspack")


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


def plot(results, path):
    if importlib.util.find_spec("matplotlib") is None:
        print("no plot: pip install matplotlib")
        return
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5))
    threads = max(row["threads"] for row in results)
    rows = [row for row in results if row["threads"] == threads]
    for name in dict.fromkeys(row["name"] for row in rows):
        mine = sorted((row for row in rows if row["name"] == name), key=lambda row: row["factors"])
        factors = [row["factors"] for row in mine]
        left.plot(factors, [row["seconds_per_epoch"] for row in mine], marker="o", label=name)
        right.plot(factors, [row["objective"] for row in mine], marker="o", label=name)
    left.set(xlabel="factors", ylabel="seconds per epoch", yscale="log", title=f"Time, {threads} threads")
    right.set(
        xlabel="factors", ylabel="final objective", title=f"Objective after {rows[0]['final_epochs']} epochs"
    )
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.grid(alpha=0.3)
    left.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    print(f"wrote {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.1, help="1.0 for the full LastFM-360K shape")
    parser.add_argument("--factors", type=int, nargs="+", default=[32, 64, 128])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--epochs", type=int, default=4, help="epochs between the two fits of a measurement")
    parser.add_argument(
        "--final-epochs", type=int, default=10, help="epochs of the fit whose objective is shown"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--output", type=Path, default=HERE / "results")
    options = parser.parse_args()

    names = []
    for name in dict.fromkeys(("penchant", *options.only)):
        if importlib.util.find_spec(name):
            names.append(name)
        else:
            print(f"{name} is not installed: pip install penchant[bench]")
    options.output.mkdir(parents=True, exist_ok=True)
    plays = lastfm_shaped(options.scale)
    matrix = bm25_weight(plays.T.tocsr(), K1=100, B=0.8).T.tocsr().astype(np.float32)
    matrix.sort_indices()
    print(f"{matrix.shape[0]} users x {matrix.shape[1]} items, {matrix.nnz} entries", flush=True)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        data = str(Path(folder) / "data.npz")
        np.savez(data, data=matrix.data, indices=matrix.indices, indptr=matrix.indptr, shape=matrix.shape)
        for threads in options.threads:
            for factors in options.factors:
                results += compare(names, data, matrix, factors, threads, options, Path(folder))
    (options.output / "als.json").write_text(json.dumps(results, indent=1) + "\n")
    plot(results, options.output / "als.png")


if __name__ == "__main__":
    main()

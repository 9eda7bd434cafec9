"""The figure of a comparison: time, second thread, memory, and loss against seconds."""

import importlib.util


def plot(results, path):
    """Draws the results of compare.py to ``path``, or says what is missing."""
    if importlib.util.find_spec("matplotlib") is None:
        print("no plot: pip install matplotlib")
        return
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(11, 8.5))
    rows = results["epochs"]
    threads = sorted({row["threads"] for row in rows})
    most = [row for row in rows if row["threads"] == threads[-1]]
    lines(axes[0, 0], most, "seconds_per_epoch")
    plural = "s" if threads[-1] > 1 else ""
    axes[0, 0].set(ylabel="seconds per epoch", yscale="log", title=f"Time, {threads[-1]} thread{plural}")
    lines(axes[0, 1], most, "peak_mib")
    axes[0, 1].set(ylabel="MiB", yscale="log", title="Peak memory of the fit, beyond the data")
    bars(axes[1, 0], rows, threads)
    points(axes[1, 1], results["curve"])
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    print(f"wrote {path}")


def names_of(rows):
    return list(dict.fromkeys(row["name"] for row in rows))


def lines(axes, rows, value):
    for name in names_of(rows):
        mine = sorted((row for row in rows if row["name"] == name), key=lambda row: row["factors"])
        axes.plot([row["factors"] for row in mine], [row[value] for row in mine], marker="o", label=name)
    factors = sorted({row["factors"] for row in rows})
    axes.set(xlabel="factors", xscale="log")
    axes.set_xticks(factors, [str(f) for f in factors], minor=False)
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()


def bars(axes, rows, threads):
    """Seconds per epoch by threads, for the number of factors in the middle."""
    factors = sorted({row["factors"] for row in rows})
    chosen = factors[len(factors) // 2]
    names = names_of(rows)
    width = 0.8 / len(threads)
    for place, count in enumerate(threads):
        seconds = {
            r["name"]: r["seconds_per_epoch"] for r in rows if (r["factors"], r["threads"]) == (chosen, count)
        }
        at = [i + (place - (len(threads) - 1) / 2) * width for i in range(len(names))]
        axes.bar(
            at, [seconds.get(name, 0) for name in names], width, label=f"{count} thread{'s'[: count - 1]}"
        )
    axes.set_xticks(range(len(names)), names)
    axes.set(ylabel="seconds per epoch", title=f"Threads, {chosen} factors")
    axes.grid(alpha=0.3, axis="y")
    axes.legend()


def points(axes, curve):
    if not curve:
        axes.set_axis_off()
        return
    for name in names_of(curve["points"]):
        mine = [point for point in curve["points"] if point["name"] == name]
        seconds, values = [p["seconds"] for p in mine], [p["objective"] for p in mine]
        axes.plot(seconds, values, marker="o", label=name)
    axes.set(
        xlabel="seconds of the whole fit", ylabel="objective", xscale="log",
        title=f"Loss against seconds, {curve['factors']} factors",
    )  # fmt: skip
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()

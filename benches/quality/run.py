"""Measures how good recommendations are on public data, beside what others have published on exactly these splits.

It looks for the data where PENCHANT_DATA points, or in ../shared/data. What it finds goes into
benches/results/quality.json, and from there into docs/quality.md. It ends with 1 if a figure falls short of its
record, or if there is no data at all.
"""

import argparse
import json
import platform
import sys
import time
from pathlib import Path

from lines import LINES

import penchant

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benches/results/quality.json"
PAGE = ROOT / "docs/quality.md"

HEAD = """# How good recommendations are

Figures on public data, beside those that others have published on exactly these splits. `make quality` measures them,
and fails if one falls short of its record; this page is written from its results. Parameters were chosen on a part
of the training data that was put aside, but for those of the lines "as given", of ALS on Gowalla and MovieLens, and of EASE, which came with
the data or were published; `benches/quality/lines.py` says how.

![Each figure beside what others have published on the same split](assets/quality.svg)

| | metric | ours | published | by whom | difference | seconds | on |
|---|---|---:|---:|---|---:|---:|---|
"""


def measured(name):
    """What a line gives, or None where its data is missing."""
    started = time.perf_counter()
    try:
        found = LINES[name].run()
    except FileNotFoundError as error:
        print(f"{name}: the data is missing ({error})")
        return None
    return {
        "metrics": found,
        "seconds": round(time.perf_counter() - started, 1),
        "version": penchant.__version__,
        "cpu": cpu(),
    }


def cpu():
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def page(results):
    rows = []
    for name, line in LINES.items():
        for metric, value in sorted(results.get(name, {}).get("metrics", {}).items()):
            published = line.published.get(metric)
            beside = ("", line.source, "") if published is None else (
                f"{published:.4f}", line.source, f"{value - published:+.4f}"
            )  # fmt: skip
            cells = [
                name,
                metric,
                f"{value:.4f}",
                *beside,
                f"{results[name]['seconds']:.0f}",
                results[name]["cpu"],
            ]
            rows.append(f"| {' | '.join(cells)} |")
    return HEAD + "\n".join(rows) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lines", nargs="*", help=f"some of: {', '.join(LINES)}; by default all")
    wanted = parser.parse_args().lines or list(LINES)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    short = []
    for name in wanted:
        found = measured(name)
        if found is None:
            continue
        results[name] = found
        shown = "  ".join(f"{metric} {value:.4f}" for metric, value in found["metrics"].items())
        print(f"{name}: {shown}   ({found['seconds']:.0f} s)", flush=True)
        for metric, record in LINES[name].record.items():
            if found["metrics"][metric] < record:
                short.append(
                    f"{name}: {metric} is {found['metrics'][metric]:.4f}, its record is {record:.4f}"
                )
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")
        PAGE.write_text(page(results))
    if not any(name in results for name in wanted):
        sys.exit("nothing was measured: there is no data")
    if short:
        print("\nFALLEN SHORT OF ITS RECORD:", *short, sep="\n  ")
        sys.exit(1)


if __name__ == "__main__":
    main()

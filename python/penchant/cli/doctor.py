"""``penchant doctor``: what this machine and this installation are, and how fast."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from penchant.cli._output import add_output, check_output, put
from penchant.cli._parser import Verbs, add_command, add_quiet

_TEXT = """
Tells the CPU and the instructions that are used of it, how many threads there are, the versions of what takes
part, and how long a small fit and a search took. Put it into a report of a problem.
"""

_EXAMPLES = """
penchant doctor
penchant doctor --format json -o report.json
"""

# What is looked at if it is installed, besides what is always there.
_PACKAGES = ("numpy", "scipy", "narwhals", "pandas", "polars", "pyarrow", "optuna", "ray", "implicit")


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    what = "tell what this machine and installation are"
    command = add_command(verbs, "doctor", run, what, _TEXT, _EXAMPLES)
    add_quiet(command)
    add_output(command)


def run(options: argparse.Namespace) -> None:
    """Look, try, and tell."""
    check_output(options)
    facts = _machine() | _versions() | _speed()
    put({"property": list(facts), "value": list(facts.values())}, options)


def _machine() -> dict[str, Any]:
    import os
    import platform

    from penchant import _core

    return {
        "system": platform.platform(),
        "CPU": _cpu() or platform.processor() or platform.machine(),
        "instructions": _core.INSTRUCTION_SET,
        "PENCHANT_SIMD": os.environ.get("PENCHANT_SIMD"),
        "threads": _core.threads(),
        "memory, GiB": _memory(),
        "debug build": _core.DEBUG_BUILD,
    }


def _cpu() -> str | None:
    """Return what Linux calls the CPU."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def _memory() -> float | None:
    import os

    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
    return round(size / 2**30, 1)


def _versions() -> dict[str, Any]:
    import importlib.metadata
    import platform

    from penchant._core import __version__

    versions: dict[str, Any] = {"penchant": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _speed() -> dict[str, Any]:
    """Return how long a small fit and a search took, in milliseconds."""
    import time

    import numpy as np

    from penchant.als import AlternatingLeastSquares
    from penchant.datasets import made_plays

    plays = made_plays().matrix
    model = AlternatingLeastSquares(factors=64, iterations=5, random_state=0)
    ends: list[float] = []
    model.fit(plays, show_progress=False, callback=lambda *_: ends.append(time.perf_counter()))
    model.recommend(0, plays[[0]])  # which packs the items
    started = time.perf_counter()
    model.recommend(np.arange(plays.shape[0], dtype=np.int32), plays)
    searched = time.perf_counter() - started
    epoch = float(np.median(np.diff(ends)))
    users, items = plays.shape
    return {
        f"an epoch of {users:,} x {items:,}, 64 factors, ms": round(1e3 * epoch, 2),
        f"the best 10 for {users:,} users, ms": round(1e3 * searched, 2),
    }

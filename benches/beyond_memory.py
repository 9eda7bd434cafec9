"""A fit to a matrix in files under a memory limit of a third of its size, beside the same fit in memory.

    python benches/beyond_memory.py --folder /somewhere/with/6/GB

The limit is that of a memory cgroup, which needs root on Linux (version 1 or 2); page cache counts.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

USERS, ITEMS, EVENTS_PER_USER, GROUPS = 150_000, 30_000, 1_000, 40
SETTINGS = {"factors": 32, "iterations": 4, "random_state": 0}


def make(path):
    """Write events: half of them of what is popular, half of a taste."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(0)
    popularity = np.cumsum(np.arange(1, ITEMS + 1) ** -0.6)
    writer, at_a_time, half = None, 5_000, EVENTS_PER_USER // 2
    for first in range(0, USERS, at_a_time):
        chance = random.random((2, at_a_time, half)) * popularity[-1]
        popular, taste = np.searchsorted(popularity, chance).astype(np.int32)
        taste = taste % (ITEMS // GROUPS) * GROUPS + random.integers(0, GROUPS, (at_a_time, 1), np.int32)
        users = np.repeat(np.arange(first, first + at_a_time, dtype=np.int32), EVENTS_PER_USER)
        table = pa.table({"user": users, "item": np.concatenate([popular, taste], axis=1).ravel()})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def cgroup(limit):
    """Make a group with a limit, and return its folder."""
    root = Path("/sys/fs/cgroup")
    is_new = (root / "cgroup.controllers").exists()
    group = (root if is_new else root / "memory") / "penchant-bench"
    group.mkdir(exist_ok=True)
    (group / ("memory.max" if is_new else "memory.limit_in_bytes")).write_text(str(limit))
    return group


def fit(folder, where, group):
    """Fit in this process, inside of a group if there is one, and print the seconds."""
    if group:  # before anything is loaded
        (Path(group) / "cgroup.procs").write_text(str(os.getpid()))
    import numpy as np
    import scipy.sparse as sp

    import penchant

    data = penchant.Interactions.open(folder)
    if where == "memory":
        matrix = data.matrix
        arrays = tuple(np.array(array) for array in (matrix.data, matrix.indices, matrix.indptr))
        data = sp.csr_array(arrays, shape=matrix.shape)
    model, epochs = penchant.AlternatingLeastSquares(**SETTINGS), []
    start = time.perf_counter()
    model.fit(data, show_progress=False, callback=lambda _, seconds, __: epochs.append(seconds))
    seconds = time.perf_counter() - start
    (most,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    shown = " ".join(f"{epoch:.2f}" for epoch in epochs)
    print(
        f"{where}: {seconds:.2f} s, epochs {shown}, at most {int(most) >> 10} MiB, loss {model.loss_history[-1]:.9f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--fit", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    matrix = options.folder / "matrix"
    if options.fit:
        fit(matrix, *options.fit)
        return
    import penchant

    options.folder.mkdir(parents=True, exist_ok=True)
    events = options.folder / "events.parquet"
    if not events.exists():
        make(events)
    if not (matrix / "about.json").exists():
        start = time.perf_counter()
        penchant.Interactions.from_file(events, folder=matrix, show_progress=False)
        print(f"read and sorted in {time.perf_counter() - start:.1f} s")
    size = 8 * penchant.Interactions.open(matrix).nnz
    group = cgroup(size // 3)
    print(f"a matrix of {size / 1e6:.0f} MB, a limit of {size / 3e6:.0f} MB")
    for _ in range(options.rounds):
        for where, inside in (("memory", ""), ("disk", str(group))):
            Path("/proc/sys/vm/drop_caches").write_text("3")
            subprocess.run(
                [sys.executable, __file__, "--folder", options.folder, "--fit", where, inside], check=True
            )
    group.rmdir()


if __name__ == "__main__":
    main()

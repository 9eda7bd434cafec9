"""From a file of plays, or an Arrow table of them, to a CSR matrix: Penchant and what people write with pandas.

The file is shaped like LastFM-360K: user (a hash), MusicBrainz id, artist name, plays. Each measurement is a process
of its own, so that the peak of its memory is its own as well; the contestants take turns.
"""

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from penchant.datasets import lastfm_shaped

SYLLABLES = [
    "ra",
    "ne",
    "ko",
    "the ",
    "li",
    "mu",
    " of ",
    "san",
    "der",
    "bo",
    "wi",
    "x",
    "el",
    "qu",
    "is",
    "é",
]
CONTESTANTS = ["penchant, file", "pandas, file", "penchant, Arrow", "pandas, Arrow"]


def write(path, scale, rows):
    """Write `rows` lines: users of the made matrix one after the other, and again under other names."""
    matrix = lastfm_shaped(scale)
    random = np.random.default_rng(0)
    middles = []
    for artist in range(matrix.shape[1]):
        digest = hashlib.md5(str(artist).encode()).hexdigest()
        mbid = (
            "-".join([digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]])
            if artist % 40
            else ""
        )
        middles.append(f"\t{mbid}\t{''.join(random.choice(SYLLABLES, 4))} {artist}\t")
    with path.open("w", encoding="utf-8") as file:
        written = user = 0
        while written < rows:
            row = user % matrix.shape[0]
            name = hashlib.sha1(str(user).encode()).hexdigest()
            start, end = matrix.indptr[row : row + 2]
            for artist, plays in zip(matrix.indices[start:end], matrix.data[start:end], strict=True):
                file.write(f"{name}{middles[artist]}{plays:.0f}\n")
            written += end - start
            user += 1


def table_of(path):
    import pyarrow.csv as pc

    return pc.read_csv(
        path,
        read_options=pc.ReadOptions(column_names=["user", "mbid", "artist", "plays"]),
        parse_options=pc.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=pc.ConvertOptions(include_columns=["user", "artist", "plays"]),
    )


def by_categories(frame):
    import scipy.sparse as sp

    users, artists = frame["user"].astype("category"), frame["artist"].astype("category")
    matrix = sp.csr_matrix((frame["plays"].astype(np.float32), (users.cat.codes, artists.cat.codes)))
    matrix.sum_duplicates()
    return matrix


def peak_memory():
    """The most memory that this process has had, in MiB; what getrusage says includes its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def run(contestant, path):
    """Measure one contestant; its modules are imported and its table is read before the clock starts."""
    import pandas as pd

    from penchant import Interactions

    table = table_of(path) if "Arrow" in contestant else None
    before = peak_memory()
    started = time.perf_counter()
    if contestant == "penchant, file":
        matrix = Interactions.from_file(
            path, "\t", False, 0, 2, 3, on_bad_rows="skip", show_progress=False
        ).matrix
    elif contestant == "penchant, Arrow":
        matrix = Interactions.from_frame(table, "user", "artist", "plays").matrix
    elif contestant == "pandas, file":
        names = ["user", "mbid", "artist", "plays"]
        matrix = by_categories(
            pd.read_csv(path, sep="\t", names=names, usecols=[0, 2, 3], quoting=3, keep_default_na=False)
        )
    else:
        matrix = by_categories(table.to_pandas())
    seconds = time.perf_counter() - started
    peak = peak_memory()
    print(
        json.dumps(
            [
                seconds,
                peak,
                peak - before,
                *matrix.shape,
                matrix.nnz,
                float(matrix.sum(dtype=np.float64)),
            ]
        )
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.1, help="of the users and artists of LastFM-360K")
    parser.add_argument("--rows", type=int, help="lines of the file; by default 17 million times the scale")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--file", type=Path, default=Path("benches/peers/results/plays.tsv"))
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(options.run, options.file)
        return
    options.file.parent.mkdir(parents=True, exist_ok=True)
    write(options.file, options.scale, options.rows or int(17e6 * options.scale))
    measured = {contestant: [] for contestant in CONTESTANTS}
    for _ in range(options.repeats):
        for contestant, found in measured.items():
            command = [sys.executable, __file__, "--file", str(options.file), "--run", contestant]
            found.append(
                json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            )
    answers = {tuple(found[3:]) for founds in measured.values() for found in founds}
    print(f"{options.file.stat().st_size / 1e6:.0f} MB, users x artists, entries and sum: {sorted(answers)}")
    print(f"{'':18}{'s (all)':>30}{'median':>10}{'peak MiB':>10}{'of it more':>12}")
    for contestant, found in measured.items():
        seconds = [result[0] for result in found]
        every = " ".join(f"{second:.2f}" for second in seconds)
        peak, more = (statistics.median(result[place] for result in found) for place in (1, 2))
        print(f"{contestant:18}{every:>30}{statistics.median(seconds):10.2f}{peak:10.0f}{more:12.0f}")
    for source in ("file", "Arrow"):
        ours, theirs = (
            statistics.median(result[0] for result in measured[f"{who}, {source}"])
            for who in ("penchant", "pandas")
        )
        print(f"{source}: pandas takes {theirs / ours:.1f} x as long")
    options.file.unlink()


if __name__ == "__main__":
    main()

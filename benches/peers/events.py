"""From a file of plays, or an Arrow table of them, to a CSR matrix: Penchant and what people write with pandas, Polars
and DuckDB.

The file is shaped like LastFM-360K: user (a hash), MusicBrainz id, artist name, plays. Each measurement is a process
of its own, so that the peak of its memory is its own as well; the contestants take turns.
"""

import argparse
import hashlib
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from record import keep

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
COLUMNS = ["user", "mbid", "artist", "plays"]
CONTESTANTS = [
    "penchant, file", "pandas, file", "polars, file", "duckdb, file", "penchant, Arrow", "pandas, Arrow"
]  # fmt: skip


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


def summed(users, artists, plays):
    import scipy.sparse as sp

    matrix = sp.csr_matrix((np.asarray(plays, np.float32), (users, artists)))
    matrix.sum_duplicates()
    return matrix


def by_categories(frame):
    users, artists = frame["user"].astype("category"), frame["artist"].astype("category")
    return summed(users.cat.codes, artists.cat.codes, frame["plays"])


def with_pandas(path):
    import pandas as pd

    return by_categories(
        pd.read_csv(path, sep="\t", names=COLUMNS, usecols=[0, 2, 3], quoting=3, keep_default_na=False)
    )


def with_polars(path):
    import polars as pl

    # Lazily, so that it reads the three columns alone.
    lines = pl.scan_csv(path, separator="\t", has_header=False, new_columns=COLUMNS, quote_char=None)
    frame = lines.select("user", "artist", "plays").collect()

    def codes(column):
        # Categories of its own, so that codes are dense.
        kind = pl.Categorical(pl.Categories.random()) if hasattr(pl, "Categories") else pl.Categorical
        return frame[column].cast(kind).to_physical().to_numpy()

    return summed(codes("user"), codes("artist"), frame["plays"].to_numpy())


def with_duckdb(path):
    import duckdb

    database = duckdb.connect()
    database.execute(
        "CREATE TABLE plays AS SELECT column0 AS user, column2 AS artist, column3 AS plays FROM read_csv(?, "
        "delim='\t', header=false, quote='', columns={'column0': 'VARCHAR', 'column1': 'VARCHAR', "
        "'column2': 'VARCHAR', 'column3': 'INTEGER'})",
        [str(path)],
    )
    for column in ("user", "artist"):
        database.execute(f'CREATE TYPE {column}s AS ENUM (SELECT DISTINCT "{column}" FROM plays)')
    found = database.execute(
        'SELECT enum_code("user"::users) AS user, enum_code(artist::artists) AS artist, plays FROM plays'
    ).fetchnumpy()
    return summed(found["user"], found["artist"], found["plays"])


def peak_memory():
    """The most memory that this process has had, in MiB; what getrusage says includes its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def run(contestant, path):
    """Measure one contestant; its modules are imported and its table is read before the clock starts."""
    from penchant import Interactions

    who = contestant.split(",")[0]
    importlib.import_module(who)
    importlib.import_module("scipy.sparse")

    table = table_of(path) if "Arrow" in contestant else None
    before = peak_memory()
    started = time.perf_counter()
    if contestant == "penchant, file":
        matrix = Interactions.from_file(
            path, "\t", False, 0, 2, 3, on_bad_rows="skip", show_progress=False
        ).matrix
    elif contestant == "penchant, Arrow":
        matrix = Interactions.from_frame(table, "user", "artist", "plays").matrix
    elif contestant == "pandas, Arrow":
        matrix = by_categories(table.to_pandas())
    else:
        matrix = {"pandas": with_pandas, "polars": with_polars, "duckdb": with_duckdb}[who](path)
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
    parser.add_argument("--keep", action="store_true", help="for docs/speed.md as well")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(options.run, options.file)
        return
    options.file.parent.mkdir(parents=True, exist_ok=True)
    write(options.file, options.scale, options.rows or int(17e6 * options.scale))
    measured = {}
    for contestant in CONTESTANTS:
        if importlib.util.find_spec(contestant.split(",")[0]):
            measured[contestant] = []
        else:
            print(f"{contestant} is left out: pip install penchant[bench]")
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
    medians = {name: statistics.median(result[0] for result in found) for name, found in measured.items()}
    for contestant, seconds in medians.items():
        who, source = contestant.split(", ")
        if who != "penchant":
            print(f"{source}: {who} takes {seconds / medians[f'penchant, {source}']:.1f} x as long")
    size = options.file.stat().st_size
    options.file.unlink()
    if options.keep:
        rows = []
        for source, kind in (("file", "a TSV file with labels"), ("Arrow", "an Arrow table with labels")):
            seconds = {name.split(",")[0]: value for name, value in medians.items() if name.endswith(source)}
            rows.append({"what": f"from {kind} to CSR", "seconds": seconds})
        keep("events", f"{size / 1e6:.0f} MB, a line for each user and artist", rows)


if __name__ == "__main__":
    main()

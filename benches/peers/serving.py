"""How long does a list take over HTTP: `penchant serve`, and implicit behind the same framework.

On 127.0.0.1, with `wrk` (of Debian's packages) as the client, on the same machine. Both serve the same factors and leave
out what users have. They take turns, and medians of the turns are reported; before that their lists are compared.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

from record import keep

from penchant import AlternatingLeastSquares, Interactions, Recommender
from penchant.datasets import lastfm_shaped

HERE = Path(__file__).parent
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
ASKED = 4000


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def served(library, model, workers):
    """A service, until it is no longer needed."""
    port = free_port()
    command = ["penchant", "serve", str(model), "--no-page", "--quiet"]
    if library == "implicit":
        command = ["uvicorn", "implicit_service:app", "--no-access-log", "--log-level", "warning"]
    command = [sys.executable, "-m", *command, "--port", str(port), "--workers", str(workers)]
    environment = os.environ | {"MODEL": str(model), "OPENBLAS_NUM_THREADS": "1"}  # implicit asks for it
    process = subprocess.Popen(command, cwd=HERE, env=environment)
    try:
        for _ in range(600):
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json"),
            ):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def load(address, script, connections, seconds):
    """The median and the 99th percentile of the time of a request, and the requests a second."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", str(script), address]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(said)
    words = said.split()
    half, most, rate = (words[words.index(name) + 1] for name in ("50%", "99%", "Requests/sec:"))
    return seconds_of(half), seconds_of(most), float(rate)


def asking(count, step):
    """What `wrk` asks for: the lists of so many users, each so many after the one before, in an order that jumps."""
    return (
        f"local at = 0\nrequest = function()\n  at = (at + 7919) % {count}\n"
        f'  return wrk.format("GET", "/recommend?n=10&user=user%20" .. at * {step})\nend\n'
    )


def seconds_of(text):
    number = text.rstrip("mus")
    return float(number) * UNITS[text[len(number) :]]


def compare_lists(addresses, users):
    for user in users[:20]:
        found = []
        for address in addresses:
            with urllib.request.urlopen(
                f"{address}/recommend?n=10&user={urllib.parse.quote(user)}"
            ) as answer:
                found.append([item["item"] for item in json.load(answer)["items"]])
        if found[0] != found[1]:
            raise SystemExit(f"lists of {user} differ: {found}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--scale", type=float, default=1.0, help="part of LastFM-360K's users and items (default 1)"
    )
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement (default 5)")
    parser.add_argument("--keep", action="store_true", help="write benches/results/ and docs/speed.md")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    matrix = lastfm_shaped(options.scale, seed=0)
    n_users, n_items = matrix.shape
    data = Interactions.from_matrix(
        matrix, [f"user {at}" for at in range(n_users)], [f"artist {at}" for at in range(n_items)]
    )
    model = AlternatingLeastSquares(factors=64, iterations=3, random_state=0)
    recommender = Recommender(model).fit(data, show_progress=False)
    with tempfile.TemporaryDirectory() as folder:
        file, script = Path(folder) / "model.safetensors", Path(folder) / "ask.lua"
        recommender.save(file)
        step = max(n_users // ASKED, 1)
        script.write_text(asking(n_users // step, step))
        with served("penchant", file, 1) as ours, served("implicit", file, 1) as theirs:
            compare_lists((ours, theirs), [f"user {at * step}" for at in range(n_users // step)])
        rows = measure(file, script, options)
    about = f"{n_items:,} items, shaped like LastFM-360K, 64 factors".replace(",", " ", 1)
    print(f"{n_users:,} users, {about}")
    for row in rows:
        shown = ", ".join(f"{name} {1e3 * seconds:.2f} ms" for name, seconds in row["seconds"].items())
        print(f"{row['what']}: {shown}")
    if options.keep:
        keep("http", about, rows)


def measure(file, script, options):
    names = {1: "one after the other", 8: "8 connections", 64: "64 connections"}
    found = {}
    for _ in range(options.turns):
        for workers in (1, 2):
            for library in ("penchant", "implicit"):
                with served(library, file, workers) as address:
                    load(address, script, 8, 1)
                    for connections in names:
                        measured = load(address, script, connections, options.seconds)
                        found.setdefault((workers, connections, library), []).append(measured)
    rows = []
    for workers in (1, 2):
        for connections, name in names.items():
            for place, what in enumerate(("median", "99th percentile", "a request, all in all")):
                seconds = {}
                for library in ("penchant", "implicit"):
                    values = [each[place] for each in found[workers, connections, library]]
                    middle = statistics.median(values)
                    seconds[library] = 1 / middle if place == 2 else middle
                plural = "s" if workers > 1 else ""
                rows.append({"what": f"{workers} worker{plural}, {name}: {what}", "seconds": seconds})
    return rows


if __name__ == "__main__":
    main()

"""A service under load for some minutes, while events come in and models are swapped: does it lose or leak anything?

`wrk` (of Debian's packages) asks for lists; this process posts events and replaces the model. On 127.0.0.1 alone.
"""

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "python"))
sys.path.insert(0, str(Path(__file__).parent / "peers"))

from service import Processes
from serving import asking

from penchant import AlternatingLeastSquares, Interactions, Recommender
from penchant.datasets import lastfm_shaped


def resident(pid):
    """Private and shared memory of a process that is in use, in MiB."""
    said = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return (
        sum(int(size) for size in re.findall(r"^(?:Private_Dirty|Private_Clean): +(\d+)", said, re.M)) / 1024
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument(
        "--scale", type=float, default=0.1, help="part of LastFM-360K's users and items (default 0.1)"
    )
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    matrix = lastfm_shaped(options.scale, seed=0)
    n_users, n_items = matrix.shape
    data = Interactions.from_matrix(
        matrix, [f"user {at}" for at in range(n_users)], [f"i{at}" for at in range(n_items)]
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for seed in (0, 1):
            model = AlternatingLeastSquares(factors=64, iterations=2, random_state=seed)
            Recommender(model).fit(data, show_progress=False).save(place / f"model{seed}")
        shutil.copy(place / "model0", place / "model")
        script = place / "ask.lua"
        script.write_text(asking(n_users, 1))
        with Processes(place / "model", "--workers", "2", "--events", str(place / "events"), "-q") as service:
            soak(service, place, script, options.minutes, n_users, n_items)


def soak(service, place, script, minutes, n_users, n_items):
    workers = service.workers()
    address = f"http://127.0.0.1:{service.port}"
    command = [
        "wrk",
        "-t1",
        "-c16",
        f"-d{int(60 * minutes)}",
        "--latency",
        "--timeout",
        "10",
        "-s",
        str(script),
        address,
    ]
    load = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    posted, refused, swaps, done = 0, [], 0, threading.Event()

    def post():
        nonlocal posted
        chance = random.Random(0)
        while not done.is_set():
            events = [
                {"user": f"user {chance.randrange(n_users + 500)}", "item": f"i{chance.randrange(n_items)}"}
                for _ in range(3)
            ]
            status, answer = service.post("/events", {"events": events})
            posted += status == 200
            if status != 200:
                refused.append((status, answer))
            time.sleep(0.2)

    poster = threading.Thread(target=post)
    poster.start()
    sizes = []
    while load.poll() is None:
        time.sleep(10)
        swaps += 1
        shutil.copy(place / f"model{swaps % 2}", place / "new")
        (place / "new").replace(place / "model")
        sizes.append([resident(pid) for pid in workers])
        print(
            f"{10 * swaps} s: {', '.join(f'{size:.0f} MiB' for size in sizes[-1])}, {posted} posts",
            flush=True,
        )
    done.set()
    poster.join()
    print(load.stdout.read())
    print(f"{swaps} swaps, {posted} posts of events, {len(refused)} refused {refused[:2]}")
    alive = service.workers()
    print(
        "workers are those of the beginning" if alive == workers else f"workers were {workers}, are {alive}"
    )


if __name__ == "__main__":
    main()

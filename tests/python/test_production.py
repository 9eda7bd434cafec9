"""Life in a server: forks, threads, Ctrl-C, affinity."""

import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from conftest import random_ratings

from penchant.als import AlternatingLeastSquares

USERS = np.arange(300)


@pytest.fixture(scope="module")
def ratings():
    return random_ratings(users=300, items=2000, density=0.02)


@pytest.fixture
def model(ratings):
    return AlternatingLeastSquares(factors=16, random_state=0).fit(ratings, show_progress=False)


def answers(model, ratings):
    return [
        *model.recommend(USERS, ratings),
        *model.similar_items(np.arange(50)),
        *model.recommend(7, ratings[[7]], recalculate_user=True),
        *model.audience(5, by="rank"),
    ]


def assert_same(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_threads_get_the_answers_that_one_would(model, ratings):
    expected = answers(model, ratings)
    fresh = pickle.loads(pickle.dumps(model))  # nothing packed yet: all threads want it at once
    start = threading.Barrier(8)

    def ask(_):
        start.wait()
        return [answers(fresh, ratings) for _ in range(3)]

    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(ask, range(8)):
            for each in found:
                assert_same(each, expected)


def test_a_model_answers_while_a_copy_is_fitted(model, ratings):
    expected = answers(model, ratings)
    copy = pickle.loads(pickle.dumps(model))
    copy.iterations = 200
    fitting = threading.Thread(target=copy.fit, args=(ratings, False))
    fitting.start()
    while fitting.is_alive():
        assert_same(answers(model, ratings), expected)
    fitting.join()


def test_readers_of_a_model_that_is_replaced_see_the_old_or_the_new(model, ratings):
    # Two fits whose bases have nothing to do with each other: a mixture gives other answers than both.
    fits = [
        AlternatingLeastSquares(factors=16, random_state=seed, iterations=2).fit(ratings, show_progress=False)
        for seed in (1, 2)
    ]

    def all_answers(model):
        file = io.BytesIO()
        model.save(file)
        saved = AlternatingLeastSquares.load(io.BytesIO(file.getvalue()))
        return (
            model.recommend(5, None, filter_already_liked_items=False)[1].tobytes(),
            model.recalculate_user(7, ratings[[7]]).tobytes(),
            model.recommend(7, ratings[[7]], recalculate_user=True)[1].tobytes(),
            saved.user_factors.tobytes() + saved.item_factors.tobytes(),
        )

    known = [all_answers(fit) for fit in fits]
    model.user_factors, model.item_factors = fits[0].user_factors, fits[0].item_factors
    stop = threading.Event()

    def replace():
        while not stop.is_set():
            for fit in fits:
                model._store.replace(fit.user_factors, fit.item_factors)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    replacing = threading.Thread(target=replace)
    replacing.start()
    try:
        for _ in range(300):
            for found, one, other in zip(all_answers(model), *known, strict=True):
                assert found in (one, other)
        assert replacing.is_alive()
    finally:
        stop.set()
        replacing.join()
        sys.setswitchinterval(before)


def test_partial_fits_from_many_threads_all_arrive(model, ratings):
    expected = model.recalculate_user(np.arange(100), ratings[:100])
    parts = np.arange(1000, 1100).reshape(4, 25)

    def fit(part):
        for user in part:
            model.partial_fit_users(user, ratings[[user - 1000]])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fit, parts))
    np.testing.assert_allclose(model.user_factors[1000:], expected, atol=1e-5)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")

FORKED = """
import os, sys, threading
import numpy as np
sys.path.insert(0, sys.argv[1])
from conftest import random_ratings
from penchant.als import AlternatingLeastSquares

ratings = random_ratings(users=300, items=2000, density=0.02)
model = AlternatingLeastSquares(factors=16, random_state=0).fit(ratings, show_progress=False)
expected = model.recommend(np.arange(300), ratings)[0]
stop = threading.Event()

def work():
    while not stop.is_set():
        AlternatingLeastSquares(factors=4, iterations=1, num_threads=1 + len(ratings.data) % 3).fit(
            ratings, show_progress=False
        )

if sys.argv[2] == "busy":
    threading.Thread(target=work, daemon=True).start()
for _ in range(10):
    child = os.fork()
    if child == 0:
        same = (model.recommend(np.arange(300), ratings)[0] == expected).all()
        again = AlternatingLeastSquares(factors=16, random_state=0).fit(ratings, show_progress=False)
        same &= (again.user_factors == model.user_factors).all()
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
stop.set()
assert (model.recommend(np.arange(300), ratings)[0] == expected).all()
print("done")
"""


@needs_fork
@pytest.mark.parametrize("parent", ["idle", "busy"])
def test_everything_works_after_a_fork(parent):
    arguments = [sys.executable, "-W", "ignore", "-c", FORKED, str(Path(__file__).parent), parent]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "done\n", done.stderr


POOLED = """
import multiprocessing, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from conftest import random_ratings
from penchant.als import AlternatingLeastSquares

ratings = random_ratings(users=300, items=2000, density=0.02)

def ask(model):
    return model.recommend(np.arange(300), ratings)[0]

if __name__ == "__main__":
    model = AlternatingLeastSquares(factors=16, random_state=0).fit(ratings, show_progress=False)
    with multiprocessing.get_context(sys.argv[2]).Pool(2) as pool:
        for found in pool.map(ask, [model] * 4):
            assert (found == ask(model)).all()
    print("done")
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_pools_of_processes_work(tmp_path, method):
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("there is no fork on this system")
    (tmp_path / "pooled.py").write_text(POOLED)
    arguments = [
        sys.executable,
        "-W",
        "ignore",
        str(tmp_path / "pooled.py"),
        str(Path(__file__).parent),
        method,
    ]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "done\n", done.stderr


INTERRUPTED = """
import signal
import numpy as np, scipy.sparse as sp
from penchant.als import AlternatingLeastSquares
signal.signal(signal.SIGINT, signal.default_int_handler)
random = np.random.default_rng(0)
model = AlternatingLeastSquares(factors=128)
model.user_factors = random.normal(size=(30_000, 128)).astype(np.float32)
model.item_factors = random.normal(size=(30_000, 128)).astype(np.float32)
everyone = np.tile(np.arange(30_000), 30)
model.item_factors = np.vstack([model.item_factors[:-1], np.zeros((1, 128), np.float32)])
rows = sp.random_array((100_000, 30_000), density=0.005, format="csr", dtype=np.float32, rng=0)
calls = {
    "recommend": lambda: model.recommend(everyone, None, N=100, filter_already_liked_items=False),
    "many results": lambda: model.recommend(everyone, None, N=3000, filter_already_liked_items=False),
    "audience": lambda: model.audience(29_999, by="rank"),
    "similar": lambda: model.similar_items(everyone, N=100),
    "recalculate": lambda: model.recalculate_user(np.arange(100_000), rows),
}
model.recommend(0, None, filter_already_liked_items=False)
model.similar_items(0)
for name, call in calls.items():
    print(name, flush=True)
    try:
        call()
        print("not interrupted", flush=True)
    except KeyboardInterrupt:
        assert len(model.similar_items(0)[0]) == 10
        print("interrupted", flush=True)
"""


def test_ctrl_c_ends_any_long_call_within_a_second():
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True) as process:
        for name in ("recommend", "many results", "audience", "similar", "recalculate"):
            assert process.stdout.readline() == f"{name}\n"
            time.sleep(0.7)
            process.send_signal(signal.SIGINT)
            asked = time.monotonic()
            assert process.stdout.readline() == "interrupted\n", name
            # A second, and as much again for a machine that does other things.
            assert time.monotonic() - asked < 2.0, name
        assert process.wait(timeout=20) == 0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="there is no affinity on this system")
def test_affinity_is_honoured():
    code = """
import os, threading
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import scipy.sparse as sp, numpy as np
from penchant.als import AlternatingLeastSquares
AlternatingLeastSquares(factors=4).fit(sp.eye_array(50, format="csr"), show_progress=False)
names = [open(f"/proc/self/task/{t}/comm").read().strip() for t in os.listdir("/proc/self/task")]
print(sum(name.startswith("penchant-") for name in names))
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "1\n"

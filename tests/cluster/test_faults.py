"""Workers that die, nodes that go, drivers that are killed: the same bits in the end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray
from conftest import NODE, same

import penchant
from penchant.distributed import _crew, _ray, _run, fit
from penchant.distributed._source import Rows
from penchant.exceptions import ModelFitError


def long(*parameters):
    return pytest.param(*parameters, marks=pytest.mark.long)


PHASES = [
    ("has_data", 1), long("deal", 1), ("needs", 1), long("sketch_users", 2), long("begin_epoch", 1),
    ("solve_users", 3), long("whiten", 5), ("solve_items", 2), ("save", 2), ("factors", 1),
]  # fmt: skip
SUM_PHASES = [
    long("meet_presence", 1), long("sketch_sums", 1), long("begin_items", 2), ("pass_", 6), ("advance", 3),
    long("end_items", 4),
]  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(nodes, plays):
    model = penchant.AlternatingLeastSquares(factors=8, iterations=4, random_state=3, relaxation=1.8)
    return fit(model, plays, workers=3, show_progress=False)


@pytest.mark.parametrize(("phase", "occurrence"), PHASES)
@pytest.mark.parametrize("delay", [0.0, long(0.004)])
def test_a_worker_that_is_killed_changes_nothing(
    nodes, plays, model, kill, undisturbed, tmp_path, phase, occurrence, delay
):
    killer = kill(phase, occurrence, delay=delay)
    again = fit(model(), plays, workers=3, checkpoint=tmp_path / "fit", show_progress=False)
    assert killer.killed
    assert same(again, undisturbed)


@pytest.mark.parametrize(("phase", "occurrence"), SUM_PHASES)
def test_nor_does_it_where_sums_travel(nodes, plays, model, kill, tmp_path, monkeypatch, phase, occurrence):
    monkeypatch.setattr(_run.Run, "_users_travel", staticmethod(lambda *_: False))
    quiet = fit(model(), plays, workers=2, show_progress=False)
    killer = kill(phase, occurrence)
    again = fit(model(), plays, workers=3, show_progress=False)
    assert killer.killed
    assert same(again, quiet)


@pytest.mark.parametrize("is_folder", [False, True])
def test_nor_does_the_loss_of_a_node(nodes, plays, model, monkeypatch, undisturbed, tmp_path, is_folder):
    source, quiet, shards = plays, undisturbed, 64
    if is_folder:
        users, items = plays.matrix.nonzero()
        events = pa.table({"user": plays.users[users].tolist(), "item": items})
        for at in range(4):
            pq.write_table(events.slice(at * 21000, 21000), tmp_path / f"{at}.parquet")
        source, shards = str(tmp_path / "*.parquet"), 8
        quiet = fit(model(), source, workers=2, shards=8, show_progress=False)
    gone = []
    run = _crew.Crew.run

    def run_without(crew, phase, *args, **kwargs):
        if phase == "solve_items" and len(list((tmp_path / "fit").glob("epoch-*"))) == 2 and not gone:
            node_id = ray.get(
                crew._actors[1].__ray_call__.remote(lambda _: ray.get_runtime_context().get_node_id())
            )
            gone.append(next(node for node in nodes.worker_nodes if node.node_id == node_id))
            nodes.remove_node(gone[0], allow_graceful=False)
        return run(crew, phase, *args, **kwargs)

    monkeypatch.setattr(_crew.Crew, "run", run_without)
    try:
        again = fit(
            model(), source, workers=6, shards=shards, checkpoint=tmp_path / "fit", show_progress=False
        )
    finally:
        nodes.add_node(**NODE)
    assert gone
    assert same(again, quiet)


def test_workers_that_die_again_and_again_end_a_fit(nodes, plays, model, monkeypatch):
    run = _crew.Crew.run

    def run_and_die(crew, phase, *args, **kwargs):
        if phase == "solve_users":
            pid = ray.get(crew._actors[0].__ray_call__.remote(lambda _: os.getpid()))
            os.kill(pid, signal.SIGKILL)
        return run(crew, phase, *args, **kwargs)

    monkeypatch.setattr(_crew.Crew, "run", run_and_die)
    monkeypatch.setattr(_run, "_MOST_LOSSES", 1)
    with pytest.raises(ModelFitError, match="workers were lost 2 times in one epoch"):
        fit(model(), plays, workers=2, show_progress=False)


class Driver:
    """A process with a fit of its own, ended with the test."""

    def __init__(self, folder, workers, pause, address=None):
        env = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
        env |= {"RAY_ADDRESS": address} if address else {}
        script = Path(__file__).with_name("driver.py")
        command = [sys.executable, str(script), str(folder), str(workers), str(pause)]
        self.process = subprocess.Popen(
            command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.lines = []

    def until(self, line):
        for said in self.process.stdout:
            self.lines.append(said.strip())
            if said.startswith(line):
                return
        raise AssertionError(f"{self.lines} {self.process.stderr.read()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdout, self.process.stderr):
            pipe.close()


def idle(nodes, seconds=20):
    """Whether all CPUs of the cluster are free again."""
    for _ in range(seconds * 10):
        if ray.available_resources().get("CPU") == ray.cluster_resources()["CPU"]:
            return True
        time.sleep(0.1)
    return False


def test_a_driver_that_is_killed_is_resumed(nodes, plays, model, undisturbed, tmp_path):
    with Driver(tmp_path / "fit", 3, 0.3, nodes.address) as driver:
        driver.until("epoch 1")
        driver.process.kill()
    assert idle(nodes)
    again = fit(model(), plays, workers=2, checkpoint=tmp_path / "fit", resume=True, show_progress=False)
    assert same(again, undisturbed)
    assert not list(tmp_path.rglob("*.part"))


def test_ctrl_c_ends_a_fit_and_leaves_its_checkpoint(nodes, plays, model, undisturbed, tmp_path):
    with Driver(tmp_path / "fit", 3, 0.3, nodes.address) as driver:
        driver.until("epoch 1")
        driver.process.send_signal(signal.SIGINT)
        driver.until("interrupted True False")
        assert driver.process.wait(10) != 0
    assert idle(nodes)
    again = fit(model(), plays, workers=2, checkpoint=tmp_path / "fit", resume=True, show_progress=False)
    assert same(again, undisturbed)


def test_without_a_cluster_there_is_one_on_this_machine_alone(nodes, undisturbed, tmp_path):
    with Driver(tmp_path / "fit", 2, 0.0) as driver:
        driver.until("losses")
    assert driver.lines[0] == "nodes 127.0.0.1"
    losses = [float(loss) for loss in driver.lines[-1].split()[1:]]
    assert losses == undisturbed.model.loss_history


def test_a_cluster_that_is_too_small_is_refused_with_the_numbers(nodes, plays, model, monkeypatch):
    def go(**more):
        return fit(model(), plays, show_progress=False, **more)

    with pytest.raises(
        ValueError, match="9 workers of 1 thread each need more than the cluster has, which is 8 CPUs"
    ):
        go(workers=9)
    with pytest.raises(ValueError, match="3 workers of 3 threads each .* 8 CPUs on 5 nodes, with room for 0"):
        go(workers=3, threads_per_worker=3)
    with pytest.raises(ValueError, match="workers must be at least 1"):
        go(workers=0)
    with pytest.raises(ValueError, match="shards must be a power of two, up to 4096, got 48"):
        go(shards=48)
    rows = Rows([None] * 16, [0] * 17, [80920 // 16] * 16, np.zeros(5, np.int64), None, "", lambda: plays)
    with pytest.raises(ValueError, match="workers must be at most 8 for 80912 entries in 16 shards, got 9"):
        _run.Run(model(), rows, 9, 1)
    monkeypatch.setattr(_run.Run, "memory", lambda _: 1 << 50)
    with pytest.raises(MemoryError, match="2 workers take 1048576.00 GiB each, and the nodes"):
        go()
    monkeypatch.undo()
    monkeypatch.setattr(_ray, "PATIENCE", 1.0)
    blocker = ray.remote(lambda: time.sleep(30)).options(num_cpus=2).remote()
    with pytest.raises(TimeoutError, match="found no room for 8 workers of 1 CPUs within 1 s"):
        go(workers=8)
    ray.cancel(blocker, force=True)
    for wrong, message in [
        (penchant.Popularity(), "model must be an AlternatingLeastSquares"),
        (model(solver="cholesky"), "solver must be 'auto' or 'cg'"),
    ]:
        with pytest.raises((TypeError, ValueError), match=message):
            fit(wrong, plays)

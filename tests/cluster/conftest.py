"""A cluster of four nodes on this machine, which listens on 127.0.0.1 alone and ends with the tests."""

import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

# Ray reads these when it is imported; processes that it starts inherit them.
os.environ |= {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # which means: use the loopback address
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
}

import ray
from ray.cluster_utils import Cluster

import penchant
from penchant.datasets import made_plays
from penchant.distributed import _crew

NODE = {"num_cpus": 2, "object_store_memory": 150 << 20, "node_ip_address": "127.0.0.1"}
# Nodes that have gone are noticed within two seconds.
QUICK = {
    "health_check_initial_delay_ms": 500,
    "health_check_period_ms": 400,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}


def pytest_configure(config):
    """Leave the warnings of engines to their makers."""
    for ignored in ("DeprecationWarning", "FutureWarning", "ResourceWarning", "UserWarning"):
        config.addinivalue_line("filterwarnings", f"ignore::{ignored}")
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="session")
def nodes():
    """The cluster: a head without CPUs, and four nodes of two."""
    head = NODE | {"num_cpus": 0, "include_dashboard": False, "_system_config": QUICK}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(4):
            cluster.add_node(**NODE)
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture(scope="session")
def plays():
    made = made_plays()
    return penchant.Interactions.from_matrix(
        made.matrix, [f"u{user}" for user in range(made.matrix.shape[0])]
    )


@pytest.fixture
def model():
    def made(**parameters):
        defaults = {"factors": 8, "iterations": 4, "random_state": 3, "relaxation": 1.8}
        return penchant.AlternatingLeastSquares(**defaults | parameters)

    return made


def same(a, b):
    """Whether two recommenders have the same bits."""
    return (
        np.array_equal(a.model.user_factors, b.model.user_factors)
        and np.array_equal(a.model.item_factors, b.model.item_factors)
        and a.model.loss_history == b.model.loss_history
    )


class Killer:
    """Kills workers at some point of a fit."""

    def __init__(self, phase, occurrence, rank=1, delay=0.0):
        self.phase, self.left, self.rank, self.delay = phase, occurrence, rank, delay
        self.killed = []

    def before(self, crew, phase):
        if phase != self.phase:
            return
        self.left -= 1
        if self.left == 0:
            pid = ray.get(crew._actors[self.rank].__ray_call__.remote(lambda _: os.getpid()))
            threading.Timer(self.delay, self._kill, [pid]).start() if self.delay else self._kill(pid)

    def _kill(self, pid):
        os.kill(pid, signal.SIGKILL)
        self.killed.append(pid)


@pytest.fixture
def kill(monkeypatch):
    """Kill a worker in a phase: for the how manieth time, and how long after it has begun."""

    def during(phase, occurrence=1, **more):
        killer = Killer(phase, occurrence, **more)
        run, everyone = _crew.Crew.run, _crew.Crew.all

        def run_and_kill(crew, name, *args, **kwargs):
            killer.before(crew, name)
            return run(crew, name, *args, **kwargs)

        def all_and_kill(crew, name, *args):
            killer.before(crew, name)
            return everyone(crew, name, *args)

        monkeypatch.setattr(_crew.Crew, "run", run_and_kill)
        monkeypatch.setattr(_crew.Crew, "all", all_and_kill)
        return killer

    return during

"""Workers as actors of Ray."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from typing import Any

from penchant.distributed._crew import Crew, WorkerLostError
from penchant.distributed._worker import Worker

#: How long a cluster may take to find room for workers, and for those that are started again.
PATIENCE = 300.0


def import_ray() -> Any:
    """Return Ray, or say how to get it."""
    try:
        import pyarrow as pa  # noqa: F401, PLC0415 - both are optional
        import ray  # noqa: PLC0415
    except ImportError:
        msg = "sharing a fit among workers needs Ray: pip install 'penchant[ray]'"
        raise ImportError(msg) from None
    return ray


@contextlib.contextmanager
def cluster(cpus: int) -> Iterator[Any]:
    """Use the caller's cluster: the one that Ray is connected to, or that RAY_ADDRESS names.

    Without any it is one of this machine. That listens on 127.0.0.1 alone, and ends with the block.
    """
    ray = import_ray()
    if ray.is_initialized():
        yield ray
        return
    if os.environ.get("RAY_ADDRESS"):
        ray.init(log_to_driver=False)
    else:
        with _loopback():
            ray.init(
                "local", num_cpus=cpus, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
            )
    try:
        yield ray
    finally:
        ray.shutdown()


@contextlib.contextmanager
def _loopback() -> Iterator[None]:
    """Have Ray listen on 127.0.0.1, as it does by itself on Windows and macOS."""
    from ray._private import ray_constants  # noqa: PLC0415

    name = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # read by the processes that Ray starts
    before = os.environ.get(name), ray_constants.ENABLE_RAY_CLUSTER
    os.environ[name], ray_constants.ENABLE_RAY_CLUSTER = "0", False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before[1]
        if before[0] is None:
            del os.environ[name]
        else:
            os.environ[name] = before[0]


def check_room(ray: Any, workers: int, threads: int, needed: int) -> None:
    """Raise if the cluster has not the CPUs or the memory for so many workers who need so many bytes each."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    places = sum(int(node.get("CPU", 0)) // threads for node in nodes)
    if places < workers:
        cpus = sum(int(node.get("CPU", 0)) for node in nodes)
        each = f"{threads} thread{'s' if threads > 1 else ''}"
        msg = (
            f"{workers} workers of {each} each need more than the cluster has, which is {cpus} CPUs on "
            f"{len(nodes)} node{'s' if len(nodes) > 1 else ''}, with room for {places}"
        )
        raise ValueError(msg)
    memory = [int(node.get("memory", 0)) for node in nodes]
    room = sum(
        min(int(node.get("CPU", 0)) // threads, size // needed)
        for node, size in zip(nodes, memory, strict=True)
    )
    if room < workers:
        has = ", ".join(f"{size / 2**30:.2f}" for size in memory)
        msg = (
            f"{workers} workers take {needed / 2**30:.2f} GiB each, and the nodes of the cluster have "
            f"{has} GiB: more workers take less each, and so do fewer factors"
        )
        raise MemoryError(msg)


class RayCrew(Crew):
    """Actors, one for each worker; a cluster that has room for it starts those anew that die."""

    def __init__(self, ray: Any, size: int, threads: int) -> None:
        from ray.util.placement_group import placement_group  # noqa: PLC0415
        from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy  # noqa: PLC0415

        self._ray, self.size = ray, size
        self._actors: list[Any] = []
        self._group = placement_group([{"CPU": threads}] * size, strategy="SPREAD")
        try:
            if not self._group.wait(PATIENCE):
                free = ray.available_resources().get("CPU", 0)
                msg = (
                    f"the cluster found no room for {size} workers of {threads} CPUs "
                    f"within {PATIENCE:.0f} s: {free:.0f} are free"
                )
                raise TimeoutError(msg)
            actor = ray.remote(Worker)
            for rank in range(size):
                place = PlacementGroupSchedulingStrategy(self._group, placement_group_bundle_index=rank)
                options = {"num_cpus": threads, "max_restarts": -1, "scheduling_strategy": place}
                self._actors.append(actor.options(**options).remote(rank))
        except BaseException:
            self.close()
            raise

    def call(self, rank: int, method: str, args: Sequence[Any], returns: int = 1) -> Any:
        """Call a method of an actor."""
        return getattr(self._actors[rank], method).options(num_returns=returns).remote(*args)

    def get(self, handles: Sequence[Any]) -> list[Any]:
        """Wait for the actors; what one of them raises is raised as it is."""
        errors = self._ray.exceptions
        lost = (
            errors.RayActorError, errors.ObjectLostError, errors.NodeDiedError, errors.WorkerCrashedError,
        )  # fmt: skip
        try:
            found: list[Any] = self._ray.get(list(handles))
        except lost as error:
            raise WorkerLostError(str(error)) from error
        except errors.RayTaskError as error:
            if isinstance(error.cause, lost):
                raise WorkerLostError(str(error.cause)) from error
            raise (error.cause if isinstance(error.cause, Exception) else error) from None
        return found

    def put(self, value: Any) -> Any:
        """Put a value where all actors can read it."""
        return self._ray.put(value)

    def gather(self) -> None:
        """Wait until all workers answer, those that were started again as well.

        Raises
        ------
        TimeoutError
            If one does not come back.
        """
        end = time.monotonic() + PATIENCE
        for rank in range(self.size):
            while True:
                try:
                    self._ray.get(self.call(rank, "has_data", ()), timeout=max(end - time.monotonic(), 1))
                    break
                except self._ray.exceptions.RayTaskError as error:
                    raise (error.cause if isinstance(error.cause, Exception) else error) from None
                except self._ray.exceptions.RayError as error:
                    if time.monotonic() > end:
                        msg = f"worker {rank} does not come back, within {PATIENCE:.0f} s: {error}"
                        raise TimeoutError(msg) from error
                    time.sleep(0.2)

    def close(self) -> None:
        """End all workers."""
        from ray.util.placement_group import remove_placement_group  # noqa: PLC0415

        for actor in self._actors:
            self._ray.kill(actor)
        remove_placement_group(self._group)

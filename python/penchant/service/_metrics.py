"""What is counted, for Prometheus: of all workers together where they share a folder for it."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.responses import Response

_SHARED = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)

REQUESTS = Counter("penchant_requests", "Requests that were answered.", ["method", "route", "status"])
SECONDS = Histogram("penchant_request_seconds", "How long requests took.", ["route"], buckets=_SECONDS)
EVENTS = Counter("penchant_events", "Events that were taken in.")
MODELS = Counter("penchant_models", "Newer files of the model, by what became of them.", ["outcome"])
WRITTEN = Gauge(
    "penchant_model_written_seconds",
    "When the file of the oldest model that answers was written, since 1970.",
    multiprocess_mode="livemin",
)


def answer() -> Response:
    """Return everything that is counted."""
    registry = CollectorRegistry()
    if _SHARED in os.environ:
        _forget_the_dead(Path(os.environ[_SHARED]))
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        for metric in (REQUESTS, SECONDS, EVENTS, MODELS, WRITTEN):
            registry.register(metric)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _forget_the_dead(folder: Path) -> None:
    """Remove what processes have left that have ended: they answer from no model any more."""
    for left in folder.glob("gauge_live*_*.db"):
        pid = int(left.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            left.unlink(missing_ok=True)
        except OSError:
            continue


def share_in(folder: str) -> None:
    """Let the workers of this process count together. Before this module is imported by any of them."""
    os.environ[_SHARED] = folder

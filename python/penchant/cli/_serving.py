"""What the commands have in common that start a service."""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from penchant.cli._messages import say
from penchant.cli._parser import number

if TYPE_CHECKING:
    import socket

    from penchant.service import Settings


#: What this machine is called by itself.
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


def settings_of(options: argparse.Namespace, **more: Any) -> Settings:
    """Return settings, after a look at the model: it is better to fail here than in every worker."""
    from penchant.cli._model_options import open_model

    try:
        from penchant.service import Settings
    except ImportError as error:
        msg = f"{error.name} is not installed: pip install 'penchant[serve]'"
        raise ImportError(msg) from None
    from penchant.cli._names import names_of

    settings = Settings(options.file, names=names_of(options), **more)
    recommender, data = open_model(options.file)
    if not options.quiet:
        users, items = data.shape
        kind = type(recommender.model).__name__
        say(f"{options.file}: {kind} of {users:,} users and {items:,} items")
    return settings


def run_server(
    settings: Settings, *, quiet: bool, sockets: list[socket.socket] | None = None, **options: Any
) -> None:
    """Serve until somebody stops it, at sockets that listen already, or where uvicorn's options say."""
    import signal
    import tempfile

    import uvicorn

    from penchant.service import Protocol, share_metrics

    options |= {
        "factory": True,
        "http": Protocol,
        "ws": "none",
        "access_log": False,
        "server_header": False,
        "log_config": _logging(quiet=quiet),
        "timeout_graceful_shutdown": int(settings.timeout) + 1,
    }
    app = "penchant.service:app_from_environment"
    # The server hands on what ends it, and what it shares has to be removed before that.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="penchant-", ignore_cleanup_errors=True) as folder:
        if options.get("workers", 1) > 1:
            share_metrics(folder)
        replace(settings, folder=folder).leave_in(folder)
        if sockets is None:
            uvicorn.run(app, **options)
        else:
            uvicorn.Server(uvicorn.Config(app, **options)).run(sockets=sockets)


def _logging(*, quiet: bool) -> dict[str, Any]:
    """Return how what happens is logged: a line each on standard error."""
    level = logging.WARNING if quiet else logging.INFO
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(process)d %(levelname)s %(message)s"}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "line"}
        },
        "loggers": {
            name: {"handlers": ["stderr"], "level": level, "propagate": False}
            for name in ("uvicorn", "penchant.service")
        },
    }


def port(text: str) -> int:
    """Return the number of a port; 0 stands for a free one."""
    value = number(int, text, "the number of a port")
    if not 0 <= value < 2**16:
        msg = f"must be the number of a port, got {value}"
        raise argparse.ArgumentTypeError(msg)
    return int(value)

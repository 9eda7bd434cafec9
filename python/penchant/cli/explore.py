"""``penchant explore``: a page to look at a model with."""

from __future__ import annotations

import argparse

from penchant.cli._messages import say
from penchant.cli._model_options import add_model
from penchant.cli._names import add_names
from penchant.cli._parser import Verbs, add_command, add_quiet
from penchant.cli._serving import LOOPBACK, port, run_server, settings_of

_TEXT = """
Opens a page in the browser: search for users and items, recommendations and what speaks for them, what is
like what, a map of the items, how often what is popular is recommended, and what somebody gets who likes
what you choose. It is for this machine alone, and fetches nothing from elsewhere. Needs penchant[serve].
"""

_EXAMPLES = """
penchant explore model.safetensors
penchant explore model.safetensors --names artists.dat
"""


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    command = add_command(verbs, "explore", run, "look at a model in the browser", _TEXT, _EXAMPLES)
    add_model(command)
    command.add_argument(
        "--port", type=port, default=0, metavar="N", help="at which port (default: a free one)"
    )
    command.add_argument("--no-browser", action="store_true", help="only say where the page is")
    add_names(command)
    add_quiet(command)


def run(options: argparse.Namespace) -> None:
    """Show the page until somebody stops it."""
    import socket
    import threading
    import webbrowser

    settings = settings_of(options, hosts=LOOPBACK)
    with socket.create_server(("127.0.0.1", options.port)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        say(f"{address} (Ctrl-C ends it)")
        if not options.no_browser:
            threading.Timer(1.0, webbrowser.open, [address]).start()
        run_server(settings, quiet=True, sockets=[listening])

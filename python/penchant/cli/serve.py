"""``penchant serve``: a model behind HTTP."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from penchant.cli._messages import say
from penchant.cli._model_options import add_model
from penchant.cli._names import add_names
from penchant.cli._parser import Verbs, add_command, add_quiet, count, number
from penchant.cli._serving import LOOPBACK, port, run_server, settings_of

_TEXT = """
Answers over HTTP, in JSON: /recommend, /recommend_for, /similar_items, /similar_users, /explain, /history,
/events, /health and /metrics; /openapi.json says how, and / is a page to look at the model with. A newer
file under the same name is taken without a pause. Needs penchant[serve].
"""

_EXAMPLES = """
penchant serve model.safetensors
penchant serve model.safetensors --workers 4 --events events.jsonl --token-file token.txt
curl 'http://127.0.0.1:8000/recommend?user=alice&n=5'
curl -H 'Content-Type: application/json' -d '{"items": {"nirvana": 30}}' http://127.0.0.1:8000/recommend_for
"""

_TOKEN = "PENCHANT_TOKEN"  # noqa: S105 - the name of the variable that has one


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    command = add_command(verbs, "serve", run, "answer over HTTP", _TEXT, _EXAMPLES)
    add_model(command)
    text = "where to listen (default 127.0.0.1, which nobody else can reach; 0.0.0.0 for everybody)"
    command.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help=text)
    command.add_argument("--port", type=port, default=8000, metavar="N", help="at which port (default 8000)")
    text = "how many processes answer, which share the memory of the model's file (default 1)"
    command.add_argument("--workers", type=count, default=1, metavar="N", help=text)
    text = "take events at /events, and keep them in this file: one a line, in JSON"
    command.add_argument("--events", metavar="FILE", help=text)
    text = (
        f"what callers must send as 'Authorization: Bearer TOKEN'; {_TOKEN} in the environment does the same"
    )
    command.add_argument("--token-file", metavar="FILE", help=text)
    group = command.add_argument_group("limits")
    text = "seconds that a request may take (default 10)"
    group.add_argument("--timeout", type=_positive, default=10.0, metavar="SECONDS", help=text)
    text = "requests a second from each address to each worker (default: as many as come)"
    group.add_argument("--rate", type=_positive, metavar="N", help=text)
    text = "bytes of a request's body (default 1048576)"
    group.add_argument("--max-bytes", type=count, default=2**20, metavar="N", help=text)
    text = "requests under way in each worker (default 200)"
    group.add_argument("--max-requests", type=count, default=200, metavar="N", help=text)
    text = "an address whose header X-Forwarded-For is believed, such as that of a proxy"
    group.add_argument("--proxy", metavar="ADDRESS", help=text)
    command.add_argument("--no-page", action="store_true", help="have no page at /")
    add_names(command)
    add_quiet(command)


def run(options: argparse.Namespace) -> None:
    """Serve."""
    token = os.environ.get(_TOKEN)
    if options.token_file is not None:
        token = Path(options.token_file).read_text(encoding="utf-8").strip()
        if not token:
            msg = f"{options.token_file} has no token in it"
            raise ValueError(msg)
    settings = settings_of(
        options,
        events=options.events,
        token=token,
        timeout=options.timeout,
        rate=options.rate,
        max_bytes=options.max_bytes,
        max_requests=options.max_requests,
        page=not options.no_page,
        # Pages from elsewhere must not ask under a name of theirs; a proxy may have any name.
        hosts=LOOPBACK if options.host in LOOPBACK and options.proxy is None else None,
    )
    if token is None and options.host not in LOOPBACK:
        say(f"{options.host} can be reached by others, and there is no token: anybody may ask")
    proxies = options.proxy or ""
    run_server(
        settings, quiet=options.quiet, workers=options.workers, host=options.host, port=options.port,
        proxy_headers=bool(proxies), forwarded_allow_ips=proxies,
    )  # fmt: skip


def _positive(text: str) -> float:
    value = float(number(float, text, "a number above 0"))
    if not 0 < value < float("inf"):
        msg = f"must be a number above 0, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return value

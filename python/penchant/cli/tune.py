"""``penchant tune``: the model and the parameters that suit some events."""

from __future__ import annotations

import argparse

from penchant.cli import _event_options
from penchant.cli._messages import say
from penchant.cli._output import add_plot, check_folder, check_plot
from penchant.cli._parser import Verbs, add_command, add_quiet, count, words
from penchant.cli._split_options import add_split, split_of

_TEXT = """
Tries models and parameters: each learns from a part of what users did and is measured on the rest. The best
one is fitted to everything and written to a file. Ctrl-C ends the search with the best so far; with --storage
it goes on another time. Needs Optuna, pip install 'penchant[tuning]'.
"""

_EXAMPLES = """
penchant tune plays.tsv --item artist --weight plays --timeout 600 -o model.safetensors
penchant tune plays.tsv --models als --metric recall@50 --trials 30 --plot trials.png -o model.safetensors
"""


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    text = _TEXT + _event_options.COLUMNS
    command = add_command(
        verbs, "tune", run, "find the model and the parameters that do best", text, _EXAMPLES
    )
    command.usage = "penchant tune [OPTION ...] EVENTS ... -o MODEL"
    command.add_argument("-o", "--output", required=True, metavar="MODEL", help="the file to write")
    models = "which to try, separated by commas (default als,rp3beta,cosine)"
    command.add_argument("--models", type=words(), default=["als", "rp3beta", "cosine"], help=models)
    command.add_argument("--metric", default="ndcg@20", help="what is to be large (default ndcg@20)")
    command.add_argument("--trials", type=count, default=50, metavar="N", help="how many (default 50)")
    command.add_argument("--timeout", type=count, metavar="SECONDS", help="how long it may take in all")
    factors = (
        "the numbers of factors for als, separated by commas: all trials, then the best (default 64,256)"
    )
    command.add_argument("--factors", type=words(kind=count), default=[64, 256], metavar="N,N", help=factors)
    command.add_argument("--storage", metavar="FILE", help="where trials are kept, to go on another time")
    add_quiet(command)
    add_plot(command)
    add_split(command)
    _event_options.add_reading(command)


def run(options: argparse.Namespace) -> None:
    """Read, search, fit, write."""
    from penchant.recommender import Recommender
    from penchant.tuning import tune

    check_folder(options.output)
    check_plot(options)
    splitter = split_of(options)
    data = _event_options.read(options)
    found = tune(
        data, options.models, options.metric, options.trials, options.timeout, split=splitter,
        factors=options.factors, storage=options.storage, show_progress=not options.quiet,
        num_threads=getattr(options, "num_threads", 0),
    )  # fmt: skip
    Recommender.from_model(found.model, data=data.without_events()).save(options.output)
    if options.plot is not None:
        found.plot(options.plot)
    if not options.quiet:
        say(repr(found))
        say(f"wrote {options.output}")

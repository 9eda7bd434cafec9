"""``penchant compare``: several models on the same split of events."""

from __future__ import annotations

import argparse

from penchant.cli import _event_options
from penchant.cli._feature_options import add_features, features_of
from penchant.cli._model_options import NAMES
from penchant.cli._output import add_output, add_plot, check_output, check_plot, put
from penchant.cli._parser import Verbs, add_command, add_quiet, words
from penchant.cli._split_options import add_split, split_of

_TEXT = """
Puts a part of what users did aside, lets each model learn from the rest with its defaults, and measures how
good its recommendations are. Intervals hold 95 % of what other samples of users would give.
"""

_EXAMPLES = """
penchant compare plays.tsv --item artist --weight plays --models als,rp3beta,popularity
penchant compare plays.tsv --time when --split time --test-days 7 --metrics ndcg@20,novelty --plot models.png
"""

_PICTURES = ("tradeoff", "activity", "long_tail")


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    text = _TEXT + _event_options.COLUMNS
    command = add_command(
        verbs, "compare", run, "measure how good several models are on the same events", text, _EXAMPLES
    )
    command.usage = "penchant compare [OPTION ...] EVENTS ..."
    models = f"which, separated by commas (default als,rp3beta,popularity): {', '.join(NAMES)}"
    command.add_argument("--models", type=words(NAMES), default=["als", "rp3beta", "popularity"], help=models)
    metrics = "what is measured, separated by commas (default ndcg@10,recall@10,coverage@10)"
    command.add_argument(
        "--metrics", type=words(), default=["ndcg@10", "recall@10", "coverage@10"], help=metrics
    )
    add_quiet(command)
    add_plot(command)
    picture = "what is drawn: accuracy against novelty, by activity of users, or the share of the long tail"
    command.add_argument("--plot-kind", choices=_PICTURES, default="tradeoff", help=picture)
    add_output(command)
    add_split(command, several=True)
    _event_options.add_reading(command)
    add_features(command)


def run(options: argparse.Namespace) -> None:
    """Read, split, fit and measure each, draw."""
    from penchant.comparison import compare
    from penchant.evaluation import metric_named

    check_output(options)
    check_plot(options)
    for metric in options.metrics:
        metric_named(metric)  # before a long reading, not after it
    splitter, features = split_of(options), features_of(options)
    data = _event_options.read(options)
    table = compare(
        options.models, data, splitter, options.metrics, features=features, show_progress=not options.quiet
    )
    put(table.frame(), options)
    if options.plot is not None:
        table.plot(options.plot_kind, options.plot)

"""``penchant evaluate``: how good recommendations from such events would be."""

from __future__ import annotations

import argparse

from penchant.cli import _event_options
from penchant.cli._model_options import add_parameters, model_of
from penchant.cli._output import add_output, check_output, put
from penchant.cli._parser import Verbs, add_command, add_quiet, count, fraction

_TEXT = """
Puts a random part of what users did aside, learns from the rest, and measures how much of that part is
among the recommendations. The same seed puts the same part aside, so that settings can be compared.
"""

_EXAMPLES = """
penchant evaluate plays.tsv --item artist --weight plays --confidence log
penchant evaluate plays.tsv --item artist --weight plays --confidence log --factors 64 -K 20 -o metrics.csv
"""


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    text = _TEXT + _event_options.COLUMNS
    command = add_command(verbs, "evaluate", run, "measure how good recommendations are", text, _EXAMPLES)
    command.usage = "penchant evaluate [OPTION ...] EVENTS ..."
    command.add_argument("-K", type=count, default=10, help="how many items are recommended (default 10)")
    part = "the part of the entries to learn from (default 0.8)"
    command.add_argument("--train-fraction", type=fraction, default=0.8, metavar="PART", help=part)
    add_quiet(command)
    add_output(command)
    _event_options.add_reading(command)
    add_parameters(command, "the seed of the split; equal seeds put the same part aside")
    command.set_defaults(random_state=0)


def run(options: argparse.Namespace) -> None:
    """Split, fit, measure."""
    from penchant.evaluation import evaluate, train_test_split

    check_output(options)
    model = model_of(options)
    matrix = _event_options.read(options).matrix
    train, test = train_test_split(matrix, options.train_fraction, options.random_state)
    model.fit(train, show_progress=not options.quiet)
    metrics: dict[str, float] = evaluate(model, train, test, options.K, not options.quiet, model.num_threads)
    metrics |= {name: int(metrics[name]) for name in ("users", "cold_users")}
    put({"metric": list(metrics), "value": list(metrics.values())}, options)

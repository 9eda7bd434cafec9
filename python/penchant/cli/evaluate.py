"""``penchant evaluate``: how good recommendations from such events would be."""

from __future__ import annotations

import argparse

from penchant.cli import _event_options
from penchant.cli._feature_options import add_features, features_of
from penchant.cli._model_options import add_parameters, model_of
from penchant.cli._output import add_output, add_plot, check_output, check_plot, put
from penchant.cli._parser import Verbs, add_command, add_quiet, count, words
from penchant.cli._split_options import add_split, split_of

_TEXT = """
Puts a part of what users did aside, learns from the rest, and measures how much of that part is among the
recommendations. The same seed puts the same part aside, so that settings can be compared.
"""

_EXAMPLES = """
penchant evaluate plays.tsv --item artist --weight plays --confidence log
penchant evaluate plays.tsv --item artist --weight plays --confidence log --factors 64 -K 20 -o metrics.csv
penchant evaluate ratings.csv --item movieId --item-features movies.csv --columns genres --split items
penchant evaluate plays.tsv --time when --split time --test-days 7 --metrics ndcg@20,novelty,diversity
"""


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    text = _TEXT + _event_options.COLUMNS
    command = add_command(verbs, "evaluate", run, "measure how good recommendations are", text, _EXAMPLES)
    command.usage = "penchant evaluate [OPTION ...] EVENTS ..."
    command.add_argument(
        "-K",
        dest="cutoff",
        type=count,
        default=10,
        metavar="K",
        help="how many items are recommended (default 10)",
    )
    metrics = "what is measured, separated by commas, such as ndcg@20,novelty; by default what most papers do"
    command.add_argument("--metrics", type=words(), metavar="NAME,NAME", help=metrics)
    add_quiet(command)
    add_plot(command)
    add_output(command)
    add_split(command)
    _event_options.add_reading(command)
    add_features(command)
    add_parameters(command)
    command.set_defaults(random_state=0)


def run(options: argparse.Namespace) -> None:
    """Split, fit, measure, draw."""
    import numpy as np

    from penchant._base.feature_rows import check_learns_from
    from penchant.evaluation import evaluate, metric_named

    check_output(options)
    check_plot(options)
    for metric in options.metrics or ():
        metric_named(metric)  # before a long reading, not after it
    model, splitter = model_of(options), split_of(options)
    features = features_of(options)
    try:
        check_learns_from(model, features)
    except TypeError as error:
        raise ValueError(str(error)) from None
    split = splitter.split(_event_options.read(options))
    model.fit(split.train, show_progress=not options.quiet, **features)
    metrics = evaluate(
        model, split, K=options.cutoff, metrics=options.metrics, show_progress=not options.quiet,
        num_threads=model.num_threads,
    )  # fmt: skip
    shown = metrics | {name: int(metrics[name]) for name in ("users", "cold_users")}
    put({"metric": list(shown), "value": list(shown.values())}, options)
    if options.plot is not None:
        from penchant.comparison import plot_activity

        drawn = next(iter(metrics.values_of_users), None)
        if drawn is None:
            msg = "--plot draws a metric of users, such as ndcg; --metrics names none"
            raise ValueError(msg)
        history = np.diff(split.history.matrix.indptr)[metrics.users]
        plot_activity({options.model: metrics}, {options.model: history}, drawn, options.plot)

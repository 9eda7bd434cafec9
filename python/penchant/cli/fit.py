"""``penchant fit``: learn a model from events."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penchant.cli import _event_options
from penchant.cli._feature_options import add_features, features_of
from penchant.cli._messages import say
from penchant.cli._model_options import add_parameters, model_of
from penchant.cli._output import check_folder
from penchant.cli._parser import Command, Verbs, add_command, add_quiet, count

if TYPE_CHECKING:
    from penchant.recommender import Recommender

_EXAMPLES = r"""
penchant fit plays.tsv --item artist --weight plays --confidence log -o model.safetensors
penchant fit 'log-*.csv.gz' --no-header --user 0 --item 2 --time 3 --half-life 30d -o model.safetensors
penchant fit - --sep '\t' --item artist --weight plays -o model.safetensors < plays.tsv
penchant fit shop.parquet --kind event --kind-weight view=1 --kind-weight buy=10 -o model.safetensors
penchant fit ratings.dat --sep :: --no-header --user 0 --item 1 --weight 2 --factors 64 -o model.safetensors
penchant fit ratings.csv --item film --item-features films.csv --columns genres,title -o model.safetensors
penchant fit events/ --item artist --on-disk matrix/ -o model.safetensors
penchant fit events/ --item artist --workers 4 --checkpoint saved/ --resume -o model.safetensors
"""


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    command = add_command(verbs, "fit", run, "learn a model from events", _event_options.COLUMNS, _EXAMPLES)
    command.usage = "penchant fit [OPTION ...] -o MODEL EVENTS ..."
    command.add_argument(
        "-o", "--output", metavar="MODEL", required=True, help="the file to write the model to"
    )
    add_quiet(command)
    _event_options.add_reading(command)
    command.add_argument(
        "--on-disk", metavar="DIR", help="keep the matrix in files in this folder, not in memory"
    )
    _add_sharing(command)
    add_features(command)
    add_parameters(command)


def _add_sharing(command: Command) -> None:
    group = command.add_argument_group(
        "sharing the fit",
        "among the workers of a Ray cluster: the one that RAY_ADDRESS names, or one of this machine",
    )
    group.add_argument(
        "--workers", type=count, metavar="N", help="how many; without it the fit is not shared"
    )
    group.add_argument("--threads-per-worker", type=count, metavar="N", default=1, help="threads (default 1)")
    group.add_argument(
        "--checkpoint", metavar="DIR", help="a folder or URI to write the fit to after each epoch"
    )
    group.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint, if there is any"
    )


def run(options: argparse.Namespace) -> None:
    """Read, fit, and write the model."""
    from penchant.recommender import Recommender

    check_folder(options.output)
    _spare(options.events, Path(options.output))
    model = model_of(options)
    if options.workers is None:
        if options.checkpoint is not None or options.resume:
            options.error("--checkpoint and --resume go with --workers")
        features = features_of(options)
        data = _event_options.read(options)
        try:
            recommender = Recommender(model).fit(data, show_progress=not options.quiet, **features)
        except TypeError as error:  # a model that does not learn from features, or labels of another kind
            raise ValueError(str(error)) from None
    elif options.item_features or options.user_features:
        options.error("--item-features and --user-features are for fits that are not shared")
    elif options.on_disk is not None:
        options.error("--on-disk is for one machine, and --workers for many")
    else:
        recommender = _shared(model, options)
    recommender.save(Path(options.output))
    if not options.quiet:
        say(f"wrote {options.output}: {Path(options.output).stat().st_size:,} bytes")


def _shared(model: Any, options: argparse.Namespace) -> Recommender:
    from penchant import distributed

    try:
        recommender = distributed.fit(
            model,
            options.events,
            workers=options.workers,
            threads_per_worker=options.threads_per_worker,
            checkpoint=options.checkpoint,
            resume=options.resume,
            show_progress=not options.quiet,
            **_event_options.settings_of(options),
        )
    except TypeError as error:  # another model, or a column of a type that is of no use
        raise ValueError(str(error)) from None
    if not options.quiet:
        say(repr(recommender.data.report))
    return recommender


def _spare(events: list[str], output: Path) -> None:
    """Raise if the model would take the place of the events."""
    from penchant.interactions._paths import paths_of

    with warnings.catch_warnings(action="ignore"):  # the reading warns again
        paths = paths_of(events)
    for path in paths:
        if path.exists() and output.exists() and path.samefile(output):
            msg = f"{output} has the events: give the model another name"
            raise ValueError(msg)

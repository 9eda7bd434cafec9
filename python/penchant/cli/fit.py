"""``penchant fit``: learn a model from events."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

from penchant.cli import _event_options
from penchant.cli._messages import say
from penchant.cli._model_options import add_parameters, model_of
from penchant.cli._output import check_folder
from penchant.cli._parser import Verbs, add_command, add_quiet

_EXAMPLES = r"""
penchant fit plays.tsv --item artist --weight plays --confidence log -o model.safetensors
penchant fit 'log-*.csv.gz' --no-header --user 0 --item 2 --time 3 --half-life 30d -o model.safetensors
penchant fit - --sep '\t' --item artist --weight plays -o model.safetensors < plays.tsv
penchant fit shop.parquet --kind event --kind-weight view=1 --kind-weight buy=10 -o model.safetensors
penchant fit ratings.dat --sep :: --no-header --user 0 --item 1 --weight 2 --factors 64 -o model.safetensors
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
    add_parameters(command)


def run(options: argparse.Namespace) -> None:
    """Read, fit, and write the model."""
    from penchant.recommender import Recommender

    check_folder(options.output)
    _spare(options.events, Path(options.output))
    model = model_of(options)
    recommender = Recommender(model).fit(_event_options.read(options), show_progress=not options.quiet)
    recommender.save(Path(options.output))
    if not options.quiet:
        say(f"wrote {options.output}: {Path(options.output).stat().st_size:,} bytes")


def _spare(events: list[str], output: Path) -> None:
    """Raise if the model would take the place of the events."""
    from penchant.interactions._paths import paths_of

    with warnings.catch_warnings(action="ignore"):  # the reading warns again
        paths = paths_of(events)
    for path in paths:
        if path.exists() and output.exists() and path.samefile(output):
            msg = f"{output} has the events: give the model another name"
            raise ValueError(msg)

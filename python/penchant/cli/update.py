"""``penchant update``: add events to a model."""

from __future__ import annotations

import argparse
from pathlib import Path

from penchant.cli import _event_options
from penchant.cli._messages import say
from penchant.cli._model_options import add_model, open_model
from penchant.cli._output import check_folder
from penchant.cli._parser import Verbs, add_command, add_quiet, given

_TEXT = """
Adds events, read as those that the model was fitted to, and solves anew for the users they are about and for
new items. Of a model with features it takes in what is newly known of items and users, which can be
recommended at once. Everyone else stays as they are, so fit anew every now and then. Columns need to be given
only where they are called differently.
"""

_EXAMPLES = """
penchant update model.safetensors today.tsv
penchant update model.safetensors today.tsv -o tomorrow.safetensors
penchant update model.safetensors --items new-films.csv
penchant update model.safetensors - --item song < today.tsv
"""


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    command = add_command(verbs, "update", run, "add events to a model", _TEXT, _EXAMPLES)
    command.usage = "penchant update [OPTION ...] MODEL [EVENTS ...]"
    add_model(command)
    _event_options.add_events(command, "*")
    for side in ("items", "users"):
        what = f"a table of what is known of new {side}, with the columns that the fit made features of"
        command.add_argument(f"--{side}", metavar="FILE", dest=f"new_{side}", help=what)
    text = "the file to write the new model to; by default it takes the place of the old one"
    command.add_argument("-o", "--output", metavar="MODEL", help=text)
    add_quiet(command)
    _event_options.add_columns(command.add_argument_group("how to read events"))


def run(options: argparse.Namespace) -> None:
    """Open, update, and write the model."""
    if not (options.events or options.new_items or options.new_users):
        options.error("give EVENTS, --items or --users")
    output = Path(options.output or options.file)
    check_folder(str(output))
    recommender, _ = open_model(options.file)
    columns = given(options, _event_options.PARTS)
    try:
        recommender.update(
            options.events or None,
            items=options.new_items,
            users=options.new_users,
            show_progress=not options.quiet,
            **columns,
        )
    except TypeError as error:  # a column of a type that is of no use
        raise ValueError(str(error)) from None
    recommender.save(output)
    if not options.quiet:
        say(repr(recommender.data.report))
        say(f"wrote {output}: {output.stat().st_size:,} bytes")

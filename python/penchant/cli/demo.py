"""``penchant demo``: see what the library does."""

from __future__ import annotations

import argparse

from penchant.cli._parser import Verbs, add_command

_EXAMPLES = """
penchant demo
penchant demo --data hetrec2011-lastfm-2k --artist metallica
"""


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    text = "On made-up listeners and artists, or on real ones, from weighting to recommendations for many."
    command = add_command(verbs, "demo", run, "train a model and show what it recommends", text, _EXAMPLES)
    command.add_argument("--data", metavar="FOLDER", help="a folder with the HetRec 2011 Last.fm data")
    command.add_argument("--user", type=int, default=0, help="the row of the user to recommend to")
    command.add_argument("--artist", help="the artist to find similar ones for (part of the name will do)")


def run(options: argparse.Namespace) -> None:
    """Run it."""
    from penchant import demo

    demo.run(options.data or None, options.user, options.artist)

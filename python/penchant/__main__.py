"""``python -m penchant``: see what the library does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from penchant import __version__, demo


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="penchant", description="Recommendations from implicit feedback.")
    parser.add_argument("--version", action="version", version=f"penchant {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("demo", help="train a model and show what it recommends")
    command.add_argument("--data", metavar="FOLDER", help="a folder with the HetRec 2011 Last.fm data")
    command.add_argument("--user", type=int, default=0, help="the row of the user to recommend to")
    command.add_argument("--artist", help="the artist to find similar ones for (part of the name will do)")
    options = parser.parse_args(arguments)
    try:
        demo.run(options.data or None, options.user, options.artist)
    except (OSError, ValueError, LookupError) as error:
        print(f"penchant: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""From arguments to an exit code: 0, 1 for mistakes in data, 2 for wrong usage, 130 after Ctrl-C."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import TextIO

from penchant.cli import (
    compare,
    demo,
    doctor,
    evaluate,
    explain,
    explore,
    fit,
    info,
    recommend,
    serve,
    similar,
    split,
    tune,
    update,
)
from penchant.cli._messages import say, sentence
from penchant.cli._parser import Command, examples
from penchant.exceptions import DataWarning, ParameterWarning, PenchantError

_EXAMPLES = """
penchant demo
penchant fit plays.tsv --item artist --weight plays --confidence log -o model.safetensors
penchant update model.safetensors today.tsv
penchant recommend model.safetensors alice bob
penchant recommend model.safetensors --for "nirvana=30" --for "pearl jam"
penchant similar model.safetensors nirvana -n 5
penchant explain model.safetensors alice nirvana
penchant evaluate plays.tsv --item artist --weight plays
penchant compare plays.tsv --item artist --weight plays --models als,rp3beta,popularity
penchant tune plays.tsv --item artist --weight plays --timeout 600 -o model.safetensors
penchant recommend model.safetensors --all -o everyone.parquet
penchant explore model.safetensors
penchant serve model.safetensors
"""

_MISTAKES = (
    OSError, ValueError, LookupError, OverflowError, ImportError, MemoryError, NotImplementedError,
    PenchantError,
)  # fmt: skip


def parser() -> Command:
    """Return the parser of the whole command line."""
    from penchant._core import __version__

    whole = Command(
        prog="penchant",
        description="Recommendations from implicit feedback: what people played, bought or clicked.",
        epilog=examples(_EXAMPLES) + "\n\n'penchant COMMAND --help' says more about each.",
    )
    whole.add_argument("-V", "--version", action="version", version=f"penchant {__version__}")
    verbs = whole.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Command)
    for verb in (
        fit,
        update,
        recommend,
        similar,
        explain,
        explore,
        serve,
        evaluate,
        compare,
        tune,
        split,
        info,
        doctor,
        demo,
    ):
        verb.add(verbs)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the name of the program; by default what it was called with.

    Returns
    -------
    int
        The exit code: 0, 1 if something is wrong with the data or a file, 130 after Ctrl-C.

    Raises
    ------
    SystemExit
        After ``--help`` and ``--version``, with code 0, and for wrong usage, with code 2.

    Examples
    --------
    >>> from penchant.cli import main
    >>> main(["info", "nothing.safetensors"])
    1
    """
    try:
        try:
            _run(arguments)
        finally:
            sys.stdout.flush()  # here, where a closed pipe can be answered for
    except KeyboardInterrupt:
        say("penchant: interrupted")
        return 130
    except BrokenPipeError:
        _leave_the_pipe(sys.stdout)
        return 1
    except _MISTAKES as error:
        say(f"penchant: {sentence(error)}")
        return 1
    return 0


def _run(arguments: Sequence[str] | None) -> None:
    options = parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        for category in (DataWarning, ParameterWarning):
            warnings.simplefilter("always", category)
        options.run(options)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del category, filename, lineno, file, line
    say(f"penchant: warning: {sentence(message)}")


def _leave_the_pipe(stream: TextIO) -> None:
    """Send what is still to be written nowhere, since Python writes it out when it exits."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return  # a stand-in for a stream
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)

"""What the parsers of all verbs have in common, and types of arguments."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

#: Where verbs are added.
Verbs: TypeAlias = "argparse._SubParsersAction[Command]"


class Command(argparse.ArgumentParser):
    """A parser that takes options anywhere among the other arguments, and no abbreviations of them."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **settings)
        self._mixing = False
        #: Adds what depends on the arguments themselves.
        self.late: Callable[[Sequence[str]], None] | None = None

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse arguments; those of verbs in any order."""
        if self.late is not None:
            late, self.late = self.late, None
            late(sys.argv[1:] if args is None else args)
        if self._mixing or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._mixing = True  # what follows calls this method
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixing = False


def add_command(
    verbs: Verbs, name: str, run: Callable[[argparse.Namespace], None], summary: str, text: str, shown: str
) -> Command:
    """Add a verb: what runs it, a line about it, more about it, and examples."""
    first = summary[0].upper() + summary[1:]
    description = f"{first}.\n\n{textwrap.dedent(text).strip()}".strip()
    command = verbs.add_parser(name, help=summary, description=description, epilog=examples(shown))
    command.set_defaults(run=run, error=command.error)
    return command


def examples(lines: str) -> str:
    """Return examples as they stand at the end of a help."""
    return "examples:\n" + textwrap.indent(lines.strip(), "  ")


def add_quiet(command: Command) -> None:
    """Add the option that silences reports and progress."""
    command.add_argument("-q", "--quiet", action="store_true", help="no progress and no reports on stderr")


def given(options: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """Return those of the options that were given."""
    return {name: getattr(options, name) for name in names if hasattr(options, name)}


def count(text: str) -> int:
    """Return a whole number from 1."""
    return _whole(text, 1)


def natural(text: str) -> int:
    """Return a whole number from 0."""
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    value = int(number(int, text, f"a whole number from {least}"))
    if value < least:
        msg = f"must be a whole number from {least}, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return value


def fraction(text: str) -> float:
    """Return a number between 0 and 1."""
    value = number(float, text, "a number between 0 and 1")
    if not 0.0 < value < 1.0:
        msg = f"must be a number between 0 and 1, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return float(value)


def words(known: Sequence[str] = (), kind: Callable[[str], Any] = str) -> Callable[[str], list[Any]]:
    """Return what takes values apart that are separated by commas, each of these words or of this kind."""

    def words_of(text: str) -> list[Any]:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if not parts:
            msg = f"must be one or several, separated by commas, got {text!r}"
            raise argparse.ArgumentTypeError(msg)
        for part in parts:
            if known and part not in known:
                msg = f"must be some of {', '.join(known)}, got {part!r}"
                raise argparse.ArgumentTypeError(msg)
        return [kind(part) for part in parts]

    return words_of


def pair(text: str) -> tuple[str, float]:
    """Return a name and a number, of ``name=number``."""
    name, _, weight = text.rpartition("=")
    if not name:
        msg = f"must be a name and a number, such as view=1, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return name, float(number(float, weight, f"a number after {name}="))


def number(kind: Callable[[str], Any], text: str, expected: str) -> Any:
    """Return a number of this kind."""
    try:
        return kind(text)
    except ValueError:
        msg = f"must be {expected}, got {text!r}"
        raise argparse.ArgumentTypeError(msg) from None

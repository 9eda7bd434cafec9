"""What a column of a frame holds, and how features are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from penchant._labels import is_missing
from penchant._validation import describe, integer, number

# Of so many values a column is told from.
_LOOKED_AT = 1000


@dataclass(frozen=True)
class Kind:
    """How features are made of a column.

    Parameters
    ----------
    weight : float, default 1.0
        What its values are multiplied by. Features with a smaller weight are believed later.
    """

    weight: float = 1.0

    #: What it is called where columns are named with their kinds.
    NAME: ClassVar[str]

    def check(self, column: str) -> None:
        """Raise if a setting is out of range."""
        weight = number(self.weight, f"the weight of column {column!r}")
        if not (weight > 0 and np.isfinite(weight)):
            msg = f"the weight of column {column!r} must be a finite number above 0, got {weight}"
            raise ValueError(msg)


@dataclass(frozen=True)
class Category(Kind):
    """One of a number of values: a genre, a brand, a country. A feature for each value.

    Parameters
    ----------
    min_rows : int, default 1
        Values that fewer rows have are no features.
    """

    min_rows: int = 1

    NAME: ClassVar[str] = "category"

    def check(self, column: str) -> None:
        """Raise if a setting is out of range."""
        super().check(column)
        integer(self.min_rows, f"min_rows of column {column!r}", 1)


@dataclass(frozen=True)
class Tags(Kind):
    """Several values: a list, or a text that holds them between separators. A feature for each value.

    Parameters
    ----------
    separator : str, default "|"
        What stands between them in a text.
    min_rows : int, default 1
        Values that fewer rows have are no features.
    tfidf : bool, default False
        Weigh them as `Text` weighs words: by how rare they are, and rows with many like rows with few.
    """

    separator: str = "|"
    min_rows: int = 1
    tfidf: bool = False

    NAME: ClassVar[str] = "tags"

    def check(self, column: str) -> None:
        """Raise if a setting is out of range."""
        super().check(column)
        integer(self.min_rows, f"min_rows of column {column!r}", 1)
        if not isinstance(self.separator, str) or not self.separator:
            msg = f"the separator of column {column!r} must be a text of at least one character"
            raise ValueError(msg)


@dataclass(frozen=True)
class Number(Kind):
    """A number, as its distance from the mean in standard deviations.

    Parameters
    ----------
    knots : int, optional
        With at least 2, that many features, each of which is 1 at its knot and falls to 0 at the next ones:
        whatever depends on the number may then go up and down. The knots are quantiles.
    """

    knots: int | None = None

    NAME: ClassVar[str] = "number"

    def check(self, column: str) -> None:
        """Raise if a setting is out of range."""
        super().check(column)
        if self.knots is not None:
            integer(self.knots, f"knots of column {column!r}", 2)


@dataclass(frozen=True)
class Text(Kind):
    """A text, by its words in small letters, weighed by tf-idf.

    A word that `n` of `N` rows have weighs ``1 + ln((1 + N) / (1 + n))`` in each of them, times ``1 + ln`` of
    how often the text has it; then each row is brought to length 1.

    Parameters
    ----------
    words : (int, int) or None, default (1, 1)
        The shortest and longest runs of words that are features.
    characters : (int, int), optional
        The same of characters within words.
    min_rows : int, default 2
        Runs that fewer rows have are no features.
    """

    words: tuple[int, int] | None = (1, 1)
    characters: tuple[int, int] | None = None
    min_rows: int = 2

    NAME: ClassVar[str] = "text"

    def check(self, column: str) -> None:
        """Raise if a setting is out of range."""
        super().check(column)
        integer(self.min_rows, f"min_rows of column {column!r}", 1)
        for name, runs in (("words", self.words), ("characters", self.characters)):
            if runs is None:
                continue
            if not isinstance(runs, tuple | list) or len(runs) != 2:
                msg = f"{name} of column {column!r} must be the shortest and longest run, got {runs!r}"
                raise TypeError(msg)
            least = integer(runs[0], f"the shortest run of {name} of column {column!r}", 1)
            integer(runs[1], f"the longest run of {name} of column {column!r}", least)
        if self.words is None and self.characters is None:
            msg = f"column {column!r} must have words or characters"
            raise ValueError(msg)


@dataclass(frozen=True)
class Vector(Kind):
    """A list of numbers in each row, all of one length: an embedding.

    Each of them as its distance from the mean, all of them scaled alike so that they vary as one number does.
    """

    NAME: ClassVar[str] = "vector"


KINDS: dict[str, type[Kind]] = {kind.NAME: kind for kind in (Category, Tags, Number, Text, Vector)}


def kind_called(given: Any, column: str) -> Kind:
    """Return a kind that a caller names, or has made."""
    if isinstance(given, str):
        if given not in KINDS:
            msg = f"the kind of column {column!r} must be one of {', '.join(KINDS)}, got {given!r}"
            raise ValueError(msg)
        kind = KINDS[given]()
    elif isinstance(given, Kind):
        kind = given
    else:
        names = ", ".join(kind.__name__ for kind in KINDS.values())
        msg = f"the kind of column {column!r} must be a name, {names}, got {describe(given)}"
        raise TypeError(msg)
    kind.check(column)
    return kind


def guessed(values: Any) -> Kind:
    """Return what a column looks like: `values` as `column_of` has them."""
    if isinstance(values, np.ndarray):
        return Number()
    known = [value for value in values if not is_missing(value)][:_LOOKED_AT]
    if known and all(isinstance(value, list | tuple | set | frozenset | np.ndarray) for value in known):
        first = next((entry for value in known for entry in value), "")
        # Lists of whole numbers are taken for codes of tags.
        return Vector() if isinstance(first, float | np.floating) else Tags()
    texts = [str(value) for value in known]
    if sum("|" in text for text in texts) > len(texts) / 5:
        return Tags()
    many = len(set(texts)) > max(50, len(texts) / 2)
    return Text() if many and sum(" " in text for text in texts) > len(texts) / 3 else Category()

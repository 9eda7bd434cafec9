"""MovieLens: ratings of movies, from 100 thousand to 25 million of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant._validation import check_memory
from penchant.datasets._archive import member
from penchant.datasets._download import Remote, Source, obtained
from penchant.datasets._lines import Lines, parse

__all__ = ["get_movielens"]

_FOLDER = "https://files.grouplens.org/datasets/movielens"
_RATING = np.dtype([("user", np.int32), ("movie", np.int32), ("rating", np.float32), ("time", np.int64)])


@dataclass(frozen=True)
class Variant:
    """Where a variant is, and how its two files are written."""

    remote: Remote
    ratings: str = "ratings.csv"
    movies: str = "movies.csv"
    separators: tuple[str, str] = (",", ",")
    columns: int = 3
    header: bool = True
    encoding: str = "utf-8"


def _variant(name: str, known_hash: str | None, *form: Any) -> Variant:
    return Variant(Remote(f"ml-{name}.zip", _FOLDER, known_hash), *form)


# How the files of two generations are written; those of the others are CSV.
_OLDEST = ("u.data", "u.item", ("\t", "|"), 24, False, "latin-1")
_OLDER = ("ratings.dat", "movies.dat", ("::", "::"), 3, False)

# The hashes are those that GroupLens publishes beside the files; latest-small changes now and then.
VARIANTS = {
    "100k": _variant("100k", "md5:0e33842e24a9c977be4e0107933c0723", *_OLDEST),
    "1m": _variant("1m", "md5:c4d9eecfca2ab87c1945afe126590906", *_OLDER, "latin-1"),
    "10m": _variant("10m", "md5:ce571fd55effeba0271552578f2648bd", *_OLDER),
    "20m": _variant("20m", "md5:cd245b17a1ae2cc31bb14903e1204af3"),
    "25m": _variant("25m", "md5:6b51fb2759a8657d3bfcbfc42b592ada"),
    "latest-small": _variant("latest-small", None),
}


def get_movielens(
    variant: str = "100k", source: Source = None, *, progress: bool = True
) -> tuple[npt.NDArray[np.object_], Any]:
    """Get a MovieLens data set.

    Parameters
    ----------
    variant : {"100k", "1m", "10m", "20m", "25m", "latest-small"}, default "100k"
        Which of them.
    source : str or pathlib.Path, optional
        The folder with the unpacked files of this variant, its zip, or the URL of a mirror. By default the
        zip is downloaded from GroupLens; that of 100k has 5 MB, that of 25m 262 MB.
    progress : bool, default True
        Show a bar while downloading.

    Returns
    -------
    titles : numpy.ndarray of str (as objects), shape [n_movies]
        ``titles[movieId]``; empty where there is no such movie.
    ratings : scipy.sparse.csr_matrix of float32, shape [n_movies, n_users]
        The rating in row ``movieId`` and column ``userId``. Ids begin at 1, so row and column 0 are empty.

    Raises
    ------
    FileNotFoundError
        If a file is not where `source` says.
    DatasetError
        If a download failed, or the zip is damaged.
    ValueError
        If there is no such variant, or a line is not as it should be, naming file and line.
    MemoryError
        If an id is so great that the result would not fit.

    Notes
    -----
    The values are those of ``implicit.datasets.movielens.get_movielens``, read from the published files. 20
    million ratings take some ten seconds.

    References
    ----------
    Harper and Konstan, "The MovieLens Datasets: History and Context", 2015.
    https://grouplens.org/datasets/movielens/
    """
    form = VARIANTS.get(variant)
    if form is None:
        msg = f"variant must be one of {', '.join(VARIANTS)}, got {variant!r}"
        raise ValueError(msg)
    with obtained(form.remote, source, progress=progress) as path:
        movies = _movies(path, form)
        ratings = _ratings(path, form)
    count = max([*movies, int(ratings["movie"].max())]) + 1
    users = int(ratings["user"].max()) + 1
    check_memory(8 * max(count, users), f"ids up to {max(count, users)}")
    titles = np.full(count, "", dtype=object)
    titles[list(movies)] = list(movies.values())
    pairs = (ratings["movie"], ratings["user"])
    return titles, sp.csr_matrix((ratings["rating"], pairs), shape=(count, users))


def _movies(path: Path, form: Variant) -> dict[int, str]:
    """Read the title of every movie."""
    separator = form.separators[1]

    def split(line: str) -> list[str]:
        return next(csv.reader([line], strict=True)) if separator == "," else line.split(separator)

    def read(fields: list[str]) -> tuple[int, str]:
        if len(fields) != form.columns:
            msg = f"there must be {form.columns} fields, not {len(fields)}"
            raise ValueError(msg)
        if not 0 <= int(fields[0]) < 2**31:
            msg = "the id must be a number from 0 with 31 bits"
            raise ValueError(msg)
        return int(fields[0]), fields[1]

    with member(path, form.movies) as (file, where):
        return dict(parse(Lines(file, where, form.header), split, read, form.encoding))


def _ratings(path: Path, form: Variant) -> npt.NDArray[Any]:
    """Read users, movies, ratings and times."""
    separator = form.separators[0]
    # NumPy takes separators of one character.
    delimiter = separator if len(separator) == 1 else "\t"
    last = b""

    def given() -> Iterator[bytes]:
        # NumPy asks for one line after the other, so the last one is the one it stumbles over. It would pass
        # over blank lines, of which there are none in these files.
        nonlocal last
        for last in lines:
            if last.isspace():
                msg = "the line is blank"
                raise ValueError(msg)
            yield last if separator == delimiter else last.replace(separator.encode(), b"\t")
        if lines.number <= form.header:
            msg = "there are no ratings"
            raise ValueError(msg)

    with member(path, form.ratings) as (file, where):
        lines = Lines(file, where, form.header)
        try:
            table = np.loadtxt(
                given(), dtype=_RATING, delimiter=delimiter, comments=None, encoding="latin-1", ndmin=1
            )
        except ValueError as error:
            raise lines.mistake(last, error) from error
    wrong = (table["user"] < 0) | (table["movie"] < 0) | ~np.isfinite(table["rating"])
    if wrong.any():
        row = int(wrong.argmax())
        why = "ids must be numbers from 0, and ratings finite"
        raise lines.mistake(table[row].item(), why, row + 1 + form.header)
    return table

"""Last.fm listening from the HetRec 2011 workshop."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import scipy.sparse as sp

from penchant.datasets._plays import Plays

Parsed = TypeVar("Parsed")


def read_lastfm_2k(folder: str | Path) -> Plays:
    """Read the HetRec 2011 Last.fm data set from its folder.

    Parameters
    ----------
    folder : str or pathlib.Path
        Where ``user_artists.dat`` and ``artists.dat`` are.

    Returns
    -------
    Plays
        1,892 users x 17,632 artists, 92,834 play counts; rows and columns in order of the files' ids.

    Raises
    ------
    FileNotFoundError
        If one of the two files is not there.
    ValueError
        If a line is not as it should be, naming file and line.

    References
    ----------
    Cantador, Brusilovsky and Kuflik, "2nd Workshop on Information Heterogeneity and Fusion in Recommender
    Systems (HetRec 2011)", RecSys 2011. https://grouplens.org/datasets/hetrec-2011/
    """
    folder = Path(folder)
    names = dict(_rows(folder / "artists.dat", lambda row: (int(row[0]), row[1])))
    plays = _rows(folder / "user_artists.dat", lambda row: (int(row[0]), int(row[1]), int(row[2])))
    users, artists, counts = np.array(plays, dtype=np.int64).reshape(-1, 3).T
    user_ids, rows = np.unique(users, return_inverse=True)
    artist_ids, columns = np.unique(artists, return_inverse=True)
    shape = (len(user_ids), len(artist_ids))
    matrix = sp.csr_array((counts.astype(np.float32), (rows, columns)), shape=shape)
    artist_names = np.array([names.get(artist, f"artist {artist}") for artist in artist_ids.tolist()])
    return Plays(artist_names, np.array([f"user {user}" for user in user_ids]), matrix)


def _rows(path: Path, parse: Callable[[list[str]], Parsed]) -> list[Parsed]:
    """Parse every line of a tab-separated file but the header; nothing in these files is quoted."""
    parsed = []
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(lines, None)
        for row in lines:
            try:
                parsed.append(parse(row))
            except (ValueError, IndexError) as error:
                msg = f"{path}, line {lines.line_num}: cannot read {row!r}: {error}"
                raise ValueError(msg) from error
    return parsed

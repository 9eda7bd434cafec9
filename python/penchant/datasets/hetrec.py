"""Last.fm listening from the HetRec 2011 workshop."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import scipy.sparse as sp

from penchant.datasets._archive import member
from penchant.datasets._download import Remote, Source, obtained
from penchant.datasets._lines import Lines, parse
from penchant.datasets._plays import Plays

__all__ = ["get_lastfm_2k", "read_lastfm_2k"]

Parsed = TypeVar("Parsed")

_ZIP = Remote(
    "hetrec2011-lastfm-2k.zip",
    "https://files.grouplens.org/datasets/hetrec2011",
    "sha256:6738f48195667ff03caaab4d32ca9a3133d8cc026b7c3cdaf6ce1010e913c59c",
)


def get_lastfm_2k(source: Source = None, *, progress: bool = True) -> Plays:
    """Get the HetRec 2011 Last.fm data set.

    Parameters
    ----------
    source : str or pathlib.Path, optional
        The folder with ``user_artists.dat`` and ``artists.dat``, the zip that holds them, or the URL of a
        mirror. By default the zip is downloaded from GroupLens.
    progress : bool, default True
        Show a bar while downloading.

    Returns
    -------
    Plays
        As `read_lastfm_2k` does.

    Raises
    ------
    FileNotFoundError
        If a file is not where `source` says.
    DatasetError
        If a download failed, or the zip is damaged.
    ValueError
        If a line is not as it should be, naming file and line.

    References
    ----------
    Cantador, Brusilovsky and Kuflik, "2nd Workshop on Information Heterogeneity and Fusion in Recommender
    Systems (HetRec 2011)", RecSys 2011. https://grouplens.org/datasets/hetrec-2011/
    """
    with obtained(_ZIP, source, progress=progress) as path:
        return _read(path)


def read_lastfm_2k(folder: str | os.PathLike[str]) -> Plays:
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
    return _read(Path(folder))


def _read(path: Path) -> Plays:
    names = dict(_rows(path, "artists.dat", lambda row: (int(row[0]), row[1])))
    plays = _rows(path, "user_artists.dat", lambda row: (int(row[0]), int(row[1]), int(row[2])))
    users, artists, counts = np.array(plays, dtype=np.int64).reshape(-1, 3).T
    user_ids, rows = np.unique(users, return_inverse=True)
    artist_ids, columns = np.unique(artists, return_inverse=True)
    shape = (len(user_ids), len(artist_ids))
    matrix = sp.csr_array((counts.astype(np.float32), (rows, columns)), shape=shape)
    artist_names = np.array([names.get(artist, f"artist {artist}") for artist in artist_ids.tolist()])
    return Plays(artist_names, np.array([f"user {user}" for user in user_ids]), matrix)


def _rows(path: Path, name: str, read: Callable[[list[str]], Parsed]) -> list[Parsed]:
    """Read every line of a tab-separated file but the header; nothing in these files is quoted."""
    with member(path, name) as (file, where):
        return parse(Lines(file, where, header=True), lambda line: line.split("\t"), read)

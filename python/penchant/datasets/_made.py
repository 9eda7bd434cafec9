"""A made data set: listening with planted genres, the same for the same seed."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from penchant.datasets._plays import Plays

_PLACES = (
    "berlin",
    "bristol",
    "chicago",
    "detroit",
    "havana",
    "kingston",
    "lagos",
    "lisbon",
    "paris",
    "seville",
)
_STYLES = ("ambient", "blues", "dub", "folk", "funk", "jazz", "metal", "techno")
_GENRES = tuple(f"{place} {style}" for place in _PLACES for style in _STYLES)


def made_plays(users: int = 4000, artists: int = 2000, seed: int = 0) -> Plays:
    """Make up who played what.

    Every artist belongs to one of 80 genres, which its name says. A user listens mostly to two genres, now
    and then to anything; within a genre a few artists are popular (a power law); play counts are lognormal.

    Parameters
    ----------
    users, artists : int
        The shape; at least 1 user and 80 artists.
    seed : int, default 0
        Equal seeds make equal data.

    Returns
    -------
    Plays
        With the genre of each artist.

    Raises
    ------
    ValueError
        If `users` or `artists` is too small.

    Examples
    --------
    >>> plays = made_plays(users=100, artists=200)
    >>> plays.artists[0], plays.matrix.shape
    (np.str_('berlin ambient 1'), (100, 200))
    """
    if users < 1 or artists < len(_GENRES):
        msg = f"there must be at least 1 user and {len(_GENRES)} artists, got {users} and {artists}"
        raise ValueError(msg)
    random = np.random.default_rng(seed)
    genres = (np.arange(artists) % len(_GENRES)).astype(np.int32)
    numbers = np.arange(artists) // len(_GENRES) + 1
    popularity = 1.0 / numbers**0.8
    tastes = np.stack([random.permutation(len(_GENRES))[:2] for _ in range(users)])
    length = random.integers(10, 51, users)

    rows = np.repeat(np.arange(users), length)
    anything = random.random(rows.size) < 0.1
    genre = tastes[rows, (random.random(rows.size) < 0.35).astype(int)]
    genre[anything] = random.integers(0, len(_GENRES), anything.sum())
    columns = np.empty_like(rows)
    for g in range(len(_GENRES)):
        members = np.flatnonzero(genres == g)
        drawn = genre == g
        weights = popularity[members] / popularity[members].sum()
        columns[drawn] = random.choice(members, drawn.sum(), p=weights)
    plays = np.ceil(random.lognormal(3.0, 1.2, rows.size)).astype(np.float32)
    matrix = sp.csr_array((plays, (rows, columns)), shape=(users, artists))

    names = np.array([f"{_GENRES[g]} {n}" for g, n in zip(genres, numbers, strict=True)])
    return Plays(names, np.array([f"listener {u + 1}" for u in range(users)]), matrix, genres)

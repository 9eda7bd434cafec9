"""A made matrix with the shape of LastFM-360K, for benchmarks."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

# The number of listeners of an artist by rank of popularity, in a table of 292,385 artists: the most popular
# has about 80,000 of the 358,868 users, the 99th percentile 559, the median 10, the 10th percentile 4.
_RANKS = (1, 2_924, 146_193, 263_147, 292_385)
_LISTENERS = (80_000, 559, 10, 4, 2)
_USERS, _ARTISTS, _GENRES = 358_868, 292_385, 300

# How many of a user's plays are of anything, and what becomes of the rest: two or three genres.
_ANYTHING = 0.4
# More draws than entries, as some artists are drawn twice.
_SPARE = 1.35


def lastfm_shaped(scale: float = 1.0, seed: int = 0) -> Any:
    """Make a matrix of play counts shaped like LastFM-360K (Celma 2010).

    Users mostly have 41 to 51 artists, with a tail of shorter rows; the popularity of artists follows a power
    law; users draw most of their artists from two or three of 300 genres; play counts are lognormal.

    Parameters
    ----------
    scale : float, default 1.0
        1.0 makes 358,868 users x 292,385 artists with about 14 million entries; 0.1 a tenth of each.
    seed : int, default 0
        Equal seeds make equal data.

    Returns
    -------
    scipy.sparse.csr_array of float32, shape [n_users, n_artists]

    Raises
    ------
    ValueError
        If `scale` is not between 0.01 and 1.

    References
    ----------
    Celma, "Music Recommendation and Discovery in the Long Tail", 2010.

    Examples
    --------
    >>> lastfm_shaped(0.01).shape
    (3588, 2923)
    """
    if not 0.01 <= scale <= 1:
        msg = f"scale must be between 0.01 and 1, got {scale}"
        raise ValueError(msg)
    random = np.random.default_rng(seed)
    users, artists = int(_USERS * scale), int(_ARTISTS * scale)
    ranks = np.linspace(1, _ARTISTS, artists)
    listeners = np.exp(np.interp(np.log(ranks), np.log(_RANKS), np.log(_LISTENERS)))

    # Artists in order of genre, so that a genre is an interval of the cumulated popularity. Within a genre
    # the popular ones lead by less than overall: the greatest stars are heard by everyone.
    genres = np.sort(random.integers(0, _GENRES, artists))
    popularity = random.permutation(listeners)
    within = np.concatenate([[0.0], np.cumsum(popularity**0.95)])
    overall = np.concatenate([[0.0], np.cumsum(popularity)])
    borders = within[np.searchsorted(genres, np.arange(_GENRES + 1))]
    genre_weight = np.diff(borders) / within[-1]

    length = np.where(
        random.random(users) < 0.55, random.integers(41, 52, users), random.integers(5, 45, users)
    )
    rows = np.repeat(np.arange(users, dtype=np.int32), np.ceil(length * _SPARE).astype(np.int64))
    tastes = random.choice(_GENRES, (users, 3), p=genre_weight)
    taste = tastes[rows, random.choice(3, rows.size, p=(0.5, 0.3, 0.2))]
    uniform = random.random(rows.size)
    drawn = (
        np.searchsorted(within, borders[taste] + uniform * (borders[taste + 1] - borders[taste]), "right") - 1
    )
    anything = np.flatnonzero(random.random(rows.size) < _ANYTHING)
    drawn[anything] = np.searchsorted(overall, uniform[anything] * overall[-1], "right") - 1

    # One entry for each pair, and of each user's no more than the length says; which ones is chance.
    order = random.permutation(rows.size)
    pairs = np.unique(rows[order].astype(np.int64) * artists + drawn[order], return_index=True)[1]
    kept = order[np.sort(pairs)]
    kept = kept[np.argsort(rows[kept], kind="stable")]
    starts = np.searchsorted(rows[kept], np.arange(users))
    kept = kept[np.arange(kept.size) - starts[rows[kept]] < length[rows[kept]]]
    plays = np.ceil(random.lognormal(4.0, 1.5, kept.size)).astype(np.float32)
    return sp.csr_array((plays, (rows[kept], drawn[kept].astype(np.int32))), shape=(users, artists))

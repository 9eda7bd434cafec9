"""``penchant demo``: see what the library does."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from penchant.cli._parser import Verbs, add_command
from penchant.cli._tables import aligned

if TYPE_CHECKING:
    from penchant.datasets import Plays

_Result = TypeVar("_Result")

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
    _show(options.data or None, options.user, options.artist)


def _show(folder: str | None, user: int, artist: str | None) -> None:
    """Show the main job from end to end: load, weigh, fit, recommend, find neighbours, recommend to many."""
    import numpy as np
    import scipy.sparse as sp

    from penchant.als import AlternatingLeastSquares
    from penchant.datasets import made_plays, read_lastfm_2k
    from penchant.weighting import bm25_weight

    times: dict[str, float] = {}

    def timed(step: str, work: Callable[[], _Result]) -> _Result:
        started = time.perf_counter()
        result = work()
        times[step] = time.perf_counter() - started
        return result

    plays = timed("load", lambda: made_plays() if folder is None else read_lastfm_2k(folder))
    print(f"{plays!r}\n" if folder else f"{plays!r}, made up; --data reads real ones\n")
    artistid = _find(plays, artist)
    if not 0 <= user < plays.matrix.shape[0]:
        msg = f"there is no user {user}: rows go from 0 to {plays.matrix.shape[0] - 1}"
        raise IndexError(msg)

    # BM25 takes items x users, as in the classic tutorial.
    weighted = timed("bm25", lambda: sp.csr_array(bm25_weight(plays.matrix.T.tocsr(), K1=100, B=0.8).T))
    model = AlternatingLeastSquares(factors=64, regularization=0.05, alpha=2.0, random_state=0)
    timed("fit", lambda: model.fit(weighted))

    own = weighted[[user]]
    ids, scores = timed("recommend", lambda: model.recommend(user, own, filter_already_liked_items=False))
    liked = np.isin(ids, own.indices)
    new_ids, new_scores = model.recommend(user, own)
    print(f"\nFor {plays.users[user]}, who played most: {_favourites(plays, user)}\n")
    _table(
        ["", "artist", "score", "already liked"],
        [[n, plays.artists[i], f"{s:.3f}", "yes" if k else ""] for n, i, s, k in _ranked(ids, scores, liked)],
    )
    print("\nand without what is already liked\n")
    _table(
        ["", "artist", "score"],
        [[n, plays.artists[i], f"{s:.3f}"] for n, i, s in _ranked(new_ids, new_scores)],
    )

    ids, scores = timed("similar_items", lambda: model.similar_items(artistid, N=11))
    print(f"\nMost like {plays.artists[artistid]}\n")
    _table(
        ["", "artist", "cosine"],
        [[n, plays.artists[i], f"{s:.3f}"] for n, i, s in _ranked(ids[1:], scores[1:])],
    )
    if plays.genres is not None:
        same = int((plays.genres[ids[1:]] == plays.genres[artistid]).sum())
        print(f"\n{same} of {len(ids) - 1} share its planted genre")

    many = np.arange(min(1000, plays.matrix.shape[0]))
    ids, _ = timed("batch", lambda: model.recommend(many, weighted[many]))
    print(f"\nTop 10 for {len(many)} users at once: ids of shape {ids.shape}\n")
    _table(["step", "milliseconds"], [[step, f"{1000 * seconds:.1f}"] for step, seconds in times.items()])


def _find(plays: Plays, artist: str | None) -> int:
    """Return the most popular artist whose name contains `artist`, or of all."""
    import numpy as np

    popularity = np.bincount(plays.matrix.indices, minlength=len(plays.artists))
    if artist is not None:
        matches = np.char.find(np.char.lower(plays.artists), artist.lower()) >= 0
        if not matches.any():
            msg = f"no artist has {artist!r} in the name"
            raise LookupError(msg)
        popularity = np.where(matches, popularity, -1)
    return int(popularity.argmax())


def _favourites(plays: Plays, user: int) -> str:
    import numpy as np

    row = plays.matrix[[user]]
    best = row.indices[np.argsort(-row.data, kind="stable")[:5]]
    return ", ".join(plays.artists[best])


def _ranked(*columns: Any) -> Any:
    return zip(range(1, len(columns[0]) + 1), *columns, strict=True)


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    for line in aligned(header, rows):
        print(f"  {line}")

"""Data to try things on: real data sets in their own formats, and made ones that need no network.

The functions that begin with ``get_`` take the data from `source`: a folder or file of yours, the URL of a
mirror, or, if nothing is given, the place where it was published. What is downloaded is checked and kept in
the cache folder of the user, or in the folder that the environment variable ``PENCHANT_CACHE`` names. A
failed download is a `penchant.exceptions.DatasetError`. Each data set has its own terms of use, which its
publisher states.
"""

from penchant.datasets import gowalla, hetrec, lastfm, movielens
from penchant.datasets._made import made_plays
from penchant.datasets._plays import Plays
from penchant.datasets._shaped import lastfm_shaped
from penchant.datasets.gowalla import get_gowalla, read_adjacency_lists
from penchant.datasets.hetrec import get_lastfm_2k, read_lastfm_2k
from penchant.datasets.lastfm import get_lastfm, read_lastfm_360k
from penchant.datasets.movielens import get_movielens

__all__ = [
    "Plays",
    "get_gowalla",
    "get_lastfm",
    "get_lastfm_2k",
    "get_movielens",
    "gowalla",
    "hetrec",
    "lastfm",
    "lastfm_shaped",
    "made_plays",
    "movielens",
    "read_adjacency_lists",
    "read_lastfm_2k",
    "read_lastfm_360k",
]

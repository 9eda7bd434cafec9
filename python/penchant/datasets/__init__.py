"""Data to try things on: real data sets in their own formats, and a made one that needs no network."""

from penchant.datasets._hetrec import read_lastfm_2k
from penchant.datasets._made import made_plays
from penchant.datasets._plays import Plays
from penchant.datasets._shaped import lastfm_shaped

__all__ = ["Plays", "lastfm_shaped", "made_plays", "read_lastfm_2k"]

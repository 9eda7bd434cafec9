"""Data to try things on: real data sets in their own formats, and a made one that needs no network."""

from penchant.datasets._hetrec import read_lastfm_2k
from penchant.datasets._made import made_plays
from penchant.datasets._plays import Plays

__all__ = ["Plays", "made_plays", "read_lastfm_2k"]

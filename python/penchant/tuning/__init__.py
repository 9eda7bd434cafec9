"""Finding the model and the parameters that suit some data, by what they do with a part of it put aside.

Needs Optuna: ``pip install 'penchant[tuning]'``.
"""

from penchant.tuning.presets import PRESETS, Preset, preset
from penchant.tuning.search import Tuned, tune
from penchant.tuning.spaces import SPACES, Choice, Float, Int, space_of

__all__ = [
    "PRESETS",
    "SPACES",
    "Choice",
    "Float",
    "Int",
    "Preset",
    "Tuned",
    "preset",
    "space_of",
    "tune",
]

"""A smoke test of an installed wheel: fit, recommend, save, load, update, and an error. Needs penchant and pandas alone."""

import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

import penchant
from penchant import EASE, AlternatingLeastSquares, Interactions, Recommender, _core
from penchant.datasets import made_plays

assert not _core.DEBUG_BUILD
warnings.simplefilter("error")
plays = made_plays(users=300, artists=160)
entries = plays.matrix.tocoo()
events = {"user": plays.users[entries.row], "artist": plays.artists[entries.col], "plays": entries.data}
data = Interactions.from_frame(events, item="artist", weight="plays")
fits = [
    Recommender(AlternatingLeastSquares(factors=8, iterations=5, random_state=1, num_threads=threads)).fit(
        data, show_progress=False
    )
    for threads in (1, 0)
]
assert np.array_equal(fits[0].model.user_factors, fits[1].model.user_factors), "threads change the bits"
assert fits[0].model.loss_history[-1] < fits[0].model.loss_history[0]
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "model.safetensors"
    fits[0].save(path)
    opened = Recommender.load(path)
    mapped = Recommender.load(path, mmap=True)
    assert opened.recommend("listener 1", n=3).equals(fits[0].recommend("listener 1", n=3))
    opened.update({"user": ["zoe"], "artist": [data.items[0]], "plays": [3]}, show_progress=False)
    assert len(opened.recommend("zoe", n=3)) == 3
    assert len(mapped.similar_items(data.items[0], n=3)) == 3
    del mapped
said = ""
try:
    opened.recommend("nobody")
except KeyError as error:
    said = str(error)
assert "there is no user" in said, said
assert len(Recommender(EASE()).fit(data, show_progress=False).recommend("listener 1", n=3)) == 3
free = getattr(sys, "_is_gil_enabled", lambda: True)() is False
print(
    f"penchant {penchant.__version__}, Python {sys.version.split()[0]}{', without a lock' if free else ''}, {_core.INSTRUCTION_SET}"
)

import os
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

DATA = Path(os.environ.get("PENCHANT_DATA") or Path(__file__).parents[3] / "shared" / "data")


@pytest.fixture(scope="session")
def lastfm_folder():
    folder = DATA / "lastfm-2k"
    if not (folder / "user_artists.dat").exists():
        pytest.skip(f"the HetRec Last.fm data is not in {folder}; set PENCHANT_DATA to the folder above it")
    return folder


def random_ratings(seed=0, users=20, items=15, density=0.3):
    """Positive, negative and explicitly stored zero values; row 3 is empty, and so is column 2."""
    random = np.random.default_rng(seed)
    dense = random.random((users, items)) < density
    values = np.where(dense, random.lognormal(0.0, 1.0, dense.shape), 0.0)
    values[random.random(dense.shape) < 0.05] *= -1
    values[3] = 0
    values[:, 2] = 0
    matrix = sp.csr_array(values)
    matrix.data[::7] = 0  # stored, but says nothing
    return matrix

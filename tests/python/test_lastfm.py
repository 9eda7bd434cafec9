"""Real listening data: what comes out must make sense to someone who knows the music."""

import numpy as np
import pytest
import scipy.sparse as sp

from penchant.als import AlternatingLeastSquares
from penchant.datasets import read_lastfm_2k
from penchant.nearest_neighbours import bm25_weight

# Three artists among the most played here, one for each of three styles, and names that a record shop
# would file beside them. Half of the ten nearest among 17,632 artists is far beyond chance and leaves room for taste.
STYLES = {
    "Metallica": {
        "Megadeth", "Iron Maiden", "Slayer", "Pantera", "Black Sabbath", "AC/DC", "Anthrax", "Motörhead",
        "Judas Priest", "Guns N' Roses", "Ozzy Osbourne", "Slipknot", "System of a Down", "Disturbed",
        "Children of Bodom", "In Flames", "Apocalyptica", "Rammstein", "Korn", "Sepultura", "Dream Theater",
        "Led Zeppelin", "Deep Purple", "Scorpions", "Alice in Chains", "Soundgarden", "Audioslave",
        "Trivium", "Bullet for My Valentine", "Avenged Sevenfold", "Manowar", "Dio", "Accept",
    },
    "Lady Gaga": {
        "Katy Perry", "Ke$ha", "Rihanna", "Britney Spears", "P!nk", "Madonna", "Beyoncé", "Christina Aguilera",
        "Kylie Minogue", "Kelly Clarkson", "Pussycat Dolls", "The Pussycat Dolls", "Black Eyed Peas", "Cher",
        "Jennifer Lopez", "Nelly Furtado", "Fergie", "Shakira", "Leona Lewis", "Miley Cyrus", "Avril Lavigne",
    },
    "Radiohead": {
        "Thom Yorke", "Muse", "Arcade Fire", "Björk", "Sigur Rós", "The Strokes", "Interpol", "Beck", "Blur",
        "Coldplay", "Portishead", "Massive Attack", "The Smashing Pumpkins", "Pixies", "Placebo",
        "Modest Mouse", "Gorillaz", "Atoms for Peace", "Wilco", "The Flaming Lips", "Animal Collective",
        "Grizzly Bear", "The National", "Bloc Party", "Sonic Youth", "The White Stripes", "Elliott Smith",
        "Nirvana", "Pink Floyd", "The Beatles", "Air", "Jeff Buckley", "Oasis", "R.E.M.", "PJ Harvey",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def plays(lastfm_folder):
    return read_lastfm_2k(lastfm_folder)


@pytest.fixture(scope="module")
def model(plays):
    weighted = sp.csr_array(bm25_weight(plays.matrix.T.tocsr(), K1=100, B=0.8).T)
    # Neighbours need more epochs than recommendations: after 15 they still depend on the seed.
    model = AlternatingLeastSquares(factors=64, regularization=0.05, alpha=2.0, iterations=30, random_state=0)
    return model.fit(weighted, show_progress=False)


def test_the_data_has_the_published_shape(plays):
    assert plays.matrix.shape == (1892, 17632)
    assert plays.matrix.nnz == 92834
    assert plays.matrix.max() == 352698


@pytest.mark.parametrize("artist", STYLES)
def test_artists_similar_to_a_famous_one_share_its_style(plays, model, artist):
    names = plays.artists.tolist()
    ids, _ = model.similar_items(names.index(artist), N=11)
    found = [names[i] for i in ids]
    assert found[0] == artist
    assert len(STYLES[artist].intersection(found[1:])) >= 5, found


def test_a_listener_gets_nothing_they_already_play(plays, model):
    users = np.arange(200)
    ids, _ = model.recommend(users, plays.matrix[users])
    for user, row in zip(users, ids, strict=True):
        assert not set(row) & set(plays.matrix[[user]].indices)

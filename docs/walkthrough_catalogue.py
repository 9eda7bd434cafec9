# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: -jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A catalogue that changes every day
#
# Every shop has things that came in this morning. Nobody has bought them, so a model that goes by what people
# did has nothing to say about them, and without being shown they will never be bought. But something is known
# of them: a brand, a category, a description.
#
# This walk-through fits a model that uses both, lets new artists into the catalogue, recommends them before
# anybody has played them, and watches how what the model thinks of them changes as the first plays come in.
# It is one formula throughout: what is known by features is where the estimate of an artist starts, and every
# play pulls it towards what listeners say.

# %%
import itertools
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display

import penchant
from penchant.datasets import made_plays

# %% [markdown]
# ## Load
#
# The data is the HetRec 2011 Last.fm set with the tags that listeners gave to artists, if it is there: in the
# folder `lastfm-2k-tags` of the folder that the environment variable `PENCHANT_DATA` names, or of
# `shared/data` beside the clone. Otherwise listeners and artists are made up; each made artist plays one
# style and comes from one town, and its tags say so.

# %%
clone = Path.cwd().parent if Path.cwd().name == "docs" else Path.cwd()
folder = Path(os.environ.get("PENCHANT_DATA") or clone.parent / "shared" / "data") / "lastfm-2k-tags"
if folder.is_dir():
    plays = pd.read_csv(folder / "user_artist.dat", sep="\t", names=["listener", "artist", "plays"])
    given = pd.read_csv(folder / "artist_tag.dat", sep="\t", names=["artist", "tag"])
    tags = given.drop_duplicates().groupby("artist").tag.agg(list)
else:
    made = made_plays()
    entries = made.matrix.tocoo()
    plays = pd.DataFrame(
        {"listener": made.users[entries.row], "artist": made.artists[entries.col], "plays": entries.data}
    )
    tags = pd.Series({artist: artist.split()[:2] for artist in made.artists})
artists = plays.artist.unique()
catalogue = pd.DataFrame({"artist": artists, "tags": [tags.get(artist, []) for artist in artists]})
print(penchant.Interactions.from_frame(plays, user="listener", item="artist", weight="plays"))
display(catalogue.head())

# %% [markdown]
# One artist in ten arrives tomorrow: today nobody has played them, and they are not in the catalogue.

# %%
random = np.random.default_rng(0)
arriving = random.random(len(catalogue)) < 0.1
tomorrow = catalogue[arriving]
today = plays[~plays.artist.isin(tomorrow.artist)]
print(f"{len(tomorrow)} artists arrive tomorrow")

# %% [markdown]
# ## Fit with features
#
# `Features` makes a matrix of the columns of a frame: here one feature for each tag that at least three
# artists have. Columns of categories, numbers, texts and vectors work in the same way, and each kind has
# settings.
#
# `feature_strength` says how strongly artists that people play are drawn to what their tags say. With 0 the
# tags only explain artists that nobody plays; with 1, the default, all of the regularization draws to the
# tags. `feature_regularization` says how many artists a tag takes to be half believed.

# %%
features = penchant.Features.from_frame(
    catalogue[~arriving], id="artist", columns={"tags": penchant.features.Tags(min_rows=3, tfidf=True)}
)
print(features)
data = penchant.Interactions.from_frame(today, user="listener", item="artist", weight="plays")
model = penchant.AlternatingLeastSquares(
    factors=32, confidence="log", unobserved_weight=0.05, regularization=0.01, regularization_exponent=1.0,
    feature_regularization=3.0, random_state=0,
)  # fmt: skip
recommender = penchant.Recommender(model).fit(data, item_features=features, show_progress=False)
print(recommender)

# %% [markdown]
# ## New artists arrive
#
# A frame with the same columns is all that it takes. Each new artist gets the factors that its tags say, and
# can be recommended at once. Nothing is fitted anew, and nobody's taste is held against artists that they
# could not know. (Tags that no feature stands for are ignored and counted in a warning; here they are left
# out before.)

# %%
known_tags = set(features.names)
tomorrow = tomorrow.assign(
    tags=[[tag for tag in each if f"tags={tag}" in known_tags] for each in tomorrow.tags]
)
recommender.update(items=tomorrow)
print(recommender)
listener = plays.listener[0]
display(recommender.recommend(listener, n=5, items=tomorrow.artist.tolist()))

# %% [markdown]
# Are these guesses any good? In truth the new artists have been played all along; we have only looked away.
# So for each listener we ask how many of the new artists that they play are among the first twenty of the
# list, and compare that with a list in random order.

# %%
truth = plays[plays.artist.isin(tomorrow.artist)]
listeners = np.intersect1d(truth.listener.unique(), data.users)
best = recommender.recommend(listeners, n=20, items=tomorrow.artist.tolist())
hits = best.rename(columns={"user": "listener", "item": "artist"}).merge(truth, on=["listener", "artist"])
wanted = truth[truth.listener.isin(listeners)].groupby("listener").size()
recall = (hits.groupby("listener").size().reindex(wanted.index).fillna(0) / wanted).mean()
print(f"recall@20 of new artists: {recall:.3f}; of a random list: {20 / len(tomorrow):.3f}")

# %% [markdown]
# `explain` splits a score into what comes from each feature, what all artists have in common, and what comes
# from what people did, which of a new artist is nothing yet.

# %%
first = recommender.recommend(listener, n=1, items=tomorrow.artist.tolist())["item"][0]
display(recommender.explain(listener, first, n=4, by="item_features"))

# %% [markdown]
# ## From a stranger to a regular
#
# Now the plays of twenty new artists come in, a few listeners of each at a time. Each update solves for the
# artists and for those listeners, in milliseconds. After each we ask how good the scores are: of a listener
# who will play the artist later and one who will not, how often does the first have the higher score? Half of
# the time would be chance.

# %%
stars = truth.artist.value_counts().index[:20]
shuffled = truth[truth.artist.isin(stars)].sample(frac=1, random_state=0)
shuffled["number"] = shuffled.groupby("artist").cumcount()
later = shuffled[(shuffled.number >= 20) & shuffled.listener.isin(data.users)]


def correct_pairs():
    """Return for how many pairs of listeners the scores of the artists are right."""
    now, shares = recommender.model, []
    for star in stars:
        scores = now.user_factors[: data.shape[0]] @ now.item_factors[recommender.data.item_codes(star)]
        will = data.user_codes(later.listener[later.artist == star].to_numpy())
        others = np.ones(len(scores), dtype=bool)
        others[data.user_codes(np.intersect1d(truth.listener[truth.artist == star], data.users))] = False
        shares.append((np.searchsorted(np.sort(scores[others]), scores[will]) / others.sum()).mean())
    return np.mean(shares)


steps = [0, 1, 2, 5, 10, 20]
found = [correct_pairs()]
for before, after in itertools.pairwise(steps):
    news = shuffled[(shuffled.number >= before) & (shuffled.number < after)]
    recommender.update(news[["listener", "artist", "plays"]], show_progress=False)
    found.append(correct_pairs())
display(pd.DataFrame({"listeners known": steps, "correct pairs": np.round(found, 3)}))

# %%
plt.figure(figsize=(6, 3))
plt.plot(steps, found, marker="o")
plt.xlabel("listeners of each artist whose plays are known")
plt.ylabel("correct pairs")
plt.show()

# %% [markdown]
# The tags alone are a start that a few plays hardly beat; with many, the plays take over. This is what every
# artist goes through, in one formula: without plays it is what the tags say, with many the tags hardly
# matter. An artist with few plays is taken to have been seen by few listeners, so that the first play does
# not bring the verdict of everybody else.
#
# ## A listener of whom nothing is known
#
# Features of listeners work in the same way, with `user_features=` in `fit` and `features=` in
# `recommend_for`. Here there are none, but a listener with a single artist is solved for as any other:

# %%
display(recommender.recommend_for([stars[0]], n=3))

# %% [markdown]
# ## Every day
#
# In the morning, what has come in and what people did yesterday; every now and then a fit to everything,
# since updates leave everyone else as they are. `save` keeps features and labels in the same file.
#
#     recommender = penchant.Recommender.load("model.safetensors")
#     recommender.update(yesterday, items=new_items)
#     recommender.save("model.safetensors")
#
# On the command line this is `penchant update model.safetensors yesterday.tsv --items new.csv`.

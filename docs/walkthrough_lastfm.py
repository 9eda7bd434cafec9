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
# # Recommending artists from what people played
#
# Nobody here rated anything. All we know is who played which artist how often: *implicit feedback*. A play
# says that somebody liked something, a little or a lot. No play says almost nothing: most artists that you
# never played are artists that you never heard of.
#
# This walk-through loads such data, weighs the counts, trains a model, and asks it three questions: what
# should one listener hear next, which artists are alike, and what should a thousand listeners hear. It
# takes seconds. [The other walk-through](walkthrough_from_scratch.ipynb) shows what happens inside the
# model.

# %%
import os
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from IPython.display import display

from penchant.als import AlternatingLeastSquares
from penchant.datasets import made_plays, read_lastfm_2k
from penchant.evaluation import evaluate, train_test_split
from penchant.nearest_neighbours import bm25_weight

# %% [markdown]
# ## Load
#
# The data is the [HetRec 2011 Last.fm set](https://grouplens.org/datasets/hetrec-2011/) if it is there: in
# the folder `lastfm-2k`, in the folder that the environment variable `PENCHANT_DATA` names, or else in
# `shared/data` beside the clone. Its terms do not let us ship it. Without it we make up listeners and
# artists. Every made artist belongs to one of 80 genres, which its name says, and every made listener likes
# two of them, one more than the other, so you can see at a glance whether a recommendation makes sense.
# `penchant.datasets.get_lastfm_2k()` downloads the real data.

# %%
clone = Path.cwd().parent if Path.cwd().name == "docs" else Path.cwd()
folder = Path(os.environ.get("PENCHANT_DATA") or clone.parent / "shared" / "data") / "lastfm-2k"
plays = read_lastfm_2k(folder) if folder.is_dir() else made_plays()
print(plays)

# %% [markdown]
# `plays.matrix` is a sparse matrix with a row for each listener and a column for each artist. Only pairs
# with at least one play are stored. These are the artists with the most listeners:

# %%
listeners = np.bincount(plays.matrix.indices, minlength=len(plays.artists))
most = np.argsort(-listeners, kind="stable")[:5]
total = plays.matrix.sum(axis=0).astype(int)
display(pd.DataFrame({"artist": plays.artists[most], "listeners": listeners[most], "plays": total[most]}))

# %% [markdown]
# ## Weigh the plays: bm25
#
# Some counts are huge. Someone who left the player running for a year is not a thousand times more certain
# of their taste than someone who chose an album twice; yet with raw counts, such a pair weighs a thousand
# times as much in the fit. BM25 was invented for words in documents, and it corrects three things:
#
# - **More plays say less and less.** The weight grows with the count, but never beyond a limit. `K1` says
#   how late that sets in.
# - **Plays of an artist that everyone plays all day say less.** `B`, between 0 and 1, says how much less.
# - **Plays by somebody who plays everything say less** than those of somebody who is choosy.
#
# The function takes documents in rows. Here artists are the documents and listeners the words, so we hand
# it the matrix turned round, artists × listeners, and turn the result back.

# %%
user_plays = plays.matrix
user_items = sp.csr_array(bm25_weight(user_plays.T, K1=100, B=0.8).T)

levels = {"half are below": 0.5, "99 % are below": 0.99, "the largest": 1.0}
table = {
    name: np.quantile(values, list(levels.values()))
    for name, values in (("plays", user_plays.data), ("weight", user_items.data))
}
table = pd.DataFrame(table, index=list(levels))
display(table.round(1))
print("the largest is so many times the median:", (table.iloc[-1] / table.iloc[0]).round(1).to_dict())

# %% [markdown]
# ## Fit
#
# The model gives every listener and every artist a short vector. The product of two vectors is the *score*:
# how well they go together. It should be 1 where somebody played something and 0 everywhere else; a miss on
# a played pair costs its weight times `alpha`, a miss on any other pair costs 1.
#
# - `factors` is the length of the vectors. More can tell finer tastes apart and need more data and time.
# - `regularization` keeps vectors short that little is known about.
# - `alpha` says how much more a play counts than the absence of one.
# - `random_state` fixes the random start. With the same number you get the same model.

# %%
model = AlternatingLeastSquares(factors=64, regularization=0.05, alpha=2.0, random_state=0)
model.fit(user_items, show_progress=False)  # leave show_progress out to see a bar

weight = 2.0 * user_items.data.sum()
nothing = weight / (weight + np.prod(user_items.shape) - user_items.nnz)
print(f"always predicting 0: {nothing:.3f}")
for epoch in (1, 2, 3, 5, 10, 15):
    print(f"after epoch {epoch:2}:      {model.loss_history[epoch - 1]:.3f}")

# %% [markdown]
# **What the loss says.** It is the weighted mean of all squared misses, plus the regularization: 0 would be
# a model that knows every pair, and a model that always predicts 0 has the loss in the first line. When the
# loss hardly falls any more, more epochs will not help.
#
# **What it does not say** is whether recommendations are good. It looks back at plays that the model has
# seen. A low loss can be nothing but a good memory; the last section looks at plays that the model has not
# seen. And as the weights are part of the loss, losses of different weightings cannot be compared.
#
# ## Recommend to one listener
#
# `recommend` wants the number of the listener and their row. We keep artists they already play in the list,
# and flag them.

# %%
userid = 7
own = user_items[[userid]]

history = pd.DataFrame({"artist": plays.artists[own.indices], "plays": user_plays[[userid]].data.astype(int)})
print(plays.users[userid], "plays most:")
display(history.sort_values("plays", ascending=False, kind="stable").head(5).reset_index(drop=True))

ids, scores = model.recommend(userid, own, N=10, filter_already_liked_items=False)
flags = np.isin(ids, own.indices)
display(pd.DataFrame({"artist": plays.artists[ids], "score": scores.round(3), "already_liked": flags}))

# %% [markdown]
# **What the flags mean.** `already_liked` is True for artists in the listener's own row. It is a check: a
# model that has understood someone puts much of what they play on top. But these artists are no news, so an
# application leaves them out, which is what `recommend` does unless you ask otherwise:

# %%
ids, scores = model.recommend(userid, own, N=10)
display(pd.DataFrame({"artist": plays.artists[ids], "score": scores.round(3)}))

# %% [markdown]
# **Why a score may be above 1, or below 0.** It is no probability. The model aims at 1 and at 0, but
# nothing stops a product of two vectors from overshooting, and for a pair that many similar listeners play
# a lot it often does. Scores are for putting the artists of one listener in order; a score of 0.6 does not
# promise the same for two listeners.
#
# ## Similar artists
#
# Two artists are alike if their vectors point the same way. The number is the cosine of the angle: 1 for
# the same direction, 0 for nothing in common. An artist is most like itself, so it comes first. We ask
# about the artist with the most listeners.

# %%
itemid = int(listeners.argmax())
ids, cosines = model.similar_items(itemid, N=11)
display(pd.DataFrame({"artist": plays.artists[ids], "cosine": cosines.round(3), "listeners": listeners[ids]}))

# %% [markdown]
# There was no genre, no text and no sound in the data: that the neighbours go together comes from who
# played them. If a neighbour looks odd, look at its listeners. With a handful of them, one person's taste
# decides.
#
# ## A thousand listeners at once
#
# Pass many numbers and their rows. The answer has a row for each listener, and all threads work on it,
# which is much faster than a loop. For everybody, `model.recommend_all(user_items)` yields such blocks.

# %%
users = np.arange(1000)
ids, scores = model.recommend(users, user_items[users], N=10)
print(ids.shape, scores.shape)
display(pd.DataFrame(plays.artists[ids[:5, :3]], index=plays.users[:5], columns=["first", "second", "third"]))

# %% [markdown]
# ## Are they any good?
#
# Hide a fifth of the plays, train on the rest, and see which of the hidden ones come back among the first
# ten. `precision` is the part of the ten that was hidden, `recall` the part of what was hidden that is
# among the ten, and `ndcg` counts hits higher up for more. `coverage` is the part of all artists that
# anybody was recommended. The first model learns from raw counts, the second from BM25 weights, and the
# third from the logarithm of the counts, the subject of the other walk-through.

# %%
train, test = train_test_split(user_plays, random_state=0)
weighings = {"raw": train, "bm25": sp.csr_array(bm25_weight(train.T, K1=100, B=0.8).T), "log": train.log1p()}
metrics = {}
for name, weighed in weighings.items():
    candidate = AlternatingLeastSquares(factors=64, regularization=0.05, alpha=2.0, random_state=0)
    candidate.fit(weighed, show_progress=False)
    metrics[name] = evaluate(candidate, train, test, K=10, show_progress=False)
display(pd.DataFrame(metrics).T[["precision", "recall", "ndcg", "coverage"]].round(3))

# %% [markdown]
# On the real data BM25 finds 1.4 times as many hidden plays as raw counts. On the made data it finds fewer:
# there, how *often* somebody plays an artist is pure chance, so there is nothing in the counts to bring
# out. On both it covers the most artists, because it takes weight from the stars, and on both the logarithm
# finds the most. That is the last lesson here: weighting, `alpha` and `factors` are choices, and this table
# is how to make them. Put aside plays, train, compare.

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
# # From a raw file to recommendations, with nothing hidden
#
# We start from a text file of who played what, number everything, write down what a good model is, fit one
# in plain NumPy, check the library against it, and then let the library do the rest. [The other
# walk-through](walkthrough_lastfm.ipynb) is shorter and only uses the library.

# %%
import csv
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import scipy.sparse as sp
from IPython.display import display

import penchant
from penchant.datasets import made_plays, read_lastfm_2k

# %% [markdown]
# ## The raw file
#
# Such data usually comes as lines with tabs between the fields: who, what, how often. We write such a file
# first: from the [HetRec 2011 Last.fm set](https://grouplens.org/datasets/hetrec-2011/) if it is in the
# folder `lastfm-2k` that `PENCHANT_DATA` leads to, otherwise from made listeners and artists. A made
# artist's name says its genre, and every made listener likes two genres. Real files are never quite clean,
# so we add two broken lines.

# %%
clone = Path.cwd().parent if Path.cwd().name == "docs" else Path.cwd()
folder = Path(os.environ.get("PENCHANT_DATA") or clone.parent / "shared" / "data") / "lastfm-2k"
plays = read_lastfm_2k(folder) if folder.is_dir() else made_plays()

pairs = plays.matrix.tocoo()
events = {"user": plays.users[pairs.row], "artist": plays.artists[pairs.col], "plays": pairs.data.astype(int)}
temporary = TemporaryDirectory(prefix="penchant-")
tsv = Path(temporary.name, "plays.tsv")
pd.DataFrame(events).to_csv(tsv, sep="\t", header=False, index=False, quoting=csv.QUOTE_NONE)
with tsv.open("a", encoding="utf-8") as file:
    file.write("somebody\tsomething\t\nsomebody\tsomething\toften\n")
print("\n".join(tsv.read_text(encoding="utf-8").splitlines()[:5]))

# %% [markdown]
# ## From names to codes
#
# A matrix has numbered rows and columns, so every name gets a number, its *code*: 0 for the first user in
# the file, 1 for the next new one, and so on, likewise for artists. By hand, with pandas:

# %%
raw = pd.read_csv(
    tsv, sep="\t", names=["user", "artist", "plays"], dtype=str, keep_default_na=False, quoting=csv.QUOTE_NONE
)
raw["plays"] = pd.to_numeric(raw["plays"], errors="coerce")  # what is no number becomes NaN
raw = raw.dropna(subset="plays")
user_codes, users = pd.factorize(raw["user"])
artist_codes, artists = pd.factorize(raw["artist"])
by_hand = sp.csr_array((raw["plays"], (user_codes, artist_codes)), shape=(len(users), len(artists)))
display(raw.assign(user_code=user_codes, artist_code=artist_codes).head(3))

# %% [markdown]
# `penchant.Interactions` does all that in one call, for files that do not fit into memory too. It tells
# what it skipped, and without `on_bad_rows="skip"` it warns. Lines of the same user and artist are added
# up, by both.

# %%
data = penchant.Interactions.from_file(
    tsv, header=False, user=0, item=1, weight=2, on_bad_rows="skip", show_progress=False
)
temporary.cleanup()
print(data)
print(f"{data.report.rows:,} lines read, {data.report.bad_rows} of them bad")
print(f"{100 * data.report.density:.2f} % of all pairs are known")

assert (data.users == users).all()
assert (data.items == artists).all()
assert (data.matrix != by_hand).nnz == 0
print("the same as by hand")

# %% [markdown]
# ## What a good model is
#
# Let $r_{ui}$ be how often user $u$ played artist $i$. Two numbers follow from it (Hu, Koren and Volinsky,
# 2008). The *preference* says whether there was a play at all, and the *confidence* how sure that makes us:
#
# $$p_{ui} = \begin{cases} 1 & r_{ui} > 0 \\ 0 & r_{ui} = 0 \end{cases} \qquad\qquad
# c_{ui} = 1 + \alpha \, \ln(1 + r_{ui} / \varepsilon)$$
#
# No play means preference 0, but with confidence 1 only: perhaps they just never met. The logarithm is
# there because counts go from one to thousands, and the first ten plays say more than the next ten;
# $\alpha$ says how much a play adds. A user gets a vector $x_u$, an artist a vector $y_i$, and their
# product is to be close to the preference, the more so the surer we are:
#
# $$L(X, Y) = \sum_{u, i} c_{ui} \, (p_{ui} - x_u \cdot y_i)^2 +
# \lambda \Big( \sum_u |x_u|^2 + \sum_i |y_i|^2 \Big)$$
#
# The sum is over **all** pairs, played or not. The second part, the regularization, keeps vectors short
# unless the data insists. For a small part of the data, all of this fits into dense arrays: the 300 artists
# with the most listeners, and the 200 users who know the most of them.

# %%
alpha, epsilon, regularization, factors = 2.0, 1.0, 1.0, 8

listeners = np.bincount(data.matrix.indices, minlength=len(artists))
popular = np.argsort(-listeners, kind="stable")[:300]
known = data.matrix[:, popular]
part = known[np.argsort(-np.diff(known.indptr), kind="stable")[:200]].astype(np.float64)

R = part.toarray()
P = (R > 0).astype(float)
C = 1 + alpha * np.log(1 + R / epsilon)


def loss(X, Y):
    """The objective, divided by the weight of all pairs."""
    misses = (C * (P - X @ Y.T) ** 2).sum()
    return (misses + regularization * ((X**2).sum() + (Y**2).sum())) / C.sum()


# %% [markdown]
# **What the loss says.** Divided by all the weight, the objective is a mean squared miss. 0 would be a
# perfect memory of the data, and predicting 0 everywhere gives the part of the weight that lies on played
# pairs. A falling loss says that the fit is working. It does not say that recommendations are good: for
# that, hold plays back and look for them with `penchant.evaluation`.
#
# ## Alternating least squares
#
# $L$ has products of unknowns in it, which is hard. But if $Y$ stands still, each $x_u$ is the answer to a
# small regression of its own. Set the derivative to zero, with $C_u$ the diagonal matrix of the confidences
# of $u$:
#
# $$(Y^\top C_u Y + \lambda I) \, x_u = Y^\top C_u \, p_u$$
#
# So solve that for every user, then the same for every artist with $X$ standing still, and start again. No
# half of that can make $L$ greater. In NumPy:


# %%
def solve_all(C, P, others, old):
    """The best vectors of one side, given those of the other; where they were does not matter."""
    new = []
    for c, p in zip(C, P, strict=True):
        A = others.T @ (c[:, None] * others) + regularization * np.eye(factors)
        new.append(np.linalg.solve(A, others.T @ (c * p)))
    return np.array(new)


def fit(X, Y, solve, epochs=10):
    """Vectors of both sides, and the loss after each epoch."""
    losses = []
    for _ in range(epochs):
        X = solve(C, P, Y, X)
        Y = solve(C.T, P.T, X, Y)
        losses.append(loss(X, Y))
    return X, Y, losses


random = np.random.default_rng(0)
X0 = random.random((len(R), factors)) * 0.01
Y0 = random.random((R.shape[1], factors)) * 0.01
X, Y, exact_losses = fit(X0, Y0, solve_all)
print(f"predicting 0: {loss(0 * X0, 0 * Y0):.4f}, after 10 epochs: {exact_losses[-1]:.4f}")

# %% [markdown]
# ## Does the library do the same?
#
# Assigned factors are where a fit starts. `solver="cholesky"` solves each row exactly, `relaxation=1`
# switches off a shortcut that we come to below, and `confidence="log"` is the formula above. (The default,
# `"alpha"`, takes what you pass as it is: $c = \alpha r$ for what is stored, 1 for the rest. That suits
# BM25 weights.)
#
# We compare the losses of all epochs and the final scores $x_u \cdot y_i$. Not the vectors: turn all
# vectors of both sides in the same way, and no product changes, so any such turn is an equally good
# solution. Both work in float64, with 16 digits, of which we demand nine.


# %%
def ours(iterations=10, **settings):
    """The library's model, from the same start."""
    model = penchant.AlternatingLeastSquares(
        factors=factors, regularization=regularization, alpha=alpha, confidence="log", epsilon=epsilon,
        iterations=iterations, dtype=np.float64, **settings,
    )  # fmt: skip
    model.user_factors, model.item_factors = X0, Y0
    return model.fit(part, show_progress=False)


exact = ours(solver="cholesky", relaxation=1)
np.testing.assert_allclose(exact.loss_history, exact_losses, rtol=1e-9)
np.testing.assert_allclose(exact.user_factors @ exact.item_factors.T, X @ Y.T, rtol=1e-9, atol=1e-9)
print("the same")

# %% [markdown]
# ## Sparse data, and conjugate gradients
#
# The loop above touches every pair, and most say the same: not played, confidence 1. One step of algebra
# gets rid of them:
#
# $$Y^\top C_u Y + \lambda I = \underbrace{Y^\top Y + \lambda I}_{M} +
# \sum_{i \text{ played}} (c_{ui} - 1) \, y_i y_i^\top$$
#
# $M$ is the same for all users, so it is computed once, and a user costs as much as they have played. What
# is left is to solve a system for each user, which takes some $f^3$ operations for $f$ factors. *Conjugate
# gradients* are cheaper. They improve a guess step by step, and a step needs one product with the matrix.
# The guess is the solution of the last epoch, and three steps are enough: the other side moves on anyway,
# so a perfect answer would not stay perfect (Takács, Pilászy and Tikk, 2011).
#
# The first step goes where the residual $r = b - A x$ points, every later one is bent so that it does not
# undo those before it. All of it is seen through $M$, the *preconditioner*: a cheap stand-in for $A$ that
# makes the very first step a good one. In a dozen lines:


# %%
def conjugate_gradients(A, b, x, M, steps=3):
    r = b - A @ x
    d, last = 0, 1
    for _ in range(steps):
        z = np.linalg.solve(M, r)
        rz = r @ z
        if rz < 1e-30:
            break  # solved already
        d = z + (rz / last) * d
        length = rz / (d @ A @ d)
        x = x + length * d
        r = r - length * (A @ d)
        last = rz
    return x


def solve_all_roughly(C, P, others, old):
    """Vectors of one side, better than the old ones: three steps from there."""
    M = others.T @ others + regularization * np.eye(factors)
    new = []
    for c, p, x in zip(C, P, old, strict=True):
        played = others[p > 0]
        A = M + played.T @ ((c[p > 0] - 1)[:, None] * played)
        new.append(conjugate_gradients(A, played.T @ c[p > 0], x, M))
    return np.array(new)


X, Y, cg_losses = fit(X0, Y0, solve_all_roughly)
cg = ours(solver="cg", cg_steps=3, relaxation=1)
np.testing.assert_allclose(cg.loss_history, cg_losses, rtol=1e-9)
np.testing.assert_allclose(cg.user_factors @ cg.item_factors.T, X @ Y.T, rtol=1e-9, atol=1e-9)
print(f"the same; the loss is {cg_losses[-1]:.4f}, with exact solutions {exact_losses[-1]:.4f}")

# %% [markdown]
# (A library never builds $A$. It multiplies by $M$ and by the vectors of what was played, and it turns all
# vectors so that $M$ becomes the identity, once for all users. Our dozen lines say the same, slowly.)
#
# Now the shortcut. Each side waits for the other, so many epochs take small steps in the same direction.
# `relaxation` goes further, up to 1.65 times as far by default. The picture shows how far each loss is above
# what a long fit reaches. Exact solutions and three steps lie on top of each other.

# %%
best = ours(iterations=100, solver="cholesky").loss_history[-1]
relaxed = ours(solver="cg", cg_steps=3).loss_history

figure, axes = plt.subplots(figsize=(5, 3))
axes.semilogy(range(1, 11), np.array(exact_losses) - best, linewidth=5, alpha=0.4, label="exact")
axes.semilogy(range(1, 11), np.array(cg_losses) - best, marker=".", label="three steps")
axes.semilogy(range(1, 11), np.array(relaxed) - best, marker=".", label="three steps, relaxed")
axes.set(xlabel="epoch", ylabel="loss above the best")
axes.legend()
plt.show()

# %% [markdown]
# ## All of the data
#
# Everything else is a call. The default solver chooses the fastest way for each row, and float32 is precise
# enough.

# %%
model = penchant.AlternatingLeastSquares(
    factors=32, regularization=regularization, alpha=alpha, confidence="log", epsilon=epsilon, random_state=0
)
model.fit(data.matrix, show_progress=False)
print(model)

# %% [markdown]
# ## Artists like a named one
#
# Nobody knows codes by heart, so we look for a part of the name. Several artists may have it; the one with
# the most listeners is usually meant.

# %%
wanted = "radiohead" if folder.is_dir() else "lisbon dub"
found = np.flatnonzero(pd.Series(data.items).str.contains(wanted, case=False, regex=False))
found = found[np.argsort(-listeners[found], kind="stable")]
display(pd.DataFrame({"artist": data.items[found], "listeners": listeners[found]}).head(3))

ids, cosines = model.similar_items(found[0], N=11)
display(pd.DataFrame({"like " + data.items[found[0]]: data.items[ids[1:]], "cosine": cosines[1:].round(3)}))

# %% [markdown]
# ## A history beside the recommendations
#
# The best check of a recommender is to look at somebody. On the left is what a user played most, on the
# right what the model would have them try. Artists they already play are left out on the right.

# %%
userid = 7
own = data.matrix[[userid]]
favourites = np.argsort(-own.data, kind="stable")[:10]
ids, scores = model.recommend(userid, own, N=10)
table = {
    "played most": data.items[own.indices[favourites]],
    "plays": own.data[favourites].astype(int),
    "recommended": data.items[ids],
    "score": scores.round(3),
}
print(data.users[userid])
display(pd.DataFrame({name: pd.Series(column) for name, column in table.items()}))

# %% [markdown]
# ## Scores from 0 to 1
#
# A score is a prediction of the preference. It is near 1 for what suits and near 0 for what does not, but
# nothing keeps a product of vectors between these: it may be above 1 or below 0. For people, a scale from 0
# to 1 looks better. So we score all artists, without a filter, and put the least at 0 and the greatest at
# 1.

# %%
all_ids, all_scores = model.recommend(userid, own, N=len(artists), filter_already_liked_items=False)
least, greatest = all_scores.min(), all_scores.max()
scaled = (scores - least) / (greatest - least)
assert (np.diff(scaled) <= 0).all()  # the order is that of the scores
print(f"scores from {least:.3f} to {greatest:.3f}")
display(pd.DataFrame({"artist": data.items[ids], "score": scores.round(3), "from 0 to 1": scaled.round(3)}))

# %% [markdown]
# This changes how the numbers look and nothing else. The order is the same, a 0.9 is no probability of 90
# percent, and since everybody has their own least and greatest score, numbers of different users cannot be
# compared.
#
# The first line is seldom 1 here: the greatest score mostly belongs to something that the user already
# plays.

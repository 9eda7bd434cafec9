"""The Recommender against its own model and matrix, in every kind of frame."""

import io

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

import penchant
from penchant import (
    AlternatingLeastSquares,
    DataWarning,
    Interactions,
    ModelFormatError,
    NotFittedError,
    Recommender,
)
from penchant.datasets import made_plays

PLAYS = made_plays(users=300, artists=160)
COO = PLAYS.matrix.tocoo()
EVENTS = {"user": PLAYS.users[COO.row], "artist": PLAYS.artists[COO.col], "plays": COO.data.astype(float)}


def fitted(frame=pl.DataFrame, **options):
    data = Interactions.from_frame(frame(EVENTS), item="artist", weight="plays", **options)
    model = AlternatingLeastSquares(factors=16, regularization=0.1, random_state=0)
    return Recommender(model).fit(data, show_progress=False)


@pytest.fixture(scope="module")
def recommender():
    return fitted()


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table])
def test_answers_come_in_the_callers_kind_of_frame(frame):
    recommender = fitted(frame)
    for answer in (
        recommender.recommend("listener 7"),
        recommender.similar_items("berlin dub 1"),
        recommender.recommend_for({"berlin dub 1": 30}),
        recommender.explain("listener 7", "berlin dub 1"),
        recommender.history("listener 7"),
    ):
        assert type(answer) is type(frame(EVENTS))


def test_answers_are_those_of_the_model(recommender):
    data, model = recommender.data, recommender.model
    users = ["listener 9", "listener 3"]
    codes = data.user_codes(users)
    ids, scores = model.recommend(codes, data.matrix[codes], N=5)
    answer = recommender.recommend(users, n=5)
    assert answer.columns == ["user", "item", "score", "rank"]
    assert answer["user"].to_list() == np.repeat(users, 5).tolist()
    assert answer["item"].to_list() == data.items[ids].ravel().tolist()
    np.testing.assert_array_equal(answer["score"].to_numpy(), scores.ravel())
    assert answer["rank"].to_list() == [1, 2, 3, 4, 5] * 2

    item = "paris funk 1"
    code = data.item_codes(item)
    ids, scores = model.similar_items(code, N=4)
    answer = recommender.similar_items(item, n=3)
    assert ids[0] == code
    assert answer["similar_item"].to_list() == data.items[ids[1:]].tolist()
    assert answer["item"].to_list() == [item] * 3
    assert (
        recommender.similar_users("listener 9", 2)["similar_user"].to_list()
        == data.users[model.similar_users(codes[0], N=3)[0][1:]].tolist()
    )

    total, contributions, _ = model.explain(0, data.matrix[codes[:1]], code, N=3)
    answer = recommender.explain(users[0], item, n=3)
    assert answer["item"].to_list() == [data.items[liked] for liked, _ in contributions]
    np.testing.assert_allclose(answer["contribution"].to_numpy(), [share for _, share in contributions])
    weights = data.matrix[[codes[0]]].toarray()[0]
    assert answer["weight"].to_list() == [weights[liked] for liked, _ in contributions]
    everything = recommender.explain(users[0], item, n=10_000)
    np.testing.assert_allclose(everything["contribution"].sum(), total)


def test_a_history_is_what_the_events_say(recommender):
    history = recommender.history("listener 3")
    own = EVENTS["user"] == "listener 3"
    assert dict(history.select("item", "weight").iter_rows()) == dict(
        zip(EVENTS["artist"][own], EVENTS["plays"][own], strict=True)
    )
    assert history["weight"].to_list() == sorted(history["weight"].to_list(), reverse=True)
    assert history["rank"].to_list() == list(range(1, len(history) + 1))


def test_what_is_liked_or_excluded_is_left_out(recommender):
    liked = set(recommender.history("listener 3")["item"])
    best = recommender.recommend("listener 3", n=20)["item"].to_list()
    assert not liked & set(best)
    assert liked & set(recommender.recommend("listener 3", n=20, filter_liked=False)["item"])
    assert recommender.recommend("listener 3", n=19, exclude=[best[0]])["item"].to_list() == best[1:]
    among = recommender.recommend("listener 3", n=5, items=best[3:6], exclude=best[4])
    assert among["item"].to_list() == [best[3], best[5]]
    least = recommender.recommend("listener 3", n=20, min_score=0.5)["score"]
    assert (least >= 0.5).all()


def test_everyone_gets_recommendations(recommender):
    everyone = recommender.recommend(n=2)
    assert everyone["user"].unique(maintain_order=True).to_list() == recommender.data.users.tolist()
    one = recommender.recommend("listener 3", n=2)
    assert everyone.filter(pl.col("user") == "listener 3").equals(one)


def test_someone_new_is_solved_for_as_a_user_with_that_history(recommender):
    history = recommender.history("listener 3")
    items = dict(history.select("item", "weight").iter_rows())
    codes = recommender.data.item_codes(list(items))
    row = sp.csr_array(
        (np.array(list(items.values()), np.float32), ([0] * len(items), codes)), shape=(1, 160)
    )
    ids, _ = recommender.model.recommend(0, row, N=5, recalculate_user=True)
    answer = recommender.recommend_for(items, n=5)
    assert answer.columns == ["item", "score", "rank"]
    assert answer["item"].to_list() == recommender.data.items[ids].tolist()
    ones = recommender.recommend_for(list(items)[:3], n=5)
    assert ones.equals(recommender.recommend_for(dict.fromkeys(list(items)[:3], 1), n=5))
    assert recommender.recommend_for("berlin dub 1", n=1).equals(
        recommender.recommend_for(["berlin dub 1"], n=1)
    )


def test_an_update_brings_new_users_and_items():
    recommender = fitted()
    matrix = recommender.data.matrix
    untouched = recommender.model.user_factors.copy()
    new = {
        "user": ["me", "me", "listener 3", "me"],
        "artist": ["berlin dub 1", "berlin dub 2", "brand new", "brand new"],
    }
    assert recommender.update(pl.DataFrame(new | {"plays": [9.0, 9.0, 40.0, 4.0]})) is recommender
    assert recommender.data.shape == (301, 161)
    assert recommender.model.user_factors.shape == (301, 16)
    assert recommender.model.item_factors.shape == (161, 16)
    changed = np.flatnonzero((recommender.model.user_factors[:300] != untouched).any(axis=1))
    assert recommender.data.users[changed].tolist() == ["listener 3"]
    assert recommender.recommend("me", n=3)["item"].to_list()
    assert "brand new" in recommender.history("listener 3")["item"]
    assert np.abs(recommender.model.item_factors[160]).sum() > 0
    folded = recommender.model.recalculate_user(300, recommender.data.matrix[[300]])
    np.testing.assert_allclose(recommender.model.user_factors[300], folded, rtol=1e-3, atol=1e-4)
    assert matrix.shape == (300, 160)


def test_an_update_that_fails_changes_nothing():
    recommender = fitted()
    before, factors = recommender.data, recommender.model.user_factors
    with pytest.raises(ValueError, match="there is no column 'artist'"):
        recommender.update({"user": ["me"], "item": ["x"], "plays": [1.0]})
    assert recommender.data is before
    assert recommender.model.user_factors is factors


def test_the_data_given_to_a_fit_is_not_changed_by_updates():
    data = Interactions.from_frame(EVENTS, item="artist", weight="plays")
    model = AlternatingLeastSquares(factors=4, random_state=0, iterations=2)
    recommender = Recommender(model).fit(data, show_progress=False)
    recommender.update({"user": ["me"], "artist": ["new"], "plays": [1.0]})
    assert data.shape == (300, 160)
    assert recommender.data.shape == (301, 161)
    data.update({"user": ["me", "you"], "artist": ["new", "newer"], "plays": [1.0, 1.0]})
    assert recommender.data.shape == (301, 161)


def test_a_new_user_with_nothing_that_counts_has_a_place_as_well():
    recommender = fitted()
    recommender.update({"user": ["me"], "artist": ["berlin dub 1"], "plays": [0.0]})
    assert recommender.model.user_factors.shape == (301, 16)
    with pytest.warns(
        DataWarning, match="1 user gets no recommendations, as the model knows nothing about .*'me'"
    ):
        assert len(recommender.recommend("me", n=3)) == 0


@pytest.mark.parametrize("options", [{}, {"min_items_per_user": 5, "min_users_per_item": 5}])
def test_a_file_holds_model_and_labels(tmp_path, options):
    recommender = fitted(**options)
    path = tmp_path / "plays.penchant"
    recommender.save(path)
    same = Recommender.load(path)
    user = recommender.data.users[0]
    assert same.recommend(user).equals(recommender.recommend(user))
    assert same.data.report == recommender.data.report
    new = pl.DataFrame(
        {"user": ["me"] * 12, "artist": recommender.data.items[:12].tolist(), "plays": [1.0] * 12}
    )
    assert same.update(new).recommend("me").equals(recommender.update(new).recommend("me"))
    model = AlternatingLeastSquares.load(path)
    assert model.get_params()["factors"] == 16
    buffer = io.BytesIO()
    recommender.save(buffer)
    assert Recommender.load(io.BytesIO(buffer.getvalue())).data.shape == recommender.data.shape


def test_files_that_are_no_recommenders_are_refused(tmp_path, recommender):
    path = tmp_path / "model.safetensors"
    recommender.model.save(path)
    with pytest.raises(ModelFormatError, match="it has no labels"):
        Recommender.load(path)
    recommender.save(path)
    content = path.read_bytes()
    for end in range(0, len(content), 997):
        with pytest.raises(ModelFormatError):
            Recommender.load(io.BytesIO(content[:end]))
    with pytest.raises(FileNotFoundError):
        Recommender.load(tmp_path / "none")


def test_integers_are_labels_too():
    data = Interactions.from_frame(pd.DataFrame({"user": COO.row + 1000, "item": COO.col + 5000}))
    model = AlternatingLeastSquares(factors=8, random_state=0)
    recommender = Recommender(model).fit(data, show_progress=False)
    answer = recommender.recommend([1003, 1009], n=2)
    assert answer["user"].tolist() == [1003, 1003, 1009, 1009]
    assert answer["item"].between(5000, 5159).all()
    assert recommender.similar_items(answer["item"], n=1).shape == (4, 4)


def test_unknown_labels_and_wrong_arguments_get_a_sentence(recommender):
    for error, sentence, call in [
        (KeyError, "there is no user 'listner 3'; did you mean", lambda: recommender.recommend("listner 3")),
        (KeyError, "there is no item 'berlin dab 1'; did you mean 'berlin dub 1'", lambda: recommender.similar_items("berlin dab 1")),
        (KeyError, "there is no item", lambda: recommender.recommend_for({"x": 1})),
        (KeyError, "there is no item", lambda: recommender.recommend("listener 3", exclude="x")),
        (ValueError, "n must be at least 1", lambda: recommender.recommend("listener 3", n=0)),
        (TypeError, "n must be an integer", lambda: recommender.recommend("listener 3", n="5")),
        (ValueError, "items must name at least one item", lambda: recommender.recommend_for({})),
        (ValueError, "the weight of 'berlin dub 1' must be a number", lambda: recommender.recommend_for({"berlin dub 1": np.nan})),
        (TypeError, "the weight of 'berlin dub 1' must be a number", lambda: recommender.recommend_for({"berlin dub 1": "x"})),
        (ValueError, "user must be a single label", lambda: recommender.history(["listener 3"])),
        (TypeError, "model must be one of Penchant's models, got str", lambda: Recommender("als")),
        (TypeError, "data must be an Interactions, got scipy", lambda: Recommender().fit(PLAYS.matrix)),
        (NotFittedError, "call fit first", lambda: Recommender().recommend("x")),
    ]:  # fmt: skip
        with pytest.raises(error, match=sentence):
            call()


def test_it_prints_its_model(recommender):
    assert repr(recommender).startswith("Recommender(AlternatingLeastSquares(factors=16")
    assert penchant.Recommender is Recommender
    assert nw.from_native(recommender.recommend("listener 3")).shape == (10, 4)


def test_what_is_liked_is_not_recommended_among_given_items_either(recommender):
    liked = recommender.history("listener 3")["item"].to_list()
    new = recommender.recommend("listener 3", n=1)["item"].to_list()
    assert recommender.recommend("listener 3", n=5, items=liked + new)["item"].to_list() == new


def test_labels_may_come_in_any_sequence(recommender):
    users = ["listener 3", "listener 9"]
    expected = recommender.recommend(users, n=2)
    for same in (
        tuple(users),
        np.array(users),
        pa.array(users),
        pl.Series(users),
        dict.fromkeys(users),
        iter(users),
    ):
        assert recommender.recommend(same, n=2).equals(expected)
    items = pd.Series({"berlin dub 1": 30.0, "berlin dub 2": 3.0})
    assert recommender.recommend_for(items, n=3).equals(recommender.recommend_for(items.to_dict(), n=3))
    assert len(recommender.similar_items("berlin dub 1", n=2**63 - 1)) == 159
    with pytest.raises(ValueError, match="the weight of 'berlin dub 1' must be finite"):
        recommender.recommend_for({"berlin dub 1": 1e300})


def test_a_file_cannot_name_modules_to_import(recommender):
    buffer = io.BytesIO()
    recommender.save(buffer)
    for module in (b"evilmod", b"..polar"):
        with pytest.raises(ModelFormatError, match="its frames are of"):
            Recommender.load(
                io.BytesIO(
                    buffer.getvalue().replace(b'\\\\\\"polars\\\\\\"', b'\\\\\\"' + module[:6] + b'\\\\\\"')
                )
            )


def test_a_notebook_shows_the_model_and_what_it_has_learned_from():
    events = {"user": ["ann", "bob"], "item": ["dub", "ska"]}
    recommender = Recommender(AlternatingLeastSquares(factors=2, random_state=0))
    assert recommender._repr_html_().startswith("<code>AlternatingLeastSquares(factors=2")
    shown = recommender.fit(Interactions.from_frame(events), show_progress=False)._repr_html_()
    assert "&lt;2 users x 2 items&gt;" in shown
    assert "<table" in shown

"""Recommenders that know features: strangers, newcomers and regulars, in labels."""

import io
import threading

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from penchant import EASE, AlternatingLeastSquares, DataWarning, Features, Interactions, Recommender
from penchant.content import ContentRecommender

GENRES = ("rock", "jazz", "folk")


def plays():
    """Thirty listeners who like one kind of music each, and thirty artists, ten of each kind."""
    random = np.random.default_rng(3)
    rows = [
        (f"u{u}", f"{GENRES[u % 3]} {at}", 1 + random.integers(5))
        for u in range(30)
        for at in random.permutation(10)[:6]
    ]
    return pd.DataFrame(rows, columns=["user", "item", "plays"])


def artists(names):
    return pd.DataFrame(
        {"item": names, "genre": [name.split()[0] for name in names], "plays well": ["yes"] * len(names)}
    )


def listeners(names):
    return pd.DataFrame({"user": names, "likes": [GENRES[int(name[1:]) % 3] for name in names]})


def fitted(**settings):
    events = plays()
    # One artist of each kind is in the catalogue alone, and one listener.
    items = Features.from_frame(
        artists([*events.item.unique(), "rock x", "jazz x"]), id="item", columns={"genre": "category"}
    )
    users = Features.from_frame(listeners([*events.user.unique(), "u31"]), id="user")
    data = Interactions.from_frame(events, weight="plays")
    model = AlternatingLeastSquares(
        8, random_state=0, feature_regularization=1.0, unobserved_weight=0.1, **settings
    )
    return Recommender(model).fit(data, item_features=items, user_features=users, show_progress=False)


@pytest.fixture
def recommender():
    return fitted()


def kinds(frame, column="item"):
    return {name.split()[0] for name in frame[column]}


def test_those_who_have_done_nothing_are_part_of_it_and_the_callers_data_is_not_changed(recommender):
    assert recommender.data.shape == (31, 32) == recommender.model.shape
    assert kinds(recommender.recommend("u31", n=5)) == {"jazz"}
    assert recommender.recommend("u0", items=["rock x", "jazz x"])["item"].tolist() == ["rock x", "jazz x"]
    assert kinds(recommender.similar_items("rock x", n=5), "similar_item") == {"rock"}
    assert recommender.history("u31").empty


def test_strangers_get_what_their_features_say_and_others_what_both_do(recommender):
    assert kinds(recommender.recommend_for(features={"likes": "folk"}, n=4)) == {"folk"}
    both = recommender.recommend_for({"rock 1": 5.0, "rock 2": 5.0}, features={"likes": "folk"}, n=30)
    without = recommender.recommend_for({"rock 1": 5.0, "rock 2": 5.0}, n=30)
    places = [frame["rank"][frame["item"].str.startswith("folk")].mean() for frame in (both, without)]
    assert places[0] < places[1] - 2
    assert "rock 1" not in set(both["item"])
    anyone = recommender.recommend_for(features={}, n=5)
    assert len(anyone) == 5
    # A stranger is nobody whom the model knows, also where only items say who it is.
    row = sp.csr_array(([1.0], ([0], [recommender.data.item_codes("rock 1")])), shape=(1, 32))
    vector = recommender.model.recalculate_user([999], row)[0]
    expected = np.sort(recommender.model.item_factors @ vector)[::-1]
    alone = recommender.recommend_for(["rock 1"], n=32, filter_liked=False)
    np.testing.assert_allclose(alone["score"], expected, rtol=1e-4, atol=1e-6)


def test_new_items_and_users_are_there_at_once(recommender):
    before = recommender.model
    recommender.update(items=artists(["rock new", "folk new"]), users=listeners(["u41"]))
    assert recommender.data.shape == (32, 34)
    assert before.shape == (31, 32)
    news = ["rock new", "folk new"]
    assert recommender.recommend("u0", items=news)["item"].tolist() == news
    assert recommender.recommend("u2", items=news)["item"].tolist() == news[::-1]
    assert kinds(recommender.recommend("u41", n=5)) == {"folk"}
    assert kinds(recommender.similar_items("folk new", n=5), "similar_item") == {"folk"}


def test_events_of_new_items_and_what_is_newly_known_of_old_ones(recommender):
    recommender.update(items=artists(["rock new"]))
    rock, jazz = (recommender.recommend(user, items=["rock new"])["score"][0] for user in ("u0", "u1"))
    assert rock > jazz
    # It is jazz in truth: listeners of jazz play it.
    events = pd.DataFrame(
        {"user": [f"u{u}" for u in range(1, 30, 3)] * 3, "item": ["rock new"] * 30, "plays": [5] * 30}
    )
    recommender.update(events)
    scores = [recommender.model.score(recommender.data.user_codes(user))[-1] for user in ("u0", "u1")]
    assert scores[1] > scores[0]

    def liking():
        return recommender.recommend("u1", items=["rock x"])["score"][0]

    before = liking()
    recommender.update(items=pd.DataFrame({"item": ["rock x"], "genre": ["jazz"], "plays well": ["no"]}))
    assert liking() > before + 0.1
    assert "jazz" in kinds(recommender.similar_items("rock x", n=5), "similar_item")


def test_every_event_brings_a_new_item_closer_to_what_all_say():
    """From a stranger to a regular without a step back."""
    recommender = fitted()
    recommender.update(items=artists(["rock new"]))
    codes = recommender.data.user_codes([f"u{u}" for u in range(30)])
    found = []
    for first in range(0, 10, 2):
        found.append(recommender.model.user_factors[codes] @ recommender.model.item_factors[-1])
        names = [f"u{3 * u}" for u in range(first, first + 2)]
        recommender.update(pd.DataFrame({"user": names, "item": ["rock new"] * 2, "plays": [3] * 2}))
    found.append(recommender.model.user_factors[codes] @ recommender.model.item_factors[-1])
    agreement = [np.corrcoef(each, found[-1])[0, 1] for each in found]
    assert min(agreement) > 0.9
    likers = [each[::3].mean() for each in found]
    assert likers == sorted(likers)


def test_explanations_say_what_came_from_features(recommender):
    frame = recommender.explain("u0", "rock x", by="item_features")
    assert frame["feature"].tolist() == ["genre=rock", "(what all items have in common)", "(what people did)"]
    score = recommender.recommend("u0", items=["rock x"])["score"][0]
    assert frame["contribution"].sum() == pytest.approx(score, rel=1e-4)
    assert frame["contribution"][2] == pytest.approx(0, abs=1e-5)
    assert recommender.explain("u0", "rock x", by="user_features")["feature"][0] == "likes=rock"
    row = recommender.explain("u0", "rock x")
    assert set(row["item"]) <= set(recommender.history("u0")["item"])


def test_all_of_it_is_saved_and_can_be_updated_after_that(recommender):
    file = io.BytesIO()
    recommender.save(file)
    loaded = Recommender.load(io.BytesIO(file.getvalue()))
    for each in (recommender, loaded):
        each.update(items=artists(["folk new"]))
    np.testing.assert_array_equal(loaded.model.item_factors, recommender.model.item_factors)
    assert loaded.recommend_for(features={"likes": "folk"}, n=3).equals(
        recommender.recommend_for(features={"likes": "folk"}, n=3)
    )


def test_without_features_of_everyone_a_warning_counts_them():
    data = Interactions.from_frame(plays(), weight="plays")
    few = Features.from_frame(artists(data.items[:20].tolist()), id="item", columns=["genre"])
    with pytest.warns(DataWarning, match="10 of 30 items have no features: they are taken for average ones"):
        Recommender(AlternatingLeastSquares(4)).fit(data, item_features=few, show_progress=False)


def test_neighbours_by_content_take_in_new_items_as_well():
    events = plays()
    items = Features.from_frame(artists([*events.item.unique(), "rock x"]), id="item", columns=["genre"])
    data = Interactions.from_frame(events, weight="plays")
    for content in (1.0, 0.5):
        recommender = Recommender(ContentRecommender(K=32, content=content))
        recommender.fit(data, item_features=items, show_progress=False)
        assert kinds(recommender.similar_items("rock x", n=5), "similar_item") == {"rock"}
        recommender.update(items=artists(["jazz new"]))
        assert recommender.recommend("u1", items=["jazz new", "rock x"])["item"].tolist()[:1] == ["jazz new"]


def test_items_that_had_too_few_listeners_are_there_again_where_features_know_them():
    events = pd.concat([plays(), pd.DataFrame({"user": ["u0"], "item": ["rock rare"], "plays": [1]})])
    data = Interactions.from_frame(events, weight="plays", min_users_per_item=2)
    assert "rock rare" not in data.items
    items = Features.from_frame(
        artists([*data.items, "rock rare", "jazz new"]), id="item", columns={"genre": "category"}
    )
    model = AlternatingLeastSquares(4, random_state=0, feature_regularization=1.0)
    recommender = Recommender(model).fit(data, item_features=items, show_progress=False)
    assert recommender.data.shape == (30, 32)
    assert kinds(recommender.similar_items("rock rare", n=5), "similar_item") == {"rock"}
    assert recommender.history("u0")["item"].tolist().count("rock rare") == 1
    recommender.update(pd.DataFrame({"user": ["u1"], "item": ["jazz new"], "plays": [2]}))
    assert recommender.data.items.tolist()[30:] == ["rock rare", "jazz new"]


@pytest.mark.parametrize("side", ["items", "users"])
def test_those_who_were_left_out_and_those_who_are_new_keep_their_own_features(side):
    rare = {"user": ["u30", "u0"], "item": ["rock 0", "rock rare"], "plays": [1, 1]}
    data = Interactions.from_frame(
        pd.concat([plays(), pd.DataFrame(rare)]), weight="plays", min_users_per_item=2, min_items_per_user=2
    )
    items = Features.from_frame(artists(data.items.tolist()), id="item", columns={"genre": "category"})
    users = Features.from_frame(listeners(data.users.tolist()), id="user")
    model = AlternatingLeastSquares(4, random_state=0, feature_regularization=1.0)
    recommender = Recommender(model).fit(data, item_features=items, user_features=users, show_progress=False)
    if side == "items":
        recommender.update(items=artists(["jazz new", "rock rare"]))
        assert recommender.history("u0")["item"].tolist().count("rock rare") == 1
        found = {
            name: kinds(recommender.similar_items(name, n=3), "similar_item")
            for name in ("jazz new", "rock rare")
        }
        assert found == {"jazz new": {"jazz"}, "rock rare": {"rock"}}
    else:
        recommender.update(users=listeners(["u31", "u30"]))  # of jazz, and of rock
        assert recommender.history("u30")["item"].tolist() == ["rock 0"]
        found = {name: kinds(recommender.recommend(name, n=3)) for name in ("u31", "u30")}
        assert found == {"u31": {"jazz"}, "u30": {"rock"}}
        exact = recommender.model.recalculate_user(
            [data.shape[0]], recommender.data.matrix[data.shape[0] :][:1]
        )
        place = recommender.data.user_codes("u30")
        assert place == data.shape[0]
        np.testing.assert_allclose(recommender.model.user_factors[place], exact[0], rtol=1e-4, atol=1e-6)


def test_matrices_and_features_are_taken_wherever_frames_are():
    data = Interactions.from_frame(plays(), weight="plays")
    places = {genre: at for at, genre in enumerate(GENRES)}

    def embedded(names, what):
        return Features.from_matrix(np.eye(3)[[places[what(name)] for name in names]], names)

    items = embedded(data.items.tolist(), lambda name: name.split()[0])
    users = embedded(data.users.tolist(), lambda name: GENRES[int(name[1:]) % 3])
    model = AlternatingLeastSquares(8, random_state=0, feature_regularization=1.0, unobserved_weight=0.1)
    recommender = Recommender(model).fit(data, item_features=items, user_features=users, show_progress=False)
    recommender.update(items=embedded(["folk new"], lambda _: "folk"))
    assert kinds(recommender.similar_items("folk new", n=5), "similar_item") == {"folk"}
    assert kinds(recommender.recommend_for(features=np.array([0.0, 1.0, 0.0]), n=4)) == {"jazz"}
    assert recommender.item_features.ids[-1] == "folk new"
    assert kinds(recommender.recommend_for([], features=np.array([1.0, 0, 0]), n=4)) == {"rock"}
    with pytest.raises(ValueError, match="there are 3 features, got 2"):
        recommender.recommend_for(features=np.array([0.0, 1.0]))


def test_readers_beside_writers_see_one_state_or_the_next():
    recommender = fitted()
    model, rows = recommender.model, recommender.data.matrix
    columns, failures, answers, done = rows.T.tocsr(), [], [], threading.Event()

    def read():
        while not done.is_set():
            try:
                model.recalculate_item([0, 40], columns[[0, 1]])
                answers.append(model.recommend([0, 1], rows[:2], recalculate_user=True))
            except Exception as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(60):
        model.add_items(np.eye(3)[:1])
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert answers


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda r: r.update(), TypeError, "update needs events, users or items"),
        (lambda r: r.update(items={"item": ["q"]}), ValueError, "has no column 'genre'"),
        (lambda r: r.update(items={"artist": ["q"], "genre": ["rock"]}), ValueError, "has no column 'item'"),
        (lambda r: r.recommend_for(), ValueError, "items or features must say who it is"),
        (lambda r: r.recommend_for(features={"age": 3}), ValueError, "features were made of 'likes', got age"),
        (lambda r: r.explain("u0", "rock x", by="genre"), ValueError, "by must be 'items', 'item_features'"),
        (lambda r: r.explain("u0", "rock xx", by="item_features"), KeyError, "did you mean 'rock x'"),
    ],
)  # fmt: skip
def test_mistakes_leave_it_as_it_was(recommender, call, error, message):
    before = recommender.model.item_factors, recommender.data
    with pytest.raises(error, match=message):
        call(recommender)
    assert recommender.model.item_factors is before[0]
    assert recommender.data is before[1]


def test_what_does_not_go_together_is_told():
    data = Interactions.from_frame(plays(), weight="plays")
    items = Features.from_frame(artists(data.items.tolist()), id="item", columns=["genre"])
    with pytest.raises(TypeError, match="EASE does not learn from item_features"):
        Recommender(EASE()).fit(data, item_features=items)
    with pytest.raises(TypeError, match="ContentRecommender does not learn from user_features"):
        Recommender(ContentRecommender()).fit(data, user_features=items, item_features=items)
    with pytest.raises(TypeError, match="item_features must be Features, got pandas"):
        Recommender().fit(data, item_features=artists(["rock 1"]))
    with pytest.raises(ValueError, match="none of the 30 items has features: are they called otherwise"):
        Recommender().fit(
            data, item_features=Features.from_frame({"item": [1], "genre": ["rock"]}, id="item")
        )
    plain = Recommender(AlternatingLeastSquares(2)).fit(data, show_progress=False)
    with pytest.raises(ValueError, match="fitted without item_features: items say nothing"):
        plain.update(items=artists(["rock new"]))
    with pytest.raises(ValueError, match="fitted without user_features"):
        plain.recommend_for(features={"likes": "rock"})
    with pytest.raises(NotImplementedError, match="fitted without item_features"):
        plain.explain("u0", "rock 1", by="item_features")

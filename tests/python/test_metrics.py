"""Metrics against an independent library, and against their definitions written out."""

import numpy as np
import pytest
import pytrec_eval
import scipy.sparse as sp
from conftest import random_ratings
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from penchant import AlternatingLeastSquares, Interactions, Popularity
from penchant import evaluation as ev
from penchant.nearest_neighbours import ItemItemRecommender

#: What others call them.
TREC = {
    "precision": "P_{}",
    "recall": "recall_{}",
    "hit_rate": "success_{}",
    "map": "map_cut_{}",
    "ndcg_graded": "ndcg_cut_{}",
}


class Fixed:
    """Recommends from a table."""

    def __init__(self, ids):
        self.ids = np.asarray(ids)

    def recommend(self, userids, user_items, N):
        ids = self.ids[userids, :N]
        return ids, np.zeros(ids.shape)


def made(seed, users=8, items=25, width=12):
    random = np.random.default_rng(seed)
    test = random.integers(0, 5, (users, items)) * (random.random((users, items)) < 0.3)
    ids = np.array([random.permutation(items)[:width] for _ in range(users)], dtype=np.int32)
    for row in ids:
        row[width - random.integers(0, width) :] = -1
    train = (random.random((users, items)) < 0.2) & (test == 0)
    train[:, 0] = test[:, 0] == 0  # nobody is cold
    return ids, sp.csr_array(train.astype(np.float32)), sp.csr_array(test.astype(np.float32))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_metrics_are_those_of_trec(seed):
    ids, train, test = made(seed)
    train = sp.csr_array(np.ones(test.shape, np.float32) * (test.toarray() == 0))
    users = np.flatnonzero(np.diff(test.indptr) * np.diff(train.indptr))
    if not len(users):
        return
    cutoffs = (1, 3, 5, 10)
    names = [*TREC, "r_precision", "reciprocal_rank", "ndcg"]
    found = ev.evaluate(Fixed(ids), train, test, K=cutoffs, metrics=names, show_progress=False)
    assert found.users.tolist() == users.tolist()
    relevant, run = {}, {}
    for user in users:
        row = test[[user]].tocoo()
        relevant[str(user)] = {str(i): int(v) for i, v in zip(row.col, row.data, strict=True)}
        listed = [i for i in ids[user] if i >= 0]
        run[str(user)] = {str(i): float(-place) for place, i in enumerate(listed)}
    # A list with nothing in it is none to the other library.
    run = {user: listed for user, listed in run.items() if listed}
    measures = {f"{name.format('').rstrip('_')}.{','.join(map(str, cutoffs))}" for name in TREC.values()}
    their = pytrec_eval.RelevanceEvaluator(relevant, measures | {"Rprec", "recip_rank"}).evaluate(run)
    binary = {user: dict.fromkeys(items, 1) for user, items in relevant.items()}
    plain = pytrec_eval.RelevanceEvaluator(binary, {"ndcg_cut.1,3,5,10"}).evaluate(run)
    for place, user in enumerate(map(str, users)):
        for k in cutoffs:
            for name, other in TREC.items():
                expected = their.get(user, {}).get(other.format(k), 0.0)
                assert found.of_users(f"{name}@{k}")[place] == pytest.approx(expected), (name, k)
            expected = plain.get(user, {}).get(f"ndcg_cut_{k}", 0.0)
            assert found.of_users(f"ndcg@{k}")[place] == pytest.approx(expected)
        first = their.get(user, {}).get("recip_rank", 0.0)
        assert found.of_users("reciprocal_rank@10")[place] == pytest.approx(first if first >= 0.1 else 0.0)
        listed = ids[int(user)][:10]
        early = listed[: len(relevant[user])]
        assert found.of_users("r_precision@10")[place] == pytest.approx(
            sum(str(i) in relevant[user] for i in early) / len(relevant[user])
        )


def cosine(a, b):
    return 0.0 if not a.any() or not b.any() else float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("seed", range(12))
def test_metrics_of_lists_are_their_definitions(seed):
    ids, train, test = made(seed)
    groups = np.array(list("abcde") * 5)
    names = ["popularity", "long_tail", "novelty", "diversity", "calibration", "serendipity"]
    found = ev.evaluate(
        Fixed(ids), train, test, K=(1, 4, 7), metrics=[*names, "gini", "entropy", "coverage"],
        item_groups=groups, show_progress=False,
    )  # fmt: skip
    dense, users = train.toarray() > 0, found.users
    counts = dense.sum(axis=0)
    order = sorted(range(25), key=lambda i: (-counts[i], i))
    head, covered = set(), 0
    for item in order:
        if covered * 2 >= counts.sum():
            break
        head.add(item)
        covered += counts[item]
    for k in (1, 4, 7):
        often = np.zeros(25)
        for place, user in enumerate(users):
            listed = [i for i in ids[user][:k] if i >= 0]
            often[listed] += 1
            values = {name: found.of_users(f"{name}@{k}")[place] for name in names}
            history = [i for i in range(25) if dense[user, i]]
            popular = [i for i in order if not dense[user, i]][:k]
            good = set(test[[user]].indices.tolist())
            assert values["serendipity"] == pytest.approx(
                sum(i in good and i not in popular for i in listed) / k
            )
            if not listed:
                assert all(np.isnan(values[name]) for name in names[:-1])
                continue
            assert values["popularity"] == pytest.approx(np.mean(counts[listed]))
            assert values["long_tail"] == pytest.approx(np.mean([i not in head for i in listed]))
            information = [-np.log2(max(counts[i], 0.5) / 8) for i in listed]
            assert values["novelty"] == pytest.approx(np.mean(information))
            pairs = [(a, b) for at, a in enumerate(listed) for b in listed[at + 1 :]]
            alike = [cosine(dense[:, a].astype(float), dense[:, b].astype(float)) for a, b in pairs]
            assert values["diversity"] == pytest.approx(1 - np.mean(alike) if pairs else np.nan, nan_ok=True)
            divergence = 0.0
            for group in "abcde":
                p = np.mean([groups[i] == group for i in history])
                q = np.mean([groups[i] == group for i in listed])
                divergence += p * np.log(p / (0.99 * q + 0.01 * p)) if p > 0 else 0.0
            assert values["calibration"] == pytest.approx(divergence)
        assert found[f"coverage@{k}"] == pytest.approx((often > 0).mean())
        assert found[f"entropy@{k}"] == pytest.approx(stats.entropy(often, base=2))
        mean_difference = np.abs(often[:, None] - often[None, :]).mean()
        assert found[f"gini@{k}"] == pytest.approx(mean_difference / (2 * often.mean()))


def test_features_say_what_is_alike():
    ids, train, test = made(3)
    features = np.random.default_rng(0).normal(size=(25, 6))
    found = ev.evaluate(
        Fixed(ids), train, test, K=5, metrics="diversity", item_features=features, show_progress=False
    )
    for place, user in enumerate(found.users):
        listed = [i for i in ids[user][:5] if i >= 0]
        pairs = [cosine(features[a], features[b]) for at, a in enumerate(listed) for b in listed[at + 1 :]]
        expected = 1 - np.mean(pairs) if pairs else np.nan
        assert found.of_users("diversity")[place] == pytest.approx(expected, nan_ok=True)


def fitted():
    train, test = ev.train_test_split(abs(random_ratings(users=60, items=40)), random_state=0)
    return AlternatingLeastSquares(factors=4, random_state=0).fit(train, show_progress=False), train, test


def test_all_cutoffs_at_once_are_each_alone():
    model, train, test = fitted()
    model = Popularity().fit(train, show_progress=False)  # which has many ties
    names = [name for name, metric in ev.METRICS.items() if metric.kind != "list" and name != "serendipity"]
    many = ev.evaluate(model, train, test, K=(2, 5, 9), metrics=names, show_progress=False)
    for k in (2, 5, 9):
        one = ev.evaluate(model, train, test, K=k, metrics=names, show_progress=False)
        assert {f"{name}@{k}": one[name] for name in names}.items() <= many.items()
        assert one[f"ndcg@{k}"] == many[f"ndcg@{k}"] == one["ndcg"]
        with pytest.raises(KeyError, match="'ndcg@11' was not measured"):
            one["ndcg@11"]


def test_given_candidates_are_ranked_by_score():
    model, train, test = fitted()
    random = np.random.default_rng(0)
    others = np.array([random.permutation(40)[:12] for _ in range(60)])
    others[:, 10:] = -1
    found = ev.evaluate(model, train, test, K=3, candidates=others, show_progress=False, metrics=["recall"])
    for place, user in enumerate(found.users):
        good = set(test[[user]].indices.tolist())
        listed = sorted(set(others[user][:10].tolist()) | good)
        scores = model.score(user, train[[user]])
        best = sorted(listed, key=lambda i: -scores[i])[:3]
        assert found.of_users("recall")[place] == pytest.approx(len(good & set(best)) / len(good))
    drawn = ev.evaluate(model, train, test, K=3, candidates=10, show_progress=False)
    assert drawn == ev.evaluate(model, train, test, K=3, candidates=10, show_progress=False)
    assert drawn["recall"] > ev.evaluate(model, train, test, K=3, show_progress=False)["recall"]
    item = ItemItemRecommender().fit(train, show_progress=False)
    assert ev.evaluate(item, train, test, K=3, candidates=others, show_progress=False)["recall"] > 0
    for wrong, error in [
        (others[:5], ValueError),
        (others + 40, IndexError),
        ("all", TypeError),
        (0, ValueError),
    ]:
        with pytest.raises(error, match="candidates must be"):
            ev.evaluate(model, train, test, candidates=wrong, show_progress=False)


def test_values_of_users_have_means_intervals_and_groups():
    model, train, test = fitted()
    found = ev.evaluate(model, train, test, K=(5, 10), metrics=["ndcg", "novelty"], show_progress=False)
    values = found.of_users("ndcg@5")
    assert found["ndcg@5"] == pytest.approx(values.mean())
    low, high = found.interval("ndcg@5", samples=4000)
    error = stats.sem(values)
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=0.3 * error)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=0.3 * error)
    assert found.interval("ndcg@5") == found.interval("ndcg@5")
    groups = np.arange(60) % 2
    parts = found.by_group(groups)
    assert sum(part["users"] * part["ndcg@5"] for part in parts.values()) == pytest.approx(values.sum())
    assert parts[1]["ndcg@5"] == pytest.approx(values[groups[found.users] == 1].mean())
    frame = found.per_user()
    assert list(frame.columns) == ["user", "ndcg@5", "ndcg@10", "novelty@5", "novelty@10"]
    assert "<table>" in found._repr_html_()
    with pytest.raises(ValueError, match="one group for each user"):
        found.by_group(groups[:5])
    with pytest.raises(KeyError, match="no values of users for 'recall'"):
        found.of_users("recall")
    with pytest.raises(ValueError, match="level must be above 0"):
        found.interval("ndcg@5", level=95)


def test_models_are_compared_over_the_same_users():
    model, train, test = fitted()
    names = {"als": model, "popular": Popularity(), "items": ItemItemRecommender()}
    found = {}
    for name, each in names.items():
        each.fit(train, show_progress=False)
        found[name] = ev.evaluate(each, train, test, show_progress=False)
    pairs = ev.compare_users(found, "ndcg")
    assert len(pairs) == 3
    raw = {}
    for pair in pairs:
        differences = found[pair.better].of_users("ndcg") - found[pair.worse].of_users("ndcg")
        assert pair.difference == pytest.approx(differences.mean())
        assert pair.difference >= 0
        assert pair.low <= pair.difference <= pair.high
        raw[pair.better, pair.worse] = stats.wilcoxon(differences).pvalue if differences.any() else 1.0
    # Holm: the smallest three times, the next twice, and never less than one before.
    expected, largest = {}, 0.0
    for times, pair in zip((3, 2, 1), sorted(raw, key=raw.get), strict=True):
        largest = max(largest, min(1.0, times * raw[pair]))
        expected[pair] = largest
    for pair in pairs:
        assert pair.wilcoxon == pytest.approx(expected[pair.better, pair.worse])
    spread = {
        name: ev.evaluate(each, train, test, metrics="calibration", show_progress=False)
        for name, each in names.items()
    }
    for pair in ev.compare_users(spread, "calibration"):
        assert pair.difference <= 0  # less is better
    same = ev.compare_users({"a": found["als"], "b": found["als"]}, "ndcg")[0]
    assert (same.difference, same.wilcoxon, same.bootstrap) == (0.0, 1.0, 1.0)
    fewer = test.tolil()
    fewer[found["als"].users[0]] = 0
    fewer = fewer.tocsr()
    fewer.eliminate_zeros()
    other = ev.evaluate(model, train, fewer, show_progress=False)
    with pytest.raises(ValueError, match="of the same users, those of 'a' and 'b' are not"):
        ev.compare_users({"a": found["als"], "b": other}, "ndcg")
    with pytest.raises(TypeError, match="dict of two or more"):
        ev.compare_users({"a": found["als"]}, "ndcg")


def test_interactions_and_splits_are_taken_as_they_are():
    plays = abs(random_ratings(users=60, items=40))
    data = Interactions.from_matrix(plays)
    split = data.split("random")
    model = AlternatingLeastSquares(factors=4, random_state=0).fit(split.train, show_progress=False)
    found = ev.evaluate(model, split, show_progress=False)
    assert found == ev.evaluate(model, split.train, split.test, show_progress=False)
    with pytest.raises(TypeError, match="a Split has its own test part"):
        ev.evaluate(model, split, split.test)
    with pytest.raises(TypeError, match="test_user_items is missing"):
        ev.evaluate(model, split.train)
    with pytest.raises(TypeError, match="must be what evaluate returns, got int for 'b'"):
        ev.compare_users({"a": found, "b": 3}, "ndcg")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"metrics": "ndgc"}, ValueError, "there is no metric 'ndgc'; did you mean 'ndcg'?"),
        ({"metrics": ["zzz"]}, ValueError, "there is no metric 'zzz'; there are precision"),
        ({"metrics": "ndcg@0"}, ValueError, "cut-off of a metric must be a number from 1"),
        ({"metrics": "ndcg@x"}, ValueError, "cut-off of a metric must be a number from 1"),
        ({"metrics": [3]}, TypeError, "a metric must be a name such as 'ndcg@20', got int"),
        ({"metrics": []}, ValueError, "metrics must name at least one"),
        ({"K": 0}, ValueError, "K must be at least 1"),
        ({"K": ()}, ValueError, "K must name at least one cut-off"),
        ({"K": (5, 0)}, ValueError, "K must be at least 1"),
        ({"metrics": "calibration", "item_groups": [1, 2]}, ValueError, "one group for each of the 40 items"),
        ({"metrics": "diversity", "item_features": [[1.0]]}, ValueError, "a row for each of the 40 items"),
        ({"metrics": "diversity", "item_features": ["x"]}, TypeError, "item_features must be numbers"),
    ],
)
def test_mistakes_are_named(options, error, message):
    model, train, test = fitted()
    with pytest.raises(error, match=message):
        ev.evaluate(model, train, test, show_progress=False, **options)


def test_a_metric_may_be_called_by_other_names():
    model, train, test = fitted()
    found = ev.evaluate(model, train, test, metrics=["MRR@5", "mrr@5", "hr@5"], show_progress=False)
    assert list(found) == ["reciprocal_rank", "hit_rate", "users", "cold_users"]


def test_where_everyone_is_cold_there_is_nothing_of_users():
    model, train, test = fitted()
    nothing = sp.csr_array((np.ones(1, np.float32), ([0], [0])), shape=train.shape)
    test = sp.csr_array(np.vstack([np.zeros((1, 40)), test.toarray()[1:]]))
    metrics = ["recall", "auc", "novelty", "serendipity", "coverage"]
    found = ev.evaluate(
        model, nothing.tocsr(), test, metrics=metrics, cold_as_misses=True, show_progress=False
    )
    assert (found["recall"], found["auc"], found["serendipity"], found["coverage"]) == (0.0, 0.5, 0.0, 0.0)
    assert np.isnan(found["novelty"])


def test_lists_may_be_asked_to_be_longer_than_there_is_memory():
    model, train, test = fitted()
    found = ev.evaluate(
        model, train, test, K=(5, 2**40), metrics=["recall", "ndcg_graded"], show_progress=False
    )
    assert found[f"recall@{2**40}"] == 1.0

"""Tables and pictures of several models."""

import numpy as np
import pytest

from penchant import AlternatingLeastSquares, Blend, Interactions, Popularity, RP3beta, compare
from penchant.comparison import plot_curves
from penchant.datasets import made_plays
from penchant.evaluation import KFold, RandomSplit, evaluate

METRICS = ["ndcg@10", "recall@5", "coverage@10"]


def als():
    return AlternatingLeastSquares(factors=8, iterations=4, random_state=0)


@pytest.fixture(scope="module")
def plays():
    return made_plays().matrix


@pytest.fixture(scope="module")
def table(plays):
    models = {"als": als(), "walks": "rp3beta", "popular": Popularity()}
    return compare(models, plays, metrics=METRICS, show_progress=False)


def test_rows_are_what_evaluate_gives(plays, table):
    split = RandomSplit().split(plays)
    for name, model in {"als": als(), "walks": RP3beta(), "popular": Popularity()}.items():
        model.fit(split.train, show_progress=False)
        found = evaluate(model, split, metrics=METRICS, show_progress=False)
        for metric in METRICS:
            assert table.evaluations[name][metric] == found[metric]
    frame = table.frame()
    assert list(frame["model"]) == ["als", "walks", "popular"]
    assert (frame["ndcg@10 low"] < frame["ndcg@10"]).all()
    assert (frame["fit seconds"] > 0).all()
    assert (frame["model size, MiB"] > 0).all()
    assert "coverage@10 low" not in frame.columns
    assert table.best("ndcg@10") == frame["model"][int(np.argmax(frame["ndcg@10"]))]
    assert table.significance()[0].worse == "popular"


def test_models_are_left_as_they_are(plays):
    model = als()
    compare([model, model, "popularity"], plays, metrics="ndcg", show_progress=False)
    assert model.user_factors is None
    inner = als().fit(plays, show_progress=False)
    factors = inner.user_factors
    compare({"both": Blend([inner, RP3beta()])}, plays, metrics="ndcg", show_progress=False)
    assert inner.user_factors is factors


def test_nothing_that_was_learned_before_is_learned_from(plays):
    knowing = AlternatingLeastSquares(factors=8, iterations=1, random_state=0, warm_start=True)
    knowing.fit(plays, show_progress=False)
    fresh = AlternatingLeastSquares(factors=8, iterations=1, random_state=0, warm_start=True)
    table = compare({"knowing": knowing, "fresh": fresh}, plays, metrics="ndcg", show_progress=False)
    assert table.evaluations["knowing"] == table.evaluations["fresh"]


def test_tables_are_shown_in_many_ways(table):
    lines = table.to_markdown().splitlines()
    assert lines[0].startswith(
        "| model | ndcg@10 | recall@5 | coverage@10 | fit | recommend | memory | size |"
    )
    assert len(lines) == 5
    assert lines[1].count("---:") == 7
    assert table._repr_html_().count("<tr>") == 4
    text = repr(table).splitlines()
    assert text[1].startswith("als")
    assert " to " in text[1]
    assert len(text) == 4


def test_of_folds_all_users_count(plays):
    folds = KFold(3)
    table = compare({"popular": Popularity()}, plays, folds, "ndcg@10", show_progress=False)
    values = []
    for split in folds.splits(plays):
        model = Popularity().fit(split.train, show_progress=False)
        values.append(evaluate(model, split, metrics="ndcg@10", show_progress=False).of_users("ndcg@10"))
    assert table.evaluations["popular"]["ndcg@10"] == pytest.approx(np.concatenate(values).mean())


def test_interactions_and_a_split_will_do(plays):
    data = Interactions.from_matrix(plays)
    split = data.split("random")
    one = compare(["popularity"], data, show_progress=False)
    two = compare(["popularity"], split, show_progress=False)
    assert one.evaluations["popularity"] == two.evaluations["popularity"]


@pytest.mark.parametrize("kind", ["tradeoff", "activity", "long_tail"])
def test_pictures_show_every_model(table, kind, tmp_path):
    file = tmp_path / "picture.png"
    picture = table.plot(kind, file)
    assert file.stat().st_size > 5_000
    axes = picture.axes[0]
    if kind == "long_tail":
        assert [label.get_text() for label in axes.get_yticklabels()] == ["als", "walks", "popular"]
    else:
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["als", "walks", "popular"]


def test_curves_are_those_of_validated_fits(plays, tmp_path):
    split = RandomSplit().split(plays)
    model = als().fit(split.train, show_progress=False, validation=split)
    picture = plot_curves({"als": model, "other": als()}, tmp_path / "curves.svg")
    line = picture.axes[0].lines[0]
    assert [
        (int(x), y) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ] == model.validation_history
    assert "<svg" in (tmp_path / "curves.svg").read_text()
    with pytest.raises(ValueError, match="no model was fitted with validation"):
        plot_curves({"als": als()})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: compare([], m), ValueError, "models must name at least one"),
        (lambda m: compare(3, m), TypeError, "models must be a dict of models by name, or a list"),
        (lambda m: compare(["rp4"], m), ValueError, "there is no model 'rp4'"),
        (
            lambda m: compare([3], m),
            TypeError,
            "models of this library or short names of them, got int for 'int'",
        ),
        (lambda m: compare(["popularity"], m, "randon"), ValueError, "did you mean 'random'"),
        (lambda m: compare(["popularity"], m, metrics="ndgc"), ValueError, "did you mean 'ndcg'"),
        (lambda m: compare(["popularity"], m, metrics=[]), ValueError, "metrics must name at least one"),
        (lambda m: compare(["popularity"], [[1]]), TypeError, "data must be Interactions or"),
    ],
)
def test_mistakes_are_named(plays, call, error, message):
    with pytest.raises(error, match=message):
        call(plays)


def test_any_metric_of_the_table_is_drawn(table):
    assert table.plot("tradeoff", metric="recall@5").axes[0].get_ylabel() == "recall@5"
    assert table.plot("activity", metric="ndcg").axes[0].get_ylabel() == "ndcg@10"
    assert table.best("NDCG") == table.best("ndcg@10")


def test_there_is_no_other_picture(table):
    with pytest.raises(ValueError, match='kind must be "tradeoff"'):
        table.plot("pie")

"""The search for models and parameters."""

import json

import pytest

import penchant.tuning._trials as trials_module
from penchant import AlternatingLeastSquares, Interactions, tuning
from penchant.datasets import made_plays
from penchant.evaluation import RandomSplit, Split, evaluate
from penchant.tuning import Choice, Float, Int, tune

QUICK = {"show_progress": False, "factors": (6, 12)}


@pytest.fixture(scope="module")
def plays():
    return made_plays().matrix


@pytest.fixture(scope="module")
def found(plays):
    return tune(plays, trials=12, **QUICK)


def test_what_is_found_is_what_a_fit_gives(plays, found):
    split = RandomSplit().split(plays)
    best = max(
        (t for t in found.study.trials if t.user_attrs.get("model") == "als" and t.value),
        key=lambda t: t.value,
    )
    model = AlternatingLeastSquares(**best.user_attrs["parameters"]).fit(split.train, show_progress=False)
    assert evaluate(model, split, K=20, show_progress=False)["ndcg"] == best.value
    assert best.user_attrs["factors"] in (6, 12)
    values = [t.value for t in found.study.trials if t.value is not None]
    assert found.value == max(values)
    assert found.model.shape == plays.shape
    assert repr(found).startswith(f"Tuned({found.name}: ndcg@20 0.")
    frame = found.trials()
    assert {"trial", "model", "value", "state", "seconds", "epochs", "factors", "parameters"} == set(
        frame.columns
    )
    assert {"als", "rp3beta", "cosine"} <= set(frame["model"])


def test_equal_searches_find_equal_models(plays):
    one, two = (tune(plays, ["als", "rp3beta"], trials=7, blend=False, **QUICK) for _ in range(2))
    assert one.parameters == two.parameters
    assert [t.value for t in one.study.trials] == [t.value for t in two.study.trials]


class Poison:
    """Fails whoever looks at it."""

    def __getattribute__(self, name):
        raise AssertionError(f"the test part was looked at: {name}")


def test_the_test_part_is_never_looked_at(plays):
    train = RandomSplit(0.3, random_state=9).split(Interactions.from_matrix(plays)).train
    poisoned = Split(train, Poison(), Poison(), False, "", 0, 0, 0)
    found = tune(poisoned, "rp3beta", trials=2, **QUICK)
    clean = tune(train, "rp3beta", trials=2, **QUICK)
    assert found.parameters == clean.parameters
    assert found.value == clean.value


def test_a_search_goes_on_where_it_ended(plays, tmp_path):
    file = tmp_path / "study.log"
    first = tune(plays, "rp3beta", trials=3, storage=file, refit=False, **QUICK)
    assert first.model.similarity is None
    values = [t.value for t in first.study.trials]
    again = tune(plays, "rp3beta", trials=6, storage=file, **QUICK)
    assert len(again.study.trials) == 6
    assert [t.value for t in again.study.trials[:3]] == values
    done = tune(plays, "rp3beta", trials=6, storage=file, **QUICK)
    assert done.value == again.value
    other = plays.copy()
    other.data[0] += 1
    for data, more in ((plays, {"metric": "recall@5"}), (other, {}), (plays, {"users": 10})):
        with pytest.raises(ValueError, match="is of other data or another metric"):
            tune(data, "rp3beta", trials=6, storage=file, **more, **QUICK)
    with pytest.raises(ValueError, match="is of other data or another metric"):
        tune(plays, "rp3beta", trials=6, storage=file, metric="recall@5", **QUICK)


def test_an_interruption_before_anything_has_ended_is_one(plays, monkeypatch):
    def interrupted(self, *_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(trials_module.Bench, "measured", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tune(plays, "rp3beta", trials=3, **QUICK)


def test_an_interruption_keeps_the_best_so_far(plays, monkeypatch):
    measured = trials_module.Bench.measured

    def interrupted(self, trial, name, parameters, *, prunes):
        if trial.number == 2:
            raise KeyboardInterrupt
        return measured(self, trial, name, parameters, prunes=prunes)

    monkeypatch.setattr(trials_module.Bench, "measured", interrupted)
    found = tune(plays, "rp3beta", trials=6, **QUICK)
    assert found.interrupted
    assert found.value == max(t.value for t in found.study.trials if t.value is not None)
    assert found.model.similarity is not None
    assert repr(found).endswith("interrupted)")


def test_models_that_do_not_fit_in_memory_fail_alone(plays, monkeypatch):
    def refuse(self, rows, progress):
        raise MemoryError

    monkeypatch.setattr("penchant.ease.EASE._fit", refuse)
    found = tune(plays, ["ease", "rp3beta"], trials=3, blend=False, **QUICK)
    assert found.name == "rp3beta"
    with pytest.raises(ValueError, match="no trial has ended well: 2 of 2 failed"):
        tune(plays, "ease", trials=2, **QUICK)


def test_a_blend_is_fitted_and_taken_where_it_is_better(plays, monkeypatch):
    value_of = trials_module.Bench.value_of
    for better in (2.0, 0.5):

        def weighed(self, model, test=None, better=better):
            return value_of(self, model, test) * (better if type(model).__name__ == "Blend" else 1.0)

        monkeypatch.setattr(trials_module.Bench, "value_of", weighed)
        found = tune(plays, ["rp3beta", "cosine"], trials=4, **QUICK)
        blends = [t for t in found.study.trials if t.user_attrs.get("model") == "blend"]
        assert len(blends) == 1
        assert (found.name == "blend") == (better > 1)
        if better > 1:
            assert found.value == blends[0].value
            assert [model.similarity.shape for model in found.model.models] == [(2000, 2000)] * 2


def test_spaces_are_kept_and_may_be_given(plays):
    space = {"K": Int(5, 9), "alpha": Float(0.5, 0.6), "beta": Choice((0.1, 0.2))}
    found = tune(plays, "rp3beta", trials=6, spaces={"rp3beta": space}, **QUICK)
    for trial in found.study.trials:
        parameters = trial.user_attrs["parameters"]
        assert 5 <= parameters["K"] <= 9
        assert 0.5 <= parameters["alpha"] <= 0.6
        assert parameters["beta"] in (0.1, 0.2)
    assert "confidence" in tuning.space_of("als", plays)
    ones = plays.copy()
    ones.data[:] = 1
    assert "confidence" not in tuning.space_of("als", ones)
    for name in tuning.SPACES:
        model = trials_module.registry.model_class(name)
        for start in tuning.spaces.first_of(name, tuning.space_of(name, plays)):
            model(**start)._check_parameters()


def test_users_may_be_held_out(plays):
    found = tune(plays, ["als", "rp3beta"], trials=3, split="users", **QUICK)
    assert found.value > 0


def test_an_interruption_of_the_blend_keeps_the_best(plays, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("penchant.tuning.search.best_blend", interrupted)
    found = tune(plays, ["rp3beta", "cosine"], trials=4, **QUICK)
    assert found.interrupted
    assert found.name in ("rp3beta", "cosine")


def test_time_is_kept(plays):
    found = tune(plays, "rp3beta", trials=10_000, timeout=1.5, refit=False, **QUICK)
    assert 1 <= len(found.study.trials) < 10_000


def test_trials_may_run_together(plays):
    found = tune(plays, ["rp3beta", "als"], trials=6, jobs=2, **QUICK)
    assert found.value > 0


def test_pictures_have_a_point_for_each_trial(found, tmp_path):
    picture = found.plot(tmp_path / "study.png")
    assert (tmp_path / "study.png").stat().st_size > 10_000
    points = sum(len(line.get_xdata()) for line in picture.axes[0].lines[:-1])
    assert points == sum(t.value is not None for t in found.study.trials)


def test_presets_say_where_they_come_from():
    for name, preset in tuning.PRESETS.items():
        assert len(preset.source) > 20
        tuning.preset(name)._check_parameters()
    assert tuning.preset("dense-catalogue", factors=8).factors == 8
    with pytest.raises(ValueError, match="there is no preset 'x'; there are implicit"):
        tuning.preset("x")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"models": "asl"}, ValueError, "there is no space for the model 'asl'"),
        ({"models": []}, ValueError, "models must name at least one"),
        ({"factors": []}, ValueError, "factors must name at least one"),
        ({"metric": "ndgc"}, ValueError, "did you mean 'ndcg'"),
        ({"metric": "novelty"}, ValueError, "more or less is better"),
        ({"trials": 0}, ValueError, "trials must be at least 1"),
        ({"timeout": 0}, ValueError, "timeout must be above 0"),
        ({"jobs": 0}, ValueError, "jobs must be at least 1"),
        ({"split": "rnadom"}, ValueError, "did you mean 'random'"),
        ({"split": "last_days"}, ValueError, "this split goes by time"),
        ({"study_name": 3}, TypeError, "study_name must be a string"),
        ({"spaces": {"asl": {}}, "models": "asl"}, ValueError, "there is no model 'asl'"),
    ],
)
def test_mistakes_are_named(plays, options, error, message):
    with pytest.raises(error, match=message):
        tune(plays, **{"models": "rp3beta", "trials": 1, **QUICK, **options})


def test_data_must_be_data():
    with pytest.raises(TypeError, match="data must be Interactions, a Split or"):
        tune([[1]], "rp3beta", trials=1, **QUICK)


def test_trials_can_be_written_as_json(found):
    for trial in found.study.trials:
        json.dumps(trial.user_attrs)

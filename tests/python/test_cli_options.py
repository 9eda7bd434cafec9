"""The options of the command line: every setting of the library under its name, and every model."""

import datetime as dt
import inspect

import numpy as np
import pytest
from conftest import COLUMNS

import penchant
from penchant import AlternatingLeastSquares, Interactions
from penchant._base import registry
from penchant.cli import _event_options, _model_options, main

GIVEN = {
    "--sep": (r"\t", "sep", "\t"),
    "--user": ("who", "user", "who"),
    "--item": ("2", "item", 2),
    "--weight": ("0", "weight", 0),
    "--time": ("when", "time", "when"),
    "--kind": ("3", "kind", 3),
    "--kind-weight": ("a=b=0.5", "kind_weights", {"a=b": 0.5}),
    "--duplicates": ("last", "duplicates", "last"),
    "--half-life": ("30d", "half_life", dt.timedelta(days=30)),
    "--max-age": ("2w", "max_age", dt.timedelta(days=14)),
    "--min-items-per-user": ("5", "min_items_per_user", 5),
    "--min-users-per-item": ("6", "min_users_per_item", 6),
    "--on-bad-rows": ("raise", "on_bad_rows", "raise"),
    "--quote": ("", "quote", ""),
    "--labels": ("string", "labels", "string"),
    "--time-unit": ("ms", "time_unit", "ms"),
    "--time-format": ("%Y%m%d", "time_format", "%Y%m%d"),
    "--layout": ("lists", "layout", "lists"),
    "--encoding": ("latin-1", "encoding", "latin-1"),
    "--decimal": (",", "decimal", ","),
    "--thousands": (".", "thousands", "."),
    "--comment": ("#", "comment", "#"),
    "--skip": ("2", "skip", 2),
    "--num-threads": ("2", "num_threads", 2),
}


def settings_of(monkeypatch, *arguments):
    """Return what a command passes on to the reading."""
    seen = {}
    known = {*inspect.signature(Interactions.from_file).parameters}

    def from_file(files, **settings):
        seen.update(settings)
        raise ValueError("seen")

    monkeypatch.setattr(penchant.Interactions, "from_file", from_file)
    assert main(["evaluate", "events.csv", *arguments]) == 1
    return seen, known


def test_every_setting_of_the_reading_arrives_under_its_name(monkeypatch):
    arguments = [text for option, (value, _, _) in GIVEN.items() for text in (option, value)]
    seen, known = settings_of(monkeypatch, *arguments, "--no-header", "--kind-weight", "buy=10")
    expected = {name: value for _, name, value in GIVEN.values()} | {"header": False, "show_progress": True}
    expected["kind_weights"] = {"a=b": 0.5, "buy": 10.0}
    assert seen == expected
    assert {*seen, "files", "like", "keep_events", "folder"} == known


def test_what_is_not_given_is_left_to_the_library(monkeypatch):
    assert settings_of(monkeypatch, "-q")[0] == {"show_progress": False}


@pytest.mark.parametrize(
    ("text", "value"),
    [("12h", dt.timedelta(hours=12)), ("1.5 w", dt.timedelta(days=10.5)), ("90min", dt.timedelta(minutes=90)),
     ("5s", dt.timedelta(seconds=5)), ("30", 30.0), ("1e3", 1000.0)],
)  # fmt: skip
def test_a_half_life_is_an_age_or_a_number(text, value):
    assert _event_options._age_of("half_life")(text) == value


def test_the_parameters_of_the_model_are_those_of_the_library():
    parameters = inspect.signature(AlternatingLeastSquares).parameters
    options = _model_options.parameters_of(AlternatingLeastSquares)
    for name, (_, default, what) in options.items():
        known = parameters[name].default
        assert default == (np.dtype(known).name if name == "dtype" else known), name
        assert what not in ("", name.replace("_", " ")), name
    # A file holds one fit on the CPU, so that these mean nothing here.
    others = {"use_native", "use_cg", "calculate_training_loss", "warm_start", "use_gpu"}
    assert {*parameters} == {*options} | others


@pytest.mark.parametrize("name", _model_options.NAMES)
def test_any_model_is_fitted_and_used(run, plays_file, tmp_path, name):
    out = tmp_path / "model"
    # Of what these artists are nothing is known.
    more = ["--content", "0"] if name == "content" else []
    run("fit", plays_file, "--item", "artist", "--weight", "plays", "--model", name, *more, "-o", out, "-q")
    assert ["class", registry.MODELS[name][1]] in run("info", out)
    assert {row[0] for row in run("recommend", out, "rock1", "-n", "2")[1:]} == {"rock1"}
    metrics = dict(
        run("evaluate", plays_file, "--item", "artist", "--model", name, *more, "--split-seed", "1", "-q")
    )
    assert 0 < float(metrics["ndcg"]) < 1


def test_what_a_model_cannot_do_is_said_in_one_line(fails, plays_file, tmp_path):
    out = tmp_path / "model"
    assert main(["fit", str(plays_file), *COLUMNS, "--model", "popularity", "-o", str(out), "-q"]) == 0
    assert fails("similar", out, "nirvana") == "penchant: Popularity does not compare items"
    assert (
        fails("explain", out, "rock1", "nirvana")
        == "penchant: Popularity cannot say where its scores come from"
    )


def test_each_model_has_its_own_options(capsys):
    for name, (option, text) in {
        "bm25": ("--K1", "how late repeated counts saturate"),
        "rp3beta": ("--beta", "how much popularity is discounted"),
        "ease": ("--regularization", "the weight of the squares of the weights"),
        "als": ("--cg-steps", "conjugate-gradient steps"),
    }.items():
        with pytest.raises(SystemExit):
            main(["fit", "--model", name, "--help"])
        shown = " ".join(capsys.readouterr().out.split())
        assert f"{option} " in shown
        assert text in shown.lower() or text in shown
    with pytest.raises(SystemExit):
        main(["fit", "x.tsv", "-o", "m", "--model", "cosine", "--factors", "3"])
    assert "unrecognized arguments: --factors 3" in capsys.readouterr().err

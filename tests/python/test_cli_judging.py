"""The verbs that judge: evaluate with splits, compare, tune and split."""

import csv
import json

import pytest
from conftest import COLUMNS

from penchant import Interactions, Recommender
from penchant.cli import main


@pytest.fixture
def timed(tmp_path):
    """Events over thirty days."""
    file = tmp_path / "timed.csv"
    rows = [
        f"u{n % 40},i{(n * n + 7 * n) % 23},2020-01-{1 + n * 30 // 600:02d}" for n in range(600)
    ]  # fmt: skip
    file.write_text("\n".join(["user,item,day", *rows]), encoding="utf-8")
    return file


def test_the_last_days_are_tested(run, timed):
    days = ["--time", "day", "--split", "time", "--test-days", 7]
    header, *rows = run(
        "evaluate", timed, *days, "--metrics", "ndcg@5,novelty@5,gini@5", "--model", "rp3beta"
    )
    assert header == ["metric", "value"]
    assert [name for name, _ in rows] == ["ndcg", "novelty", "gini", "users", "cold_users"]
    split = Interactions.from_file(timed, time="day", keep_events=True, show_progress=False).split(
        "last_days", days=7
    )
    assert int(rows[3][1]) == (split.test.matrix.sum(axis=1) > 0).sum()
    at = ["--time", "day", "--split", "time", "--at", "2020-01-24", "--model", "popularity"]
    assert run("evaluate", timed, *at)[0] == ["metric", "value"]


def test_each_kind_of_split_has_its_options(run, timed):
    for options in (
        ["--split", "leave-k-out", "-k", 2],
        ["--split", "leave-last-out", "--time", "day"],
        ["--split", "users", "--train-fraction", 0.5],
    ):
        rows = dict(run("evaluate", timed, *options, "--model", "rp3beta")[1:])
        assert int(rows["users"]) > 0
    rows = run(
        "compare", timed, "--time", "day", "--split", "rolling", "--test-days", 5, "--models", "popularity"
    )
    assert rows[1][0] == "popularity"


def test_split_writes_two_files_that_read_back(timed, tmp_path, capsys):
    train, test = tmp_path / "train.tsv", tmp_path / "test.csv"
    options = [
        "--time",
        "day",
        "--split",
        "time",
        "--test-days",
        "7",
        "--train",
        str(train),
        "--test",
        str(test),
    ]
    assert main(["split", str(timed), *options]) == 0
    assert "the last 7 days" in capsys.readouterr().err
    data = Interactions.from_file(timed, time="day", keep_events=True, show_progress=False)
    split = data.split("last_days", days=7)
    read = Interactions.from_file(train, weight="weight", show_progress=False)
    assert read.nnz == split.train.nnz
    assert read.matrix.sum() == split.train.matrix.sum()
    with test.open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == split.test.nnz
    assert set(rows[0]) == {"user", "item", "weight"}


def test_compare_prints_a_table_and_draws(run, plays_file, tmp_path):
    picture = tmp_path / "models.png"
    header, *rows = run(
        "compare", plays_file, *COLUMNS, "--models", "rp3beta,popularity", "--metrics", "ndcg@5,coverage@5",
        "--plot", picture,
    )  # fmt: skip
    assert header[:5] == ["model", "ndcg@5", "ndcg@5 low", "ndcg@5 high", "coverage@5"]
    assert [row[0] for row in rows] == ["rp3beta", "popularity"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_tune_writes_a_model_that_recommends(run, plays_file, tmp_path, capsys):
    model, picture = tmp_path / "model.safetensors", tmp_path / "trials.svg"
    assert main([
        "tune", str(plays_file), *map(str, COLUMNS), "--models", "rp3beta,popularity", "--trials", "3",
        "--metric", "recall@5", "--plot", str(picture), "--storage", str(tmp_path / "study"), "-o", str(model),
    ]) == 0  # fmt: skip
    said = capsys.readouterr().err
    assert "Tuned(rp3beta: recall@5" in said or "Tuned(popularity: recall@5" in said
    recommender = Recommender.load(model)
    assert len(run("recommend", model, recommender.data.users[0])) > 1
    assert "<svg" in picture.read_text()


def test_evaluate_draws_by_activity(plays_file, tmp_path):
    picture = tmp_path / "activity.png"
    assert (
        main(
            [
                "evaluate",
                str(plays_file),
                *map(str, COLUMNS),
                "--model",
                "rp3beta",
                "--plot",
                str(picture),
                "-q",
            ]
        )
        == 0
    )
    assert picture.stat().st_size > 5_000


def test_json_has_all_columns(plays_file, capsys):
    assert (
        main(
            [
                "compare",
                str(plays_file),
                *map(str, COLUMNS),
                "--models",
                "popularity",
                "--format",
                "json",
                "-q",
            ]
        )
        == 0
    )
    assert json.loads(capsys.readouterr().out)[0]["model"] == "popularity"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["evaluate", "--split", "time"], "--split time needs one of --test-days and --at"),
        (
            ["evaluate", "--split", "time", "--at", "2020-01-01", "--test-days", "3"],
            "needs one of --test-days and --at",
        ),
        (["evaluate", "--split", "time", "--test-days", "0"], "must be a number above 0, got '0'"),
        (["evaluate", "--plot", "x.pngg"], "--plot takes names that end in"),
        (
            ["evaluate", "--split", "time", "--test-days", "3"],
            "--split time needs --time, the column that says when",
        ),
        (["split", "--split", "users", "--train", "a.csv", "--test", "b.csv"], "invalid choice: 'users'"),
        (["compare", "--models", "als,rp4"], "must be some of als"),
        (["compare", "--models", ","], "must be one or several, separated by commas"),
        (["tune", "-o", "x", "--factors", "8,x"], "must be a whole number from 1"),
    ],
)
def test_wrong_usage_is_said(arguments, sentence, timed, capsys):
    with pytest.raises(SystemExit) as exit_code:
        main([arguments[0], str(timed), *arguments[1:]])
    assert exit_code.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["evaluate", "--metrics", "ndgc@5"], "did you mean 'ndcg'?"),
        (["evaluate", "--time", "day", "--split", "time", "--at", "soon"], "at must be a point in time"),
        (["evaluate", "--time", "day", "--split", "time", "--at", "2031-01-01"], "leaves nobody to test"),
        (["tune", "--models", "rp4", "-o", "x"], "there is no space for the model 'rp4'"),
        (["split", "--train", "a.xyz/b.csv", "--test", "c.csv"], "there is no folder 'a.xyz'"),
    ],
)
def test_mistakes_take_one_line(arguments, sentence, timed, capsys):
    assert main([arguments[0], str(timed), "-q", *arguments[1:]]) == 1
    assert sentence in capsys.readouterr().err

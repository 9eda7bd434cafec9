"""Every verb of the command line: what it reads, and what it answers."""

import csv
import gzip
import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import COLUMNS, SOUNDS

from penchant import AlternatingLeastSquares, Interactions, Recommender
from penchant.cli import main
from penchant.evaluation import RandomSplit, evaluate


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    """A model whose users and items are integers."""
    folder = tmp_path_factory.mktemp("numbered")
    rows = [f"{user},{10 + item}" for user in range(8) for item in range(5) if (user + item) % 3]
    (folder / "events.csv").write_text("\n".join(rows), encoding="utf-8")
    path = folder / "model"
    columns = ["--no-header", "--user", "0", "--item", "1"]
    assert main(["fit", str(folder / "events.csv"), *columns, "--factors", "2", "-q", "-o", str(path)]) == 0
    return path


def test_fit_writes_a_model_and_reports_on_standard_error(plays_file, tmp_path, capsys):
    path = tmp_path / "model.safetensors"
    assert main(["fit", str(plays_file), *COLUMNS, "--factors", "3", "-o", str(path)]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.search(r"users +20\n", shown.err)
    assert f"wrote {path}: {path.stat().st_size:,} bytes" in shown.err
    assert "epoch" in shown.err
    recommender = Recommender.load(path)
    assert recommender.model.factors == 3
    assert recommender.data.shape == (20, 10)
    assert set(recommender.data.items) == {*SOUNDS["rock"], *SOUNDS["jazz"]}


def test_fit_to_what_is_kept_on_disk(plays_file, tmp_path, capsys):
    for name, more in (("memory", []), ("disk", ["--on-disk", str(tmp_path / "matrix")])):
        arguments = [
            "fit",
            "-q",
            str(plays_file),
            "-o",
            str(tmp_path / name),
            *COLUMNS,
            "--random-state",
            "1",
        ]
        assert main([*arguments, *more]) == 0
    memory, disk = (Recommender.load(tmp_path / name).model for name in ("memory", "disk"))
    assert np.array_equal(memory.item_factors, disk.item_factors)
    assert Interactions.open(tmp_path / "matrix").shape == (20, 10)
    assert main([*arguments, *more]) == 1
    assert "has Interactions in it" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*arguments, *more, "--workers", "2"])
    assert "--on-disk is for one machine" in capsys.readouterr().err


def test_fit_is_silent_if_asked_to(plays_file, tmp_path, capsys):
    assert main(["fit", "-q", str(plays_file), "-o", str(tmp_path / "model"), *COLUMNS]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["plays.csv.gz", "plays.parquet", "plays.dat"])
def test_fit_reads_whatever_form_the_events_have(run, plays_file, tmp_path, name):
    rows = [line.split("\t") for line in plays_file.read_text(encoding="utf-8").splitlines()]
    path = tmp_path / name
    columns = ["--user", 0, "--item", 1, "--weight", 2]
    if name.endswith(".gz"):
        text = "\n".join(",".join('"' + field.replace('"', '""') + '"' for field in row) for row in rows)
        path.write_bytes(gzip.compress(text.encode()))
    elif name.endswith(".parquet"):
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        names, *entries = rows
        columns_of = zip(*[(user, item, float(weight)) for user, item, weight in entries], strict=True)
        pq.write_table(pa.table(dict(zip(names, map(list, columns_of), strict=True))), path)
    else:
        path.write_text("\n".join("::".join(row) for row in rows[1:]), encoding="utf-8")
        columns += ["--no-header", "--sep", "::"]
    assert run("fit", path, "-o", tmp_path / "model", "-q", *columns) == []
    data = Recommender.load(tmp_path / "model").data
    expected = Interactions.from_file(plays_file, item="artist", weight="plays", show_progress=False)
    assert data.items.tolist() == expected.items.tolist()
    np.testing.assert_array_equal(data.matrix.toarray(), expected.matrix.toarray())


def test_recommend_gives_what_the_library_gives(run, model_file):
    recommender = Recommender.load(model_file)
    header, *rows = run("recommend", model_file, "-n", 2, "rock0", "jazz13")  # options stand anywhere
    assert header == ["user", "item", "score", "rank"]
    assert [(row[0], row[3]) for row in rows] == [
        ("rock0", "1"),
        ("rock0", "2"),
        ("jazz13", "1"),
        ("jazz13", "2"),
    ]
    ids, scores = recommender.model.recommend(0, recommender.data.matrix[[0]], N=2)
    assert [row[1] for row in rows[:2]] == recommender.data.items[ids].tolist()
    assert [np.float32(row[2]) for row in rows[:2]] == scores.tolist()
    assert rows[0][1] in SOUNDS["rock"]
    assert rows[2][1] in SOUNDS["jazz"]


def test_recommend_keeps_what_is_liked_if_asked_to(run, model_file):
    data = Recommender.load(model_file).data
    liked = {*data.items[data.matrix[[0]].indices]}
    found = {row[1] for row in run("recommend", model_file, "rock0")[1:]}
    assert found == {*data.items} - liked
    assert {row[1] for row in run("recommend", model_file, "rock0", "--keep-liked")[1:]} == {*data.items}


def test_recommend_takes_users_from_a_file_or_the_input(run, model_file, tmp_path, monkeypatch):
    named = run("recommend", model_file, "rock0", "rock1")
    (tmp_path / "users.txt").write_bytes("\ufeffrock0\r\n\r\nrock1\r\n".encode())
    assert run("recommend", model_file, "--users-from", tmp_path / "users.txt") == named
    monkeypatch.setattr("sys.stdin", io.StringIO("rock1"))
    assert run("recommend", model_file, "rock0", "--users-from", "-") == named


def test_recommend_serves_everyone(run, model_file):
    rows = run("recommend", model_file, "--all", "-n", 1)[1:]
    assert [row[0] for row in rows] == Recommender.load(model_file).data.users.tolist()


def test_recommend_serves_someone_new(run, model_file):
    header, *rows = run("recommend", model_file, "--for", "nirvana=30", "--for", "pearl jam", "-n", 3)
    assert header == ["item", "score", "rank"]
    assert {row[0] for row in rows} <= {*SOUNDS["rock"]} - {"nirvana", "pearl jam"}
    weighed = run("recommend", model_file, "--for", "nirvana=30", "--for", "pearl jam=1", "-n", 3)
    assert weighed == [header, *rows]
    assert run("recommend", model_file, "--for", "nirvana=1", "--for", "pearl jam=1", "-n", 3) != weighed


def test_what_looks_like_a_weight_may_be_part_of_a_name(run, tmp_path):
    (tmp_path / "events.csv").write_text("user,item\na,x\na,x=2\nb,x\nb,y\nc,y\nc,x=2\n", encoding="utf-8")
    run("fit", tmp_path / "events.csv", "-q", "-o", tmp_path / "model", "--factors", 2)
    assert {row[0] for row in run("recommend", tmp_path / "model", "--for", "x=2")[1:]} == {"x", "y"}
    assert {row[0] for row in run("recommend", tmp_path / "model", "--for", "x=3")[1:]} == {"x=2", "y"}
    assert {row[0] for row in run("recommend", tmp_path / "model", "--for", "x=2=3")[1:]} == {"x", "y"}


def test_labels_are_integers_where_those_of_the_model_are(run, fails, numbered):
    assert {row[0] for row in run("recommend", numbered, 3, "-n", 1)[1:]} == {"3"}
    assert {row[0] for row in run("recommend", numbered, "--for", "11=5", "--for", 12)[1:]} <= {
        "10",
        "13",
        "14",
    }
    assert run("similar", numbered, 10, "-n", 1)[1][0] == "10"
    assert run("explain", numbered, 1, 11)[0] == ["item", "weight", "contribution"]
    integers = "in this model users are integers"
    assert fails("recommend", numbered, "bob") == f"penchant: there is no user 'bob': {integers}"
    assert fails("recommend", numbered, "1.0").endswith(integers)
    assert fails("similar", numbered, "x").endswith("in this model items are integers")
    assert "there is no user 99" in fails("recommend", numbered, "99")
    assert "there is no user -5" in fails("recommend", numbered, "-5")


def test_similar_finds_the_same_music(run, model_file):
    header, *rows = run("similar", model_file, "nirvana", "-n", 2, "chet baker")
    assert header == ["item", "similar_item", "score", "rank"]
    assert [row[0] for row in rows] == ["nirvana"] * 2 + ["chet baker"] * 2
    assert all(row[1] in SOUNDS["rock"] for row in rows[:2])
    assert all(row[1] in SOUNDS["jazz"] for row in rows[2:])


def test_similar_finds_items_by_a_part_of_their_names(run, model_file):
    rows = run("similar", model_file, "--containing", "METAL", "-n", 1)[1:]
    assert {row[0] for row in rows} == {"metallica", 'the "metal" church'}
    assert [row[0] for row in run("similar", model_file, "--containing", "音ミ", "-n", 1)[1:]] == ["初音ミク"]
    both = run("similar", model_file, "metallica", "--containing", "metallica", "-n", 1)[1:]
    assert [row[0] for row in both] == ["metallica"]


def test_similar_stops_at_ten_names_and_says_so(tmp_path, capsys):
    rows = [f"u{user},item{item:02}" for item in range(12) for user in range(1 + item)]
    (tmp_path / "events.csv").write_text("user,item\n" + "\n".join(rows), encoding="utf-8")
    path = str(tmp_path / "model")
    assert main(["fit", str(tmp_path / "events.csv"), "-q", "-o", path, "--factors", "2"]) == 0
    assert main(["similar", path, "--containing", "item", "-n", "1"]) == 0
    shown = capsys.readouterr()
    assert "12 items have 'item' in their names; here for the 10 with the most users" in shown.err
    assert [line.split("\t")[0] for line in shown.out.splitlines()[1:]] == [
        f"item{n:02}" for n in range(11, 1, -1)
    ]


def test_explain_names_what_the_user_has(run, model_file):
    data = Recommender.load(model_file).data
    header, *rows = run("explain", model_file, "rock0", "nirvana", "-n", 2)
    assert header == ["item", "weight", "contribution"]
    assert len(rows) == 2
    assert {row[0] for row in rows} <= {*data.items[data.matrix[[0]].indices]}
    assert float(rows[0][2]) >= float(rows[1][2])


def test_info_says_what_is_in_the_file(run, model_file):
    facts = dict(run("info", model_file)[1:])
    assert facts["class"] == "AlternatingLeastSquares"
    assert (facts["users"], facts["items"], facts["factors"]) == ("20", "10", "4")
    data = Recommender.load(model_file).data
    assert (int(facts["entries"]), float(facts["density"])) == (data.nnz, pytest.approx(data.nnz / 200))
    assert facts["labels"] == "strings and strings"
    assert {*AlternatingLeastSquares().get_params()} <= {*facts}


def test_info_opens_models_without_labels(run, tmp_path):
    model = AlternatingLeastSquares(factors=3)
    model.user_factors, model.item_factors = np.ones((5, 3), "f4"), np.ones((7, 3), "f4")
    model.save(tmp_path / "model.safetensors")
    facts = dict(run("info", tmp_path / "model.safetensors")[1:])
    assert (facts["users"], facts["items"], facts["labels"]) == ("5", "7", "none")


def test_evaluate_gives_the_numbers_of_the_library(run, plays_file):
    settings = ["-K", 3, "--train-fraction", 0.7, "--random-state", 5, "--split-seed", 5, "--factors", 4]
    settings += ["--iterations", 3]
    header, *rows = run("evaluate", plays_file, *COLUMNS, *settings)
    assert header == ["metric", "value"]
    data = Interactions.from_file(plays_file, item="artist", weight="plays", show_progress=False)
    train, test = RandomSplit(0.3, random_state=5).split(data)
    model = AlternatingLeastSquares(factors=4, iterations=3, random_state=5).fit(train, show_progress=False)
    expected = evaluate(model, train, test, K=3, show_progress=False)
    assert {name: float(value) for name, value in rows} == expected
    assert rows[-1][1].isdigit()
    assert run("evaluate", plays_file, *COLUMNS) == run("evaluate", plays_file, *COLUMNS)  # a seed by default


def test_json_is_what_a_program_reads(model_file, capsys):
    assert main(["info", str(model_file), "--format", "json"]) == 0
    facts = {each["property"]: each["value"] for each in json.loads(capsys.readouterr().out)}
    assert facts["users"] == 20
    assert facts["tolerance"] is None
    assert facts["use_cg"] is True


def test_a_model_is_fitted_from_the_input_and_updated(run, plays_file, tmp_path, monkeypatch):
    columns = ["--item", "artist", "--weight", "plays", "-q"]
    model, new = tmp_path / "model.safetensors", tmp_path / "new.safetensors"
    arguments = [sys.executable, "-m", "penchant", "fit", "-", "--sep", r"\t", *columns, "-o", str(model)]
    subprocess.run(arguments, input=plays_file.read_bytes(), check=True, timeout=60)
    before = Recommender.load(model).data
    expected = Interactions.from_file(plays_file, item="artist", weight="plays", show_progress=False)
    assert (before.matrix != expected.matrix).nnz == 0
    more = tmp_path / "more.tsv"
    more.write_text("user\tartist\tplays\nnobody yet\tnever heard\t3\n", encoding="utf-8")
    assert run("update", model, more, "-q", "-o", new) == []
    after = Recommender.load(new).data
    assert after.shape == (before.shape[0] + 1, before.shape[1] + 1)
    assert Recommender.load(model).data.shape == before.shape
    assert run("update", model, more, "-q") == []
    assert Recommender.load(model).data.shape == after.shape


def test_what_is_recommended_may_be_limited(run, plays_file, tmp_path, capsys):
    model = tmp_path / "model.safetensors"
    assert (
        run(
            "fit", plays_file, "--item", "artist", "--weight", "plays", "-q", "-o", model, "--random-state", 0
        )
        == []
    )
    data = Recommender.load(model).data
    user, items = data.users[0], data.items.tolist()
    base = ["recommend", model, user, "--keep-liked", "--format", "csv", "-n", 50]

    def rows(*more):
        return list(csv.reader(line for (line,) in run(*base, *more)[1:]))

    every = rows()
    only = [row[1] for row in rows("--items", items[0], "--items", items[1])]
    assert sorted(only) == sorted(items[:2])
    without = [row[1] for row in rows("--exclude", items[0])]
    assert without == [row[1] for row in every if row[1] != items[0]]
    least = float(every[1][2])
    assert len(rows("--min-score", least)) == sum(float(row[2]) >= least for row in every)
    assert main(["recommend", str(model), user, "nobody", "--unknown", "skip"]) == 0
    assert "1 user is not known and skipped: 'nobody'" in capsys.readouterr().err


def test_answers_in_tsv_and_csv_read_back(tmp_path):
    from penchant.cli._formats import text_of

    labels = ['"Heroes"', "tab\there", "two\nlines", " blank ", 'a "b" c', "plain", "a,b"]
    for form in ("tsv", "csv"):
        path = tmp_path / f"answer.{form}"
        path.write_text(
            text_of({"user": np.array(labels, object), "item": np.arange(len(labels))}, form), newline=""
        )
        data = Interactions.from_file(path, show_progress=False)
        assert data.users.tolist() == labels

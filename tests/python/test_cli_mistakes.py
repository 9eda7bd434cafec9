"""What the command line says to mistakes: a sentence and 1 for data and files, the usage and 2 for arguments."""

import pytest
from conftest import COLUMNS

import penchant
from penchant.cli import main


def misused(capsys, *arguments):
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    assert caught.value.code == 2
    return capsys.readouterr().err


def test_unknown_labels_get_close_ones(fails, model_file):
    assert fails("recommend", model_file, "rock00").startswith(
        "penchant: there is no user 'rock00'; did you mean 'rock0'"
    )
    assert "did you mean 'nirvana'" in fails("similar", model_file, "nirvanna")
    assert "did you mean 'nirvana'" in fails("explain", model_file, "rock0", "nirvanna")
    assert "there is no item 'nirvana=3o'" in fails("recommend", model_file, "--for", "nirvana=3o")
    assert fails("similar", model_file, "--containing", "abba") == "penchant: no item has 'abba' in its name"


def test_files_that_are_missing_or_wrong_are_named(fails, plays_file, model_file, tmp_path):
    nothing, model = tmp_path / "nothing", tmp_path / "model"
    assert str(nothing) in fails("recommend", nothing, "rock0")
    assert str(nothing) in fails("fit", nothing, "-o", model)
    assert str(nothing) in fails("recommend", model_file, "--users-from", nothing)
    for verb in (["info", plays_file], ["similar", plays_file, "nirvana"]):
        assert "not a model" in fails(*verb)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8" in fails("recommend", model_file, "--users-from", tmp_path / "bytes")
    (tmp_path / "empty").write_bytes(b"\n")
    assert "there are no users in" in fails("recommend", model_file, "--users-from", tmp_path / "empty")
    assert "there is no folder" in fails("fit", plays_file, "-o", nothing / "model")
    assert "it is a folder" in fails("fit", plays_file, "-o", tmp_path)
    assert not model.exists()


def test_a_model_without_labels_is_no_help_to_those_who_name_them(fails, tmp_path):
    path = tmp_path / "model"
    penchant.AlternatingLeastSquares().save(path)
    assert "it has no labels" in fails("similar", path, "nirvana")


def test_events_are_not_overwritten(fails, plays_file):
    before = plays_file.read_bytes()
    assert "give the model another name" in fails("fit", plays_file, *COLUMNS, "-o", plays_file)
    assert plays_file.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], '"item"'),
        (["--item", "song"], '"song"'),
        (["--item", "9"], "there is no column 9"),
        (["--item", "artist", "--weight", "user"], "not a finite number"),
        (["--item", "artist", "--half-life", "30d"], "half_life needs time"),
        (["--item", "artist", "--kind", "plays"], "--kind and --kind-weight go together"),
        (["--item", "artist", "--min-items-per-user", "99"], "nothing to learn from"),
        (["--factors", "0"], "factors must be at least 1, got 0"),
        (["--alpha", "nan"], "alpha must be"),
        (["--regularization", "-1"], "regularization must be"),
    ],
)
def test_mistakes_in_the_data_are_one_sentence(fails, plays_file, tmp_path, arguments, message):
    shown = fails("fit", plays_file, "-o", tmp_path / "model", *arguments)
    assert shown.startswith("penchant: ")
    assert message in shown
    assert list(tmp_path.iterdir()) == []


def test_parameters_are_checked_before_anything_is_read(fails):
    assert "factors must be" in fails("fit", "nothing.tsv", "-o", "model", "--factors", 0)
    assert "factors must be" in fails("evaluate", "nothing.tsv", "--factors", 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "COMMAND"),
        (["bake"], "invalid choice: 'bake'"),
        (["fit", "plays.tsv"], "-o/--output"),
        (["fit", "-o", "model"], "EVENTS"),
        (["fit", "x", "-o", "m", "--factors", "many"], "invalid int value: 'many'"),
        (["fit", "x", "-o", "m", "--fact", "3"], "unrecognized arguments"),
        (["fit", "x", "-o", "m", "--half-life", "3q"], "got '3q'"),
        (["fit", "x", "-o", "m", "--half-life", "soon"], "got 'soon'"),
        (["fit", "x", "-o", "m", "--half-life", "1e99d"], "got '1e99d'"),
        (["fit", "x", "-o", "m", "--kind-weight", "view"], "such as view=1, got 'view'"),
        (["fit", "x", "-o", "m", "--kind-weight", "view=x"], "a number after view="),
        (["fit", "x", "-o", "m", "--random-state", "-1"], "from 0, got '-1'"),
        (["fit", "x", "-o", "m", "--min-items-per-user", "0"], "from 1, got '0'"),
        (["recommend"], "MODEL"),
        (["recommend", "m"], "--users-from, --all, --for and --features"),
        (["recommend", "m", "ann", "--all"], "--users-from, --all, --for and --features"),
        (["recommend", "m", "ann", "--for", "x"], "--users-from, --all, --for and --features"),
        (["recommend", "m", "ann", "-n", "0"], "from 1, got '0'"),
        (["recommend", "m", "ann", "-n", "x"], "from 1, got 'x'"),
        (["recommend", "m", "ann", "-o", "out.xlsx"], "'out.xlsx'"),
        (["recommend", "m", "ann", "--format", "xml"], "invalid choice: 'xml'"),
        (["similar", "m"], "--containing"),
        (["explain", "m", "ann"], "ITEM"),
        (["evaluate", "x", "--train-fraction", "1"], "between 0 and 1, got '1'"),
        (["evaluate", "x", "-K", "0"], "from 1, got '0'"),
    ],
)
def test_wrong_usage_has_an_exit_code_of_its_own(capsys, arguments, message):
    shown = misused(capsys, *arguments)
    assert shown.startswith("usage: penchant")
    assert message in shown.splitlines()[-1]


def test_events_named_by_a_pattern_are_not_overwritten_either(fails, plays_file):
    before = plays_file.read_bytes()
    pattern = plays_file.with_name("*" + plays_file.name[1:])
    assert "give the model another name" in fails("fit", pattern, *COLUMNS, "-o", plays_file)
    assert plays_file.read_bytes() == before

"""Where answers of the command line go, how they look, and how it ends."""

import argparse
import csv
import json
import math
import os
import shlex
import signal
import subprocess
import sys

import numpy as np
import pytest
from conftest import COLUMNS

import penchant
from penchant.cli import _formats, _output, _tables, main
from penchant.cli._main import parser

PENCHANT = [sys.executable, "-m", "penchant"]

ANSWER = {
    "item": np.array(["plain", 'with "quotes", commas', "tab\tand\nline", "初音ミク"], dtype=object),
    "score": np.array([0.1, 2.5, -1e-7, math.inf], dtype=np.float32),
    "rank": np.array([1, 2, 3, 4], dtype=np.int32),
}


def put(frame, output=None, form=None):
    _output.put(frame, argparse.Namespace(output=output, format=form, quiet=True))


def test_a_pipe_gets_plain_lines(capsys):
    put(ANSWER)
    assert capsys.readouterr().out == (
        'item\tscore\trank\nplain\t0.1\t1\nwith "quotes", commas\t2.5\t2\n"tab\tand\nline"\t-1e-07\t3\n初音ミク\tinf\t4\n'
    )


def test_a_terminal_gets_a_table(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    put(ANSWER)
    assert capsys.readouterr().out.splitlines() == [
        "item                     score  rank",
        "---------------------  -------  ----",
        "plain                   0.1000     1",
        'with "quotes", commas   2.5000     2',
        "tab and line           -0.0000     3",
        "初音ミク                   inf     4",
    ]


def test_csv_brings_everything_back(capsys):
    put(ANSWER, form="csv")
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines(keepends=True)))
    assert [row["item"] for row in rows] == ANSWER["item"].tolist()
    assert [np.float32(row["score"]) for row in rows] == ANSWER["score"].tolist()


def test_json_has_numbers_and_null(capsys):
    put(ANSWER, form="json")
    text = capsys.readouterr().out
    assert "初音ミク" in text
    rows = json.loads(text)
    assert rows[0] == {"item": "plain", "score": 0.1, "rank": 1}
    assert rows[3]["score"] is None
    assert [row["item"] for row in rows] == ANSWER["item"].tolist()


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_frames_of_all_kinds_are_the_same_answer(capsys, kind):
    library = pytest.importorskip(kind)
    put(library.table(ANSWER) if kind == "pyarrow" else library.DataFrame(ANSWER))
    shown = capsys.readouterr().out
    put(ANSWER)
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json"])
def test_an_empty_answer_has_a_header_and_no_rows(form):
    empty = {name: values[:0] for name, values in ANSWER.items()}
    text = _formats.text_of(empty, form)
    assert (
        json.loads(text) == [] if form == "json" else len(text.splitlines()) == (2 if form == "table" else 1)
    )


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (np.array([13883, 2], "f4"), ["13883", "2"]),
        (np.array([0.25, 100], "f4"), ["0.2500", "100.0000"]),
        (np.array([0.00123456, 0.5e-5], "f8"), ["0.001235", "5e-06"]),
        ([0.5, 7], ["0.5000", "7"]),
        (["text", 0.01, None, True], ["text", "0.01", "None", "True"]),
    ],
)  # fmt: skip
def test_people_get_as_many_digits_as_they_need(values, shown):
    assert _formats._for_people(values) == shown


def test_files_are_written_in_the_form_that_their_name_says(tmp_path):
    for name in ("answer.tsv", "answer.CSV", "answer.json"):
        (tmp_path / name).write_text("old")
        put(ANSWER, str(tmp_path / name))
        assert (tmp_path / name).read_text(encoding="utf-8") == _formats.text_of(
            ANSWER, name[-4:].strip(".").lower()
        )
    put(ANSWER, str(tmp_path / "answer.txt"), "csv")
    assert (tmp_path / "answer.txt").read_bytes() == (tmp_path / "answer.CSV").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "answer.CSV",
        "answer.json",
        "answer.tsv",
        "answer.txt",
    ]


def test_parquet_keeps_types_also_of_nothing(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    put(ANSWER, str(tmp_path / "answer.parquet"))
    table = pq.read_table(tmp_path / "answer.parquet")
    assert table.to_pydict() == {name: values.tolist() for name, values in ANSWER.items()}
    put({name: values[:0] for name, values in ANSWER.items()}, str(tmp_path / "empty.parquet"))
    assert pq.read_table(tmp_path / "empty.parquet").schema == table.schema
    put({"metric": ["map", "users"], "value": [0.5, 3]}, str(tmp_path / "metrics.parquet"))
    assert pq.read_table(tmp_path / "metrics.parquet").to_pydict()["value"] == [0.5, 3.0]


def test_parquet_without_pyarrow_is_a_sentence_before_the_work(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["evaluate", "nothing.tsv", "-o", str(tmp_path / "answer.parquet")]) == 1
    assert "writing Parquet needs pyarrow: pip install" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_a_sentence_before_the_work(tmp_path, capsys):
    assert main(["evaluate", "nothing.tsv", "-o", str(tmp_path / "nowhere" / "answer.csv")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_a_written_file_is_reported_unless_quiet(plays_file, tmp_path, capsys):
    path = tmp_path / "metrics.csv"
    assert main(["evaluate", str(plays_file), *COLUMNS, "-o", str(path)]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.endswith(f"wrote {path}: 9 rows\n")
    assert main(["evaluate", str(plays_file), *COLUMNS, "-q", "-o", str(path)]) == 0
    assert capsys.readouterr() == ("", "")


def test_warnings_are_lines(plays_file, tmp_path, capsys):
    path = tmp_path / "plays.tsv"
    path.write_text(plays_file.read_text(encoding="utf-8") + "ann\tmiles davis\tmany\n", encoding="utf-8")
    assert main(["evaluate", str(path), *COLUMNS, "-q"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("penchant: warning: 1 bad row was skipped: ")
    assert main(["evaluate", str(path), *COLUMNS, "-q", "--on-bad-rows", "skip"]) == 0
    assert capsys.readouterr().err == ""


def test_an_output_without_letters_for_it_gets_escapes(plays_file, model_file):
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [*PENCHANT, "similar", str(model_file), "初音ミク", "-n", "1"]
    shown = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    assert rb"\u521d\u97f3" in shown
    shown = subprocess.run(
        [*command, "--format", "json"], env=environment, capture_output=True, check=True
    ).stdout
    assert json.loads(shown)[0]["item"] == "初音ミク"


def test_interruption_has_its_exit_code(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("penchant.cli.info.run", interrupted)
    assert main(["info", "model"]) == 130
    assert capsys.readouterr() == ("", "penchant: interrupted\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent in another way there")
def test_ctrl_c_ends_a_fit_without_a_traceback(plays_file):
    command = [*PENCHANT, "evaluate", str(plays_file), *COLUMNS, "--iterations", "100000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        shown = b""
        while b"epoch" not in shown:
            shown += process.stderr.read(1)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait() == 130
    assert rest.endswith(b"penchant: interrupted\n")
    assert b"Traceback" not in rest


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["evaluate", "PLAYS", *COLUMNS, "-q"], ["--help"]])
def test_a_closed_pipe_ends_it_quietly(plays_file, arguments, unbuffered):
    command = [*PENCHANT, *(str(plays_file) if each == "PLAYS" else each for each in arguments)]
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        # Without a buffer argparse notices first, and takes no offence.
        assert process.wait() == (0 if unbuffered and arguments == ["--help"] else 1)


def test_a_real_terminal_gets_a_table_and_a_real_pipe_lines(plays_file):
    pty = pytest.importorskip("pty")
    command = [*PENCHANT, "evaluate", str(plays_file), *COLUMNS, "-q"]
    piped = subprocess.run(command, capture_output=True, check=True).stdout
    assert piped.startswith(b"metric\tvalue\nprecision\t0.")
    here, there = pty.openpty()
    with os.fdopen(here, "rb", buffering=0) as terminal:
        subprocess.run(command, stdout=there, check=True)
        os.close(there)
        shown = terminal.read(10_000).replace(b"\r", b"").splitlines()
    assert shown[0].split() == [b"metric", b"value"]
    assert set(shown[1]) == set(b"- ")


def test_a_process_answers_with_lines_and_codes(model_file):
    done = subprocess.run(
        [*PENCHANT, "recommend", model_file, "rock0", "-n", "1"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("user\titem\tscore\trank\nrock0\t")
    done = subprocess.run([*PENCHANT, "recommend", model_file, "rock99"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("penchant: there is no user 'rock99'")
    assert subprocess.run([*PENCHANT, "recommend"], capture_output=True).returncode == 2


VERBS = ["fit", "update", "recommend", "similar", "explain", "evaluate", "info", "doctor", "demo"]


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_each_verb_has_examples_that_parse(verb, capsys):
    with pytest.raises(SystemExit) as caught:
        main([verb, "--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    examples = [line.strip() for line in shown.split("examples:")[1].splitlines() if line.strip()]
    assert len(examples) >= 2
    for line in examples:
        name, *arguments = shlex.split(line.split("|")[0])
        assert name == "penchant"
        assert parser().parse_args(arguments).command == verb


def test_help_and_version_end_well(capsys):
    for arguments, expected in (
        (["--help"], "examples:"),
        (["--version"], f"penchant {penchant.__version__}\n"),
    ):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 0
        assert expected in capsys.readouterr().out


def test_help_loads_no_library():
    code = """
import sys
from penchant.cli import main
try:
    main(["--help"])
except SystemExit:
    print({name.split(".")[0] for name in sys.modules}, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    libraries = {"numpy", "scipy", "tqdm", "narwhals", "pandas", "polars", "pyarrow", "sklearn", "h5py"}
    assert not eval(done.stderr.splitlines()[-1]) & libraries


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("初音ミク", 8), ("é", 1), ("e\u0301", 1), ("ｱ", 1), ("🎸", 2), ("", 0)]
)
def test_the_width_of_a_text_is_that_on_a_terminal(text, width):
    assert _tables.width(text) == width


def test_nothing_in_a_table_steers_the_terminal():
    assert _tables.aligned(["a"], [["x\x1b[31m\ny"]]) == ["a", "-" * 8, "x [31m y"]

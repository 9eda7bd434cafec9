"""Interactions from files, good and bad."""

import gzip
import os
import signal
import threading
import time

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import DATA
from hypothesis import given, settings
from hypothesis import strategies as st

from penchant import DataWarning, Interactions

READ = {"show_progress": False}


def written(folder, content, name="events.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_file_of_each_form_says_the_same(tmp_path):
    rows = [("ann", "dub, inc", 3), ("bob", 'the "x"', 1), ("ann", "dub, inc", 2), ("çid", "ska", 4)]
    frame = pl.DataFrame(rows, schema=["user", "item", "weight"], orient="row")
    paths = [tmp_path / name for name in ("a.csv", "a.tsv", "a.parquet", "a.dat", "a.csv.gz")]
    frame.write_csv(paths[0])
    paths[1].write_text("user\titem\tweight\n" + "".join(f"{u}\t{i}\t{w}\n" for u, i, w in rows))
    frame.write_parquet(paths[2])
    paths[3].write_text("".join(f"{u}::{i}::{w}\r\n" for u, i, w in rows))
    paths[4].write_bytes(gzip.compress(paths[0].read_bytes()))
    for path in paths:
        columns = {"header": False, "sep": "::", "user": 0, "item": 1, "weight": 2}
        data = Interactions.from_file(
            path, **columns if path.suffix == ".dat" else {"weight": "weight"}, **READ
        )
        assert data.users.tolist() == ["ann", "bob", "çid"]
        assert data.items.tolist() == ["dub, inc", 'the "x"', "ska"]
        np.testing.assert_array_equal(data.matrix.toarray(), [[5, 0, 0], [0, 1, 0], [0, 0, 4]])


def test_several_files_and_patterns_are_one_table(tmp_path):
    for n in range(3):
        written(tmp_path, f"item,user\ni{n},u\nx,u{n}\n", f"part-{n}.csv")
        pl.DataFrame({"item": [f"i{n}", "x"], "user": ["u", f"u{n}"]}).write_parquet(
            tmp_path / f"part-{n}.pq"
        )
    for pattern in ("part-*.csv", "part-*.pq"):
        data = Interactions.from_file(tmp_path / pattern, **READ)
        assert data.users.tolist() == ["u", "u0", "u1", "u2"]
        assert data.items.tolist() == ["i0", "x", "i1", "i2"]
    listed = Interactions.from_file([tmp_path / "part-0.csv", str(tmp_path / "part-2.csv")], **READ)
    assert listed.shape == (3, 3)
    assert listed.update(tmp_path / "part-1.csv", show_progress=False).users.tolist() == [
        "u",
        "u0",
        "u2",
        "u1",
    ]


def test_a_file_of_the_shape_of_lastfm_is_read_as_pandas_reads_it(tmp_path):
    random = np.random.default_rng(0)
    users = np.repeat([f"{n:040x}" for n in range(2000)], 40)
    items = np.array([f'artist "{n}" 🎵' for n in range(3000)])[random.zipf(1.3, users.size) % 3000]
    plays = random.integers(1, 500, users.size)
    text = "".join(f"{u}\tmbid\t{i}\t{p}\n" for u, i, p in zip(users, items, plays, strict=True))
    path = written(tmp_path, text, "plays.tsv")
    data = Interactions.from_file(path, header=False, user=0, item=2, weight=3, **READ)
    frame = pd.read_csv(path, sep="\t", header=None, usecols=[0, 2, 3], quoting=3)
    rows, row_names = pd.factorize(frame[0])
    columns, column_names = pd.factorize(frame[2])
    assert data.users.tolist() == row_names.tolist()
    assert data.items.tolist() == column_names.tolist()
    expected = np.zeros(data.shape, np.float32)
    np.add.at(expected, (rows, columns), frame[3])
    np.testing.assert_array_equal(data.matrix.toarray(), expected)


def test_real_files_have_their_published_sizes():
    path = DATA / "lastfm-2k" / "user_artists.dat"
    if not path.exists():
        pytest.skip(f"the HetRec Last.fm data is not in {path.parent}")
    data = Interactions.from_file(path, user="userID", item="artistID", weight="weight", **READ)
    assert (data.shape, data.nnz, data.users.dtype) == ((1892, 17632), 92834, np.int64)
    ratings = DATA / "ml-latest-small" / "ratings.csv"
    data = Interactions.from_file(
        ratings, user="userId", item="movieId", weight="rating", time="timestamp", duplicates="last", **READ
    )
    assert (data.shape, data.nnz) == ((671, 9066), 100004)


BAD = [
    ("", "line 1: the file is empty"),
    ("who,what\na,b\n", 'line 1: no column is called "user"; there are "who", "what"'),
    ("user,item,item\n", 'line 1: several columns are called "item"'),
    ("user,item\n,b\n", "none of the 1 rows can be used; .*line 2: no user"),
    ("user,item\na\nb\n", "none of the 2 rows can be used; .*line 2: 1 field instead of 2"),
    (b"user,item\na,\xff\n", "line 2: the item is not UTF-8"),
    ("user,item,weight\na,b,much\n", 'line 2: the weight is "much", not a finite number'),
    ("user,item,weight\na,b,1e99\n", 'line 2: the weight is "1e99"|line 2: the weight is'),
    ('user,item\n"a,b\n', "line 2: a quote is never closed"),
    ('user,item\n"a"x,b\n', "line 2: text after a closing quote"),
    ("user,item\n".encode("utf-16"), "line 1: UTF-16; only UTF-8 can be read"),
    (b"PAR1....", "line 1: a Parquet file"),
]


@pytest.mark.parametrize(("content", "sentence"), BAD)
def test_every_bad_file_ends_in_a_sentence_with_file_and_line(tmp_path, content, sentence):
    path = written(tmp_path, content)
    weight = "weight" if b"weight" in path.read_bytes() else None
    with pytest.raises(ValueError, match=sentence) as caught:
        Interactions.from_file(path, weight=weight, **READ)
    assert str(path) in str(caught.value)


def test_files_that_are_not_there_or_something_else_are_errors(tmp_path, tmp_path_factory):
    for wrong, error, sentence in [
        (tmp_path / "none.csv", FileNotFoundError, "none.csv"),
        (tmp_path / "none-*.csv", FileNotFoundError, "no file matches"),
        (tmp_path, ValueError, "all Parquet or none"),
        (tmp_path_factory.mktemp("empty"), FileNotFoundError, "there are no files in the folder"),
        (3, TypeError, "files must be a path"),
        ([], ValueError, "files must name at least one file, got none"),
        ([3], TypeError, "files must be paths"),
        (written(tmp_path, "nonsense", "a.parquet"), ValueError, "a.parquet is not a Parquet file"),
        ([tmp_path / "a.parquet", tmp_path / "a.csv"], ValueError, "all Parquet or none"),
        (written(tmp_path, gzip.compress(b"user,item\na,b\n")[:-9], "a.csv.gz"), OSError, "a.csv.gz"),
    ]:
        with pytest.raises(error, match=sentence):
            Interactions.from_file(wrong, **READ)
    pq.write_table(pa.table({"who": ["a"], "item": ["b"]}), tmp_path / "b.parquet")
    with pytest.raises(ValueError, match="b.parquet: there is no column 'user'; there are 'who', 'item'"):
        Interactions.from_file(tmp_path / "b.parquet", **READ)
    pq.write_table(pa.table({"user": ["a", None], "item": ["b", "c"]}), tmp_path / "c.parquet")
    with pytest.raises(ValueError, match="c.parquet, row 1: no user"):
        Interactions.from_file(tmp_path / "c.parquet", on_bad_rows="raise", **READ)
    for options in ({"sep": ""}, {"sep": "\n"}, {"sep": '"'}, {"quote": "''"}, {"labels": "float"}):
        with pytest.raises(ValueError, match="sep must|quote|labels"):
            Interactions.from_file(written(tmp_path, "a,b\n"), **options, **READ)
    for options in ({"sep": 3}, {"quote": 3}, {"header": "yes"}):
        with pytest.raises(TypeError, match="must be"):
            Interactions.from_file(written(tmp_path, "a,b\n"), **options, **READ)


def test_bad_rows_are_skipped_counted_and_shown(tmp_path):
    lines = ["user,item,weight"] + ["a,b,1" if n % 3 else f"a,b,x{n}" for n in range(30)]
    path = written(tmp_path, "\n".join(lines))
    with pytest.warns(DataWarning, match="10 bad rows were skipped: .*line 2: .*; and 5 more") as caught:
        data = Interactions.from_file(path, weight="weight", **READ)
    assert caught[0].filename == __file__
    assert data.matrix.toarray().tolist() == [[20]]
    assert (data.report.rows, data.report.bad_rows, len(data.report.first_bad_rows)) == (30, 10, 5)
    assert Interactions.from_file(path, weight="weight", on_bad_rows="skip", **READ).report == data.report
    with pytest.raises(ValueError, match='line 2: the weight is "x0", not a finite number'):
        Interactions.from_file(path, weight="weight", on_bad_rows="raise", **READ)


@given(
    st.binary(max_size=300), st.sampled_from([None, ",", "\t", "::", "é"]), st.sampled_from([None, "", "'"])
)
@settings(deadline=None)
def test_any_file_gives_interactions_or_a_sentence(tmp_path_factory, content, sep, quote):
    path = written(tmp_path_factory.mktemp("any"), content)
    for header in (True, False):
        try:
            data = Interactions.from_file(path, sep, header, 0, 1, quote=quote, on_bad_rows="skip", **READ)
        except ValueError as error:
            if "events.csv, line " not in str(error) and "sep must" not in str(error):
                raise
        else:
            assert data.matrix.shape == (len(data.users), len(data.items))


def test_labels_stay_strings_where_that_is_wanted(tmp_path):
    path = written(tmp_path, "user,item\n1,2\n03,4\n")
    data = Interactions.from_file(path, **READ)
    assert (data.users.tolist(), data.items.tolist()) == (["1", "03"], [2, 4])
    assert Interactions.from_file(path, labels="string", **READ).items.tolist() == ["2", "4"]


def test_progress_goes_to_the_end_of_the_file(tmp_path, capsys):
    path = written(tmp_path, "user,item\n" + "a,b\n" * 1000)
    Interactions.from_file(path)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "100%" in shown.err
    assert "4.01k/4.01k" in shown.err


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_nothing(tmp_path, threads):
    random = np.random.default_rng(1)
    text = "".join(
        f"u{a},i{b},{c:.3f}\n"
        for a, b, c in zip(*random.integers(0, 999, (2, 99_999)), random.random(99_999), strict=True)
    )
    path = written(tmp_path, text)
    columns = {"header": False, "user": 0, "item": 1, "weight": 2}
    one = Interactions.from_file(path, **columns, num_threads=1, **READ)
    many = Interactions.from_file(path, **columns, num_threads=threads, **READ)
    assert one.users.tolist() == many.users.tolist()
    np.testing.assert_array_equal(one.matrix.data, many.matrix.data)
    np.testing.assert_array_equal(one.matrix.indices, many.matrix.indices)


@pytest.mark.skipif(os.name != "posix", reason="pipes with names are a thing of Unix")
def test_ctrl_c_ends_the_reading(tmp_path):
    pipe = tmp_path / "endless.csv"
    os.mkfifo(pipe)
    stop = threading.Event()

    def write():
        try:
            with pipe.open("wb") as file:
                while not stop.is_set():
                    file.write(b"a,b\n" * 100_000)
        except BrokenPipeError:
            pass

    writer = threading.Thread(target=write)
    writer.start()
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        Interactions.from_file(pipe, header=False, user=0, item=1, **READ)
    stop.set()
    writer.join()
    assert time.perf_counter() - started < 30


def test_a_bad_line_does_not_make_strings_of_integers(tmp_path):
    lines = "".join(f"{n},{n}\n" for n in range(100))
    for bad in ("oops,\n", ",oops\n"):
        data = Interactions.from_file(
            written(tmp_path, lines + bad), header=False, user=0, item=1, on_bad_rows="skip", **READ
        )
        assert (data.users.dtype, data.items.dtype) == (np.int64, np.int64)
        assert data.report.bad_rows == 1


def test_times_may_be_finer_than_they_need_to_be(tmp_path):
    path = written(tmp_path, "user,item,when\na,b,2020-01-01 00:00:00.123456789\n")
    assert Interactions.from_file(path, time="when", **READ).nnz == 1

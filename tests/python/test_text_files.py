"""Text files as the world writes them."""

import bz2
import csv
import gzip
import io
import json
import lzma
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import DATA
from hypothesis import given, settings
from hypothesis import strategies as st

from penchant import DataWarning, Interactions


def read(path, content=None, **options):
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Interactions.from_file(path, show_progress=False, **options)


def entries(data):
    coo = data.matrix.tocoo()
    return {(data.users[u], data.items[i]): w for u, i, w in zip(coo.row, coo.col, coo.data, strict=True)}


TEXTS = st.text(alphabet="ab1 \t\n\r\",;é'", min_size=1, max_size=6)


@given(
    st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=12),
    st.sampled_from(["\t", ",", ";"]),
    st.booleans(),
)
@settings(deadline=None)
def test_what_csv_writes_is_read_as_csv_reads_it(tmp_path_factory, rows, sep, quote_all):
    # What begins or ends with a blank is written with quotes, as other readers take blanks for part of a field.
    text = io.StringIO(newline="")
    for row in rows:
        plain = all(field == field.strip() for field in row) and not quote_all
        quoting = csv.QUOTE_MINIMAL if plain else csv.QUOTE_ALL
        csv.writer(text, delimiter=sep, quoting=quoting, lineterminator="\r\n").writerow(row)
    path = tmp_path_factory.mktemp("csv") / "events.txt"
    data = read(path, text.getvalue(), sep=sep, header=False, user=0, item=1, labels="string")
    again = list(csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=sep))
    expected = {}
    for user, item in again:
        expected[user, item] = expected.get((user, item), 0) + 1
    assert entries(data) == expected


def test_tab_separated_fields_that_open_and_close_with_a_quote_are_quoted(tmp_path):
    rows = [
        ("a", '12" Mix'),
        ("b", "Earth, Wind & Fire"),
        ("c", "two\nlines"),
        ("d", '"Heroes" live'),
        ("e", "tab\there"),
    ]
    frame = pd.DataFrame(rows, columns=["user", "item"])
    frame.to_csv(tmp_path / "pandas.tsv", sep="\t", index=False)
    assert entries(read(tmp_path / "pandas.tsv")) == dict.fromkeys(rows, 1)
    bare = (
        'user\titem\na\t"Weird Al" Yankovic\nb\t12"\nc\t"Heroes\n'
        + "".join(f"d\t{n}\n" for n in range(9))
        + 'e\t7"\n'
    )
    data = read(tmp_path / "bare.tsv", bare)
    assert data.items.tolist() == ['"Weird Al" Yankovic', '12"', '"Heroes', *map(str, range(9)), '7"']


def test_line_ends_and_blanks_make_no_difference(tmp_path):
    expected = {(1, 10): 3.0, (2, 11): 4.0}
    for content in (
        "user,item,w\n1,10,3\n2,11,4\n",
        "user,item,w\r\r\n1,10,3\r\r\n2,11,4\r\r\n",
        "user,item,w\r1,10,3\r2,11,4",
        "user, item, w\n1, 10, 3\n2, 11, 4\n",
        'user , item , w \n 1 , "10" , 3 \r\n\r\n 2 ,\t11, 4 ',
    ):
        data = read(tmp_path / "events.csv", content, weight="w")
        assert entries(data) == expected
        assert data.users.dtype == np.int64
    data = read(tmp_path / "events.csv", 'user, item\n1, "a, b"\n2, c\n')
    assert data.items.tolist() == ["a, b", "c"]
    data = read(tmp_path / "blanks.txt", "user item\n a   x\nb \t y  \n", sep=r"\s+")
    assert entries(data) == {("a", "x"): 1, ("b", "y"): 1}


@pytest.mark.parametrize(
    "encoding", ["latin-1", "cp1252", "cp850", "utf-16", "utf-16-le", "utf-8-sig", "mac_roman"]
)
def test_encodings_are_those_of_python(tmp_path, encoding):
    rows = [("José", "Ärger"), ("Zoë", "naïve")] * 400
    text = "user;item\n" + "".join(f"{user};{item}\n" for user, item in rows)
    data = read(tmp_path / "events.csv", text.encode(encoding), sep=";", encoding=encoding)
    assert entries(data) == dict.fromkeys(rows, 400)
    assert data.report.encoding == encoding


def test_what_cannot_be_decoded_is_said(tmp_path):
    with pytest.raises(ValueError, match=r"line 2: the user is not UTF-8 \(encoding says"):
        read(tmp_path / "a.csv", "user,item\nJosé,x\n".encode("latin-1"))
    with pytest.raises(OSError, match="a.csv: .*'ascii|a.csv: .*can't decode"):
        read(tmp_path / "a.csv", "user,item\nJosé,x\n".encode("latin-1"), encoding="shift_jis")
    with pytest.raises(ValueError, match="encoding must be one that Python knows, .* got 'klingon'"):
        read(tmp_path / "a.csv", encoding="klingon")
    with pytest.raises(ValueError, match="encoding must be one of text, got 'rot13'|encoding must be"):
        read(tmp_path / "a.csv", encoding="hex")


def test_numbers_are_written_as_elsewhere(tmp_path):
    content = "user;item;w\na;x;6,95\nb;x;1.234,5\nc;x;-2\n"
    data = read(tmp_path / "shop.csv", content, sep=";", weight="w", decimal=",", thousands=".")
    np.testing.assert_allclose(data.matrix.data, [6.95, 1234.5, -2])
    with pytest.raises(ValueError, match=r'"6,95", not a finite number \(decimal="," makes it one\)'):
        read(tmp_path / "shop.csv", sep=";", weight="w")
    data = read(tmp_path / "flags.csv", "user,item,w\na,x,True\nb,y,FALSE\nc,y,true\n", weight="w")
    assert data.matrix.data.tolist() == [1, 0, 1]
    for options in (
        {"decimal": "x"},
        {"decimal": ",,"},
        {"thousands": "."},
        {"thousands": "1"},
        {"comment": ""},
        {"quote": "\n"},
    ):
        with pytest.raises(ValueError, match="(decimal|thousands|comment|quote) must"):
            read(tmp_path / "flags.csv", **options)


def test_lines_that_are_no_events_are_passed_over(tmp_path):
    expected = {("a", "x"): 1.0}
    assert entries(read(tmp_path / "a.csv", "sep=;\nuser;item\na;x\n")) == expected
    with pytest.raises(ValueError, match="user"):  # a quote separates nothing
        read(tmp_path / "a.csv", 'sep="\nuser"item\na"x\n')
    assert entries(read(tmp_path / "a.csv", "export of today\n\nuser,item\na,x\n", skip=1)) == expected
    konect = "% sym unweighted\n% 3 2 2\na x\n"
    options = {"comment": "%", "sep": " ", "header": False, "user": 0, "item": 1}
    assert entries(read(tmp_path / "out.konect", konect, **options)) == expected
    with pytest.raises(ValueError, match="line 4: no user"):
        read(tmp_path / "a.csv", "# x\nuser,item\n# y\n,x\n", comment="#", on_bad_rows="raise")


@pytest.mark.parametrize("compress", ["gzip", "zeros", "members", "bz2", "xz", "zstd", "frames"])
def test_compressed_files_are_told_by_their_bytes(tmp_path, compress):
    content = "user,item\n" + "".join(f"u{n},i{n % 7}\n" for n in range(20_000))
    first, second = content[:50_001].encode(), content[50_001:].encode()

    def zipped(part):
        buffer = pa.BufferOutputStream()
        with pa.CompressedOutputStream(buffer, "zstd") as stream:
            stream.write(part)
        return buffer.getvalue().to_pybytes()

    whole = first + second
    made = {
        "gzip": lambda: gzip.compress(whole),
        "zeros": lambda: gzip.compress(whole) + bytes(100_000),
        "members": lambda: gzip.compress(first) + gzip.compress(second),
        "bz2": lambda: bz2.compress(first) + bz2.compress(second),
        "xz": lambda: lzma.compress(first) + lzma.compress(second),
        "zstd": lambda: zipped(whole),
        "frames": lambda: zipped(first) + zipped(second),
    }[compress]()
    for name in ("events", "events.csv", f"events.csv.{compress}"):
        data = read(tmp_path / name, made, sep=",")
        assert (data.shape, data.nnz) == ((20_000, 7), 20_000)
    cut = made.rstrip(b"\0")[: len(made.rstrip(b"\0")) // 2]
    with pytest.raises(OSError, match="cut"):
        read(tmp_path / "cut", cut, sep=",")


def test_folders_and_their_partitions_are_read(tmp_path):
    for day, rows in {"2020-01-01": "a,x\n", "2020-01-02": "b,y\nb,x\n"}.items():
        folder = tmp_path / "events" / f"day={day}" / "kind=buy%20now"
        folder.mkdir(parents=True)
        (folder / "part-0.csv").write_text("user,item\n" + rows)
        (folder / "part-1.csv").write_text("")
        (folder / "_SUCCESS").write_text("")
        (folder / ".part-0.csv.crc").write_bytes(b"\0")
    options = {"time": "day", "half_life": "1d", "kind": "kind", "kind_weights": {"buy now": 2.0}}
    data = read(tmp_path / "events", **options)
    assert entries(data) == {("a", "x"): 1.0, ("b", "y"): 2.0, ("b", "x"): 2.0}
    for path in (tmp_path / "events").rglob("*.csv"):
        if path.stat().st_size:
            table = pd.read_csv(path)
            path.unlink()
            table.to_parquet(path.with_suffix(".dat"))
    assert entries(read(tmp_path / "events", **options)) == entries(data)


def test_any_parquet_file_is_one_whatever_its_name_and_bytes_are_texts(tmp_path):
    table = pa.table({"user": pa.array([b"ann", "josé".encode()]), "item": pa.array([1, 2], pa.uint64())})
    pq.write_table(table, tmp_path / "part-0001")
    data = read(tmp_path / "part-0001")
    assert data.users.tolist() == ["ann", "josé"]
    pq.write_table(pa.table({"user": pa.array([b"ann", b"\xff\x00"]), "item": [1, 2]}), tmp_path / "part")
    with pytest.raises(ValueError, match="row 1: the user is the bytes ff00, which are no UTF-8"):
        read(tmp_path / "part")


def test_several_paths_come_in_any_way_and_each_is_read_once(tmp_path):
    paths = [tmp_path / f"{n}.csv" for n in range(3)]
    for n, path in enumerate(paths):
        path.write_text(f"user,item\nu{n},x\n")
    for files in (
        paths,
        tuple(paths),
        (path for path in paths),
        np.array([str(path) for path in paths]),
        str(tmp_path / "*.csv"),
    ):
        assert Interactions.from_file(files, show_progress=False).shape == (3, 1)
    with pytest.warns(DataWarning, match="0.csv is named twice and read once"):
        data = Interactions.from_file([paths[0], str(tmp_path / "*.csv")], show_progress=False)
    assert data.nnz == 3
    with pytest.raises(ValueError, match="got the URL 'https://example.org/a.csv'"):
        Interactions.from_file("https://example.org/a.csv")


def test_lines_of_json_are_read_by_name(tmp_path):
    rows = [
        {"user": "7", "item": 18446744073709551615, "w": 1.5, "t": "2020-01-01", "extra": {"a": [1]}},
        {"item": 3, "user": "é\n", "w": True, "t": 1577923200},
    ]
    content = "".join(json.dumps(row) + "\n" for row in rows)
    data = read(tmp_path / "events.jsonl", content, weight="w", time="t", half_life="1d")
    assert data.users.tolist() == ["7", "é\n"]
    assert data.items.tolist() == [18446744073709551615, 3]
    np.testing.assert_allclose(data.matrix.data, [0.75, 1.0])
    assert (data.report.layout, data.report.item_labels) == ("json", "unsigned integers")
    with pytest.raises(ValueError, match="a JSON list; what can be read is one object a line"):
        read(tmp_path / "list.json", json.dumps(rows))
    with pytest.raises(ValueError, match="values in JSON have names, not positions such as 0"):
        read(tmp_path / "events.jsonl", user=0)


def test_lists_of_items_are_read_with_and_without_counts(tmp_path):
    gowalla = "0 5 7\n1 5\n2 7 9 11 \n3\n4 5 9\n"
    data = read(tmp_path / "train.txt", gowalla, layout="lists")
    expected = {(0, 5), (0, 7), (1, 5), (2, 7), (2, 9), (2, 11), (4, 5), (4, 9)}
    assert set(entries(data)) == expected
    assert data.report.layout == "lists"
    counted = "2 5 7\n1 5\n3 7 9 11\n0\n2 5 9\n"
    data = read(tmp_path / "users.dat", counted, layout="lists")
    assert set(entries(data)) == expected
    assert data.report.layout == "counted lists"
    both = "u0 2 5 7\nu1 1 5\nu4 2 5 9\n"
    data = read(tmp_path / "users.dat", both, layout="lists")
    assert set(entries(data)) == {("u0", 5), ("u0", 7), ("u1", 5), ("u4", 5), ("u4", 9)}
    with pytest.raises(ValueError, match="layout must be"):
        read(tmp_path / "users.dat", layout="lists", weight=2)


def test_real_lists_have_their_published_sizes():
    if not (DATA / "gowalla").exists():
        pytest.skip(f"the Gowalla data is not in {DATA / 'gowalla'}")
    data = read(DATA / "gowalla" / "train.txt", layout="lists")
    assert (data.shape, data.nnz) == ((29858, 40981), 810128)
    data = read(DATA / "citeulike-a" / "cf-train-10-users.dat", layout="lists")
    assert (data.shape[0], data.nnz, data.users.tolist()) == (5551, 55510, list(range(5551)))


def test_the_separator_is_named_and_the_right_one_guessed(tmp_path):
    for content, options, sentence in [
        (
            "1::2::5\n2::3::4\n",
            {"header": False, "user": 0, "item": 1},
            'split at ","; is the separator "::"',
        ),
        ('"user";"item"\n"a";"b"\n', {}, 'split at ","; is the separator ";"'),
        ("user item\na b\n", {}, r'is the separator "\\\\s\+"'),
        ("user\titem\na\tb\n", {"sep": ","}, r'is the separator "\\t"'),
    ]:
        with pytest.raises(ValueError, match=sentence):
            read(tmp_path / "ratings.csv", content, **options)


def test_more_bad_rows_than_good_ones_are_another_kind_of_file(tmp_path):
    content = "0 5 7\n1 5\n2 7 9 11\n3 5 9 4\n4 1 2 3\n"
    options = {"sep": " ", "header": False, "user": 0, "item": 1}
    with pytest.raises(ValueError, match='4 of 5 rows cannot be used: .*fields are separated by " "'):
        read(tmp_path / "lists.txt", content, **options)
    assert read(tmp_path / "lists.txt", on_bad_rows="skip", **options).nnz == 1


def test_an_event_is_no_header(tmp_path):
    events = "196\t242\t3\t881250949\n186\t302\t3\t891717742\n"
    for options in ({"weight": 2}, {"time": 3}, {}):
        with pytest.raises(
            ValueError, match="line 1: the column of the .* is called .* header=False says so"
        ):
            read(tmp_path / "u.data", events, user=0, item=1, **options)
    assert read(tmp_path / "u.data", header=False, user=0, item=1, weight=2).nnz == 2


def test_standard_input_is_a_file(tmp_path):
    code = (
        "import penchant; d = penchant.Interactions.from_file('-', show_progress=False, encoding='latin-1'); "
        "print(d.users.tolist(), d.nnz)"
    )
    content = "user,item\n" + "José,x\n" * 100_000 + "bob,y\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=content.encode("latin-1"),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.decode() == "['José', 'bob'] 2\n"


def test_the_report_says_how_a_file_was_taken(tmp_path):
    data = read(tmp_path / "a.tsv", "user\titem\tw\na\t1\t0\nb\t2\t-1\nb\t2\t-1\n", weight="w")
    report = data.report
    assert (report.zero_entries, report.negative_entries, report.merged_rows, report.faded_entries) == (
        1,
        1,
        1,
        0,
    )
    assert (report.layout, report.separator, report.quote, report.encoding) == (
        "events",
        r'"\t"',
        '"',
        "UTF-8",
    )
    assert (report.user_labels, report.item_labels) == ("strings", "integers")
    for line in (
        "zero, nothing to learn from",
        "negative, disliked",
        "labels of users",
        "separator",
        "encoding",
    ):
        assert line in repr(report)
        assert line in report._repr_html_() or line.startswith(" ")

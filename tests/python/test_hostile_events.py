"""Files and tables of events as nobody should write them, with options as nobody should choose them."""

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from test_hostile import attempt, fuzzed

from penchant import Interactions

NAMED = (ValueError, TypeError, OSError)

WORDS = st.sampled_from(["a", "7", "7.0", "-1", "18446744073709551615", "1e400", "nan", "", " ", "true", "2020-01-01", "20200101",
                         "1433221332117", '"', '""', '"x"', '"a', 'b"', "é", "\\", "%", "#", "sep=;", "user", "item"])  # fmt: skip
SEPARATORS = st.sampled_from([",", ";", "\t", "::", " ", "  ", "|", "\r"])
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\r\r\n", "\n\n", ""])

OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "sep": st.sampled_from([None, ",", "\t", "::", r"\s+", " ", "", "\n", '"', 3]),
        "header": st.sampled_from([True, False, None, "yes"]),
        "quote": st.sampled_from([None, "", "'", '"', "ab", "é"]),
        "layout": st.sampled_from(["events", "lists", "json", "rows"]),
        "labels": st.sampled_from(["auto", "string", "int"]),
        "encoding": st.sampled_from([None, "latin-1", "utf-16", "cp850", "utf-8", "klingon", "hex", 3]),
        "decimal": st.sampled_from([".", ",", "", "x", "é", None]),
        "thousands": st.sampled_from([None, ".", ",", " ", "", "1"]),
        "comment": st.sampled_from([None, "#", "%", "", "\n"]),
        "skip": st.sampled_from([0, 1, 5, -1, 2**70, None, True]),
        "weight": st.sampled_from([None, 2, 9, "w", "user"]),
        "kind_weights": st.sampled_from([None, {"a": 1}, {7: 2, True: 1}, {}, {3.5: 1}]),
        "kind": st.sampled_from([None, 2]),
        "duplicates": st.sampled_from(["sum", "count", "last", "max", "mean"]),
        "on_bad_rows": st.sampled_from(["warn", "skip", "raise", "drop"]),
    },
)
TIMES = st.fixed_dictionaries(
    {"time": st.sampled_from([2, 1, "t"])},
    optional={
        "half_life": st.sampled_from([None, "30d", "3 y", 5.0, -1, 0, np.nan, np.timedelta64(3, "D"), np.timedelta64(1, "M")]),
        "max_age": st.sampled_from([None, "30d", "x", 5.0, 0, np.inf]),
        "time_unit": st.sampled_from([None, "s", "ms", "us", "ns", "m", 3]),
        "time_format": st.sampled_from([None, "%Y%m%d", "%Y-%m-%d", "%d", "%", "%Q", "", "%s"]),
    },
)  # fmt: skip


def check(data):
    if data is not None:
        assert data.matrix.shape == (len(data.users), len(data.items))
        assert np.isfinite(data.matrix.data).all()
        assert data.report.entries == data.nnz
        assert data.report.bad_rows <= data.report.rows
        assert repr(data.report)


@fuzzed
@given(
    lines=st.lists(st.tuples(st.lists(WORDS, min_size=1, max_size=4), SEPARATORS, ENDS), max_size=12),
    raw=st.binary(max_size=60),
    options=OPTIONS,
    times=st.just({}) | TIMES,
    named=st.booleans(),
    name=st.sampled_from(["e.csv", "e.tsv", "e.jsonl", "e.gz", "e", "day=2020-01-01"]),
)
def test_any_file_with_any_options_gives_interactions_or_a_sentence(
    tmp_path_factory, lines, raw, options, times, named, name
):
    path = tmp_path_factory.mktemp("fuzz") / name
    text = "".join(sep.join(words) + end for words, sep, end in lines)
    path.write_bytes(text.encode() + (raw if len(raw) % 3 == 0 else b""))
    columns = {} if named else {"user": 0, "item": 1}
    call = {"show_progress": False, "num_threads": 2} | columns | options | times
    check(attempt(lambda: Interactions.from_file(path, **call), named=NAMED))


LABELS = st.one_of(
    st.lists(st.integers(-3, 9), min_size=3, max_size=3),
    st.lists(st.sampled_from([2**63, 2**64 - 1, 5, -1, 2**70]), min_size=3, max_size=3),
    st.lists(st.sampled_from([1.0, 2.5, np.nan, 1e300, 2.0**60, np.inf]), min_size=3, max_size=3),
    st.lists(
        st.sampled_from(["a", "b", "", None, "20200101", "2020-01-01 10:00 UTC"]), min_size=3, max_size=3
    ),
    st.lists(st.sampled_from([b"a", b"\xff", None, "a", 1, True]), min_size=3, max_size=3),
    st.just(pd.period_range("2020-01-01", periods=3, freq="D")),
    st.just(pd.to_datetime(["2020-01-01", None, "9999-01-01"])),
    st.just(pd.Categorical(["x", "y", None])),
    st.just(np.array([True, False, True])),
    st.just([[1], [2], [3]]),
)


@fuzzed
@given(
    columns=st.tuples(LABELS, LABELS, LABELS),
    options=OPTIONS.map(lambda all_: {k: v for k, v in all_.items() if k in ("kind", "kind_weights", "duplicates", "on_bad_rows")}),
    times=st.just({}) | TIMES | st.just({"weight": 2}),
    frame=st.sampled_from([dict, pd.DataFrame, pa.table]),
)  # fmt: skip
def test_any_table_with_any_options_gives_interactions_or_a_sentence(columns, options, times, frame):
    try:
        table = frame(dict(zip(("user", "item", "t"), columns, strict=True)))
    except (
        pa.ArrowInvalid,
        pa.ArrowTypeError,
        pa.ArrowNotImplementedError,
        OverflowError,
        TypeError,
        ValueError,
    ):
        return  # not a table at all
    check(attempt(lambda: Interactions.from_frame(table, **options, **times), named=NAMED))

"""Times say their unit, and the same text means the same through every door."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from penchant import DataWarning, Interactions

MONTH = dt.timedelta(days=30)
# RetailRocket's epochs are of this kind.
SECONDS = np.array([1_433_221_332.117, 1_434_000_000.0, 1_435_999_999.999])
UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def events(times):
    return {"user": ["a", "b", "b"][: len(times)], "item": ["x", "x", "y"][: len(times)], "t": times}


def through_a_file(tmp_path, name="events.csv"):
    def read(table, **options):
        pd.DataFrame(table).to_csv(tmp_path / name, index=False, sep="\t" if name.endswith("tsv") else ",")
        return Interactions.from_file(tmp_path / name, show_progress=False, **options)

    return read


@pytest.fixture(params=["dict", "pandas", "polars", "arrow", "csv", "json"])
def door(request, tmp_path):
    """Read a dict of columns, one way or another."""
    frames = {"dict": dict, "pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}
    if request.param in frames:
        return lambda table, **options: Interactions.from_frame(frames[request.param](table), **options)
    if request.param == "csv":
        return through_a_file(tmp_path)

    def read(table, **options):
        pd.DataFrame(table).to_json(tmp_path / "events.jsonl", orient="records", lines=True)
        return Interactions.from_file(tmp_path / "events.jsonl", show_progress=False, **options)

    return read


def weights(data):
    return data.matrix.data


def test_events_that_are_too_old_are_left_out_with_those_of_whom_nothing_else_is_known(door):
    table = {
        "user": ["ann", "bob", "bob", "eve"],
        "item": ["dub", "ska", "dub", "ska"],
        "t": ["2020-01-01", "2020-03-01", "2020-01-02", "2020-03-31"],
    }
    for age in ("30d", dt.timedelta(days=30), 30 * 86400):
        data = door(table, time="t", max_age=age)
        assert data.users.tolist() == ["bob", "eve"]
        assert data.items.tolist() == ["ska"]
        assert data.report.ignored_rows == 2
    assert door(table, time="t", max_age="29d").users.tolist() == ["eve"]
    with pytest.raises(KeyError, match="there is no user 'ann': .* all of its events are older than max_age"):
        data.user_codes("ann")
    assert door(table, time="t", max_age="1000d").users.tolist() == ["ann", "bob", "eve"]
    with pytest.raises(ValueError, match="max_age must be positive"):
        door(table, time="t", max_age=0)
    with pytest.raises(ValueError, match="max_age needs time"):
        door(table, max_age="30d")


def test_an_update_leaves_out_the_old_among_its_own_events():
    data = Interactions.from_frame(events(["2020-01-01", "2020-01-02", "2020-01-03"]), time="t", max_age="5d")
    later = {"user": ["c", "a"], "item": ["x", "y"], "t": ["2020-02-01", "2020-01-20"]}
    assert data.nnz == 3
    data.update(later)
    assert data.nnz == 4
    assert data.report.ignored_rows == 1


def test_an_age_needs_seconds_and_an_error_names_the_likely_unit(door):
    expected = weights(Interactions.from_frame(events(SECONDS), time="t", half_life=MONTH))
    np.testing.assert_allclose(expected, [0.4757, 0.5858, 1.0], atol=1e-4)
    for unit, size in UNITS.items():
        numbers = (SECONDS * size).astype(np.int64).tolist()
        data = door(events(numbers), time="t", half_life="30d", time_unit=unit)
        np.testing.assert_allclose(weights(data), expected, rtol=1e-5)
        if unit == "s":
            np.testing.assert_allclose(
                weights(door(events(numbers), time="t", half_life=MONTH)), expected, rtol=1e-5
            )
            continue
        with pytest.raises(
            ValueError, match=f'cannot be seconds since 1970, .* time_unit="{unit}" would .* 2015-06'
        ):
            door(events(numbers), time="t", half_life=MONTH)
        # Without an age any unit will do.
        data = door(events(numbers), time="t", half_life=30 * 86400 * size)
        np.testing.assert_allclose(weights(data), expected, rtol=1e-5)
        data = door(events(numbers), time="t", half_life=30 * 86400 * size, time_unit=unit)
        np.testing.assert_allclose(weights(data), expected, rtol=1e-5)


def test_one_time_far_away_is_not_taken_for_a_unit_but_said(door):
    far = dt.datetime(9999, 1, 1, tzinfo=dt.UTC).timestamp()
    times = [1.4e9, 1.4e9 + 86400, far]
    with pytest.warns(
        DataWarning, match="2 of 3 entries have faded to 0: .* latest time, which is 9999-01-01"
    ):
        data = door(events(times), time="t", half_life="30d")
    assert (data.report.faded_entries, data.report.zero_entries) == (2, 2)
    assert "of these faded to zero" in repr(data.report)


def test_the_same_text_means_the_same_through_every_door(door):
    day = "2019-10-01"
    for text in (
        "2019-10-01 00:00:00 UTC",
        "2019-10-01 00:00:00+00",
        "2019-10-01T02:00:00+02:00",
        "2019-10-01T00:00Z",
    ):
        data = door(events([text, "2019-10-02", day]), time="t", half_life="1d")
        np.testing.assert_allclose(weights(data), [0.5, 1.0, 0.5])
    with pytest.raises(
        ValueError, match='none of the .* the time is "yesterday", neither a number nor a date'
    ):
        door(events(["yesterday"]), time="t")
    for pattern, texts in (
        ("%d.%m.%Y %H:%M", ["01.12.2009 07:45", "02.12.2009 07:45"]),
        ("%m/%d/%Y %H:%M", ["12/1/2010 8:26", "12/2/2010 8:26"]),
    ):
        data = door(events(texts), time="t", half_life="1d", time_format=pattern)
        np.testing.assert_allclose(weights(data), [0.5, 1.0])
        with pytest.raises(ValueError, match='the time is "2020-01-01", not written as time_format says'):
            door(events(["2020-01-01"]), time="t", time_format=pattern)


def test_patterns_mean_what_they_mean_in_python(door):
    texts = ["2003-04-05 06:07:08.25", "1969-07-20 20:17:40.5"]
    pattern = "%Y-%m-%d %H:%M:%S.%f"
    seconds = [dt.datetime.strptime(text, pattern).replace(tzinfo=dt.UTC).timestamp() for text in texts]
    data = door(events(texts), time="t", time_format=pattern, half_life=1e9)
    np.testing.assert_allclose(weights(data), [1.0, 0.5 ** ((seconds[0] - seconds[1]) / 1e9)], rtol=1e-6)


def test_eight_digits_are_dates_where_they_are_text(tmp_path):
    dates = ["20200101", "20200102"]
    for frame in (dict, pd.DataFrame, pl.DataFrame, pa.table, through_a_file(tmp_path)):
        if isinstance(frame, type) or frame is pa.table:
            data = Interactions.from_frame(frame(events(dates)), time="t", half_life="1d")
        else:
            data = frame(events(dates), time="t", half_life="1d")
        np.testing.assert_allclose(weights(data), [0.5, 1.0])
    numbers = [int(date) for date in dates]
    for frame in (dict, pd.DataFrame, pl.DataFrame, pa.table):
        with pytest.raises(ValueError, match='look like dates, which time_format="%Y%m%d" makes of them'):
            Interactions.from_frame(frame(events(numbers)), time="t", half_life="1d")
        data = Interactions.from_frame(frame(events(numbers)), time="t", half_life="1d", time_format="%Y%m%d")
        np.testing.assert_allclose(weights(data), [0.5, 1.0])
    counters = ["20200101", "20200199"]  # not all of them are dates
    data = Interactions.from_frame(events(counters), time="t", half_life=98.0)
    np.testing.assert_allclose(weights(data), [0.5, 1.0])


def test_periods_count_from_their_start_and_categories_as_what_they_are():
    days = pd.period_range("2020-01-01", periods=2, freq="D")
    for times in (
        days,
        days.astype(str).astype("category"),
        pd.Series(days.to_timestamp()).astype("category"),
    ):
        for kind in (pd.DataFrame, dict):
            data = Interactions.from_frame(kind(events(times)), time="t", half_life="1d")
            np.testing.assert_allclose(weights(data), [0.5, 1.0])
    table = pa.Table.from_pandas(pd.DataFrame(events(days)))
    with pytest.raises(TypeError, match=r"the time is of the type pandas\.period"):
        Interactions.from_frame(table, time="t")


def test_times_that_count_something_longer_than_seconds_are_wondered_about():
    with pytest.warns(DataWarning, match="hardly any weight has faded: .* time_unit says what they count"):
        Interactions.from_frame(events([18_262, 18_300, 18_290]), time="t", half_life="30d")


def test_wrong_words_about_times_are_refused():
    for error, sentence, options in [
        (ValueError, "time_unit must be one of 's', 'ms', 'us', 'ns', got 'm'", {"time_unit": "m"}),
        (TypeError, "time_format must be a string, got int", {"time_format": 3}),
        (ValueError, "time_format cannot be", {"time_format": "%Q"}),
        (ValueError, "time_format cannot be", {"time_format": "%H:%M"}),
        (
            ValueError,
            "numbers with a unit are not written by a pattern",
            {"time_format": "%Y", "time_unit": "s"},
        ),
        (ValueError, "half_life must be a number, alone or with one of", {"half_life": "30 days"}),
        (ValueError, "half_life must be positive", {"half_life": "-3d"}),
    ]:
        with pytest.raises(error, match=sentence):
            Interactions.from_frame(events(SECONDS), time="t", **options)
    for name in ("time_unit", "time_format", "half_life"):
        with pytest.raises(ValueError, match=f"{name} needs time"):
            Interactions.from_frame(events(SECONDS), **{name: "s"})

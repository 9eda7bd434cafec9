"""Files and Datasets as sources: what Interactions would make of them, whatever the number of workers."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray
import scipy.sparse as sp
from conftest import same

import penchant
from penchant import distributed
from penchant.cli import main
from penchant.exceptions import DataWarning, ModelFormatError


def fit(*args, **settings):
    """Fit with few shards, of which each is a task."""
    return distributed.fit(*args, **{"shards": 8} | settings)


@pytest.fixture(scope="module")
def events():
    """Events with repeats, of which a file has each user's in two places."""
    random = np.random.default_rng(5)
    users = random.integers(0, 300, 6000)
    items = random.integers(0, 9, 6000) * 10 + users % 10
    frame = pd.DataFrame(
        {"who": [f"u{user}" for user in users], "what": items, "often": random.integers(1, 5, 6000)}
    )
    frame["when"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 10**6, 6000), unit="s")
    return frame


COLUMNS = {"user": "who", "item": "what", "weight": "often"}


@pytest.fixture(params=["parquet", pytest.param("csv", marks=pytest.mark.long)])
def folder(request, events, tmp_path):
    path = tmp_path / "events"
    path.mkdir()
    for at, part in enumerate(np.array_split(np.arange(len(events)), 5)):
        if request.param == "parquet":
            pq.write_table(pa.Table.from_pandas(events.iloc[part]), path / f"part-{at}.parquet")
        else:
            events.iloc[part].to_csv(path / f"part-{at}.csv", index=False)
    return path


def aligned(data):
    """The matrix with users and items in the order of their labels."""
    users, items = np.argsort(data.users), np.argsort(data.items)
    return data.matrix[users][:, items].toarray()


def test_a_folder_is_read_by_many_as_by_one(nodes, folder, model):
    alone = penchant.Interactions.from_file(folder, **COLUMNS, show_progress=False)
    one = fit(model(), folder, workers=1, show_progress=False, **COLUMNS)
    assert same(one, fit(model(), folder, workers=3, show_progress=False, **COLUMNS))
    assert sorted(one.data.users) == sorted(alone.users)
    assert list(one.data.items) == sorted(alone.items)
    assert np.array_equal(aligned(one.data), aligned(alone))
    assert (one.data.report.rows, one.data.report.merged_rows) == (
        alone.report.rows,
        alone.report.merged_rows,
    )
    assert len(one.recommend("u7", n=3)) == 3
    one.update({"who": ["new"], "what": [11], "often": [3]})
    assert one.data.shape[0] == alone.shape[0] + 1


@pytest.mark.parametrize("duplicates", ["count", "last", "max"])
def test_duplicates_become_what_they_do_in_one_place(nodes, folder, model, duplicates):
    how = COLUMNS | {"duplicates": duplicates, "time": "when"}
    alone = penchant.Interactions.from_file(folder, **how, show_progress=False)
    shared = fit(model(iterations=1), folder, workers=2, show_progress=False, **how)
    assert np.array_equal(aligned(shared.data), aligned(alone))


def test_a_dataset_of_ray(nodes, events, model):
    dataset = ray.data.from_pandas([events[:2000], events[2000:2500], events[2500:]])
    shared = fit(model(), dataset, workers=2, show_progress=False, **COLUMNS)
    alone = penchant.Interactions.from_frame(events, **COLUMNS)
    assert np.array_equal(aligned(shared.data), aligned(alone))
    with pytest.raises(ValueError, match="no column 'whom' in the dataset; there are 'who', 'what'"):
        fit(model(), dataset, show_progress=False, user="whom", item="what")


def test_what_cannot_be_read_is_said_in_a_sentence(nodes, folder, events, model, plays, tmp_path):
    def read(source=folder, **more):
        return fit(model(), source, show_progress=False, **COLUMNS | more)

    with pytest.raises(ValueError, match="half_life needs all events at once"):
        read(time="when", half_life="30d")
    with pytest.raises(TypeError, match="fit has no argument 'worker'"):
        read(worker=3)
    with pytest.raises(TypeError, match="source is an Interactions, which has read them"):
        read(plays)
    with pytest.raises(ValueError, match="source has 2 users, 3 items and nothing to learn from"):
        fit(model(), penchant.Interactions.from_matrix(sp.csr_array((2, 3))), show_progress=False)
    with pytest.raises(ValueError, match="standard input is none"):
        read("-")
    with pytest.raises(TypeError, match="source must be Interactions"):
        read(plays.matrix)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no files in the folder"):
        read(tmp_path / "empty")
    events.rename(columns={"often": "plays"})[:50].to_csv(tmp_path / "events/part-7.csv", index=False)
    with pytest.raises(ValueError, match="part-7.csv"):
        fit(model(), tmp_path / "events/*.csv", show_progress=False, **COLUMNS)


def test_what_the_readme_says_runs(nodes, events, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events").mkdir()
    pq.write_table(pa.Table.from_pandas(events), tmp_path / "events/a.parquet")
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```py\n(.*?)```", text, re.DOTALL)
    known = {"AlternatingLeastSquares": penchant.AlternatingLeastSquares}
    exec(code, known)
    assert len(known["score"](pa.table({"user": ["u7"]}))) == 10
    assert pq.read_table(tmp_path / "everyone").num_rows > 2000


def test_from_the_command_line(nodes, folder, tmp_path, capsys):
    columns = [
        "--user",
        "who",
        "--item",
        "what",
        "--weight",
        "often",
        "--factors",
        "8",
        "--random-state",
        "3",
    ]
    shared = ["--workers", "2", "--checkpoint", str(tmp_path / "fit"), "-o", str(tmp_path / "model"), "-q"]
    assert main(["fit", str(folder), *columns, *shared]) == 0
    assert main(["fit", str(folder), *columns, *shared]) == 1
    assert "resume=True goes on from it" in capsys.readouterr().err
    assert main(["fit", str(folder), *columns, *shared, "--resume"]) == 0
    assert len(penchant.Recommender.load(tmp_path / "model").recommend("u7", n=4)) == 4
    with pytest.raises(SystemExit):
        main(["fit", str(folder), *columns, "--resume", "-o", str(tmp_path / "model")])
    assert "--checkpoint and --resume go with --workers" in capsys.readouterr().err


def test_bad_rows_are_counted_over_all_files(nodes, events, model, tmp_path):
    for at in range(3):
        part = events.iloc[at * 50 : (at + 1) * 50].astype(object)
        part.iloc[:2, 2] = "often"
        part.to_csv(tmp_path / f"{at}.csv", index=False)
    with pytest.warns(DataWarning, match="6 bad rows were skipped"):
        found = fit(model(), tmp_path, show_progress=False, **COLUMNS)
    assert found.data.report.bad_rows == 6
    with pytest.raises(ValueError, match="often"):
        fit(model(), tmp_path, show_progress=False, on_bad_rows="raise", **COLUMNS)


def test_a_checkpoint_of_other_data_another_fit_or_another_version_is_refused(
    nodes, folder, events, model, tmp_path
):
    def go(settings=None, **more):
        where = {"checkpoint": tmp_path / "fit", "workers": 2, "show_progress": False}
        return fit(model(**settings or {}), folder, **where | COLUMNS | more)

    whole = go()
    with pytest.raises(ValueError, match="has a checkpoint of this fit after epoch 4: resume=True goes on"):
        go()
    assert same(whole, go(resume=True, workers=3))
    with pytest.raises(ValueError, match="another fit: factors is 8 there and 9 here"):
        go({"factors": 9}, resume=True)
    path = next(folder.iterdir())
    before = path.read_bytes()
    if path.suffix == ".csv":
        path.write_bytes(before + b"u1,7,3,2026-01-01\n")
    else:
        pq.write_table(pa.Table.from_pandas(events.iloc[:7]), path)
    with pytest.raises(ValueError, match="a fit to other data: the source has changed"):
        go(resume=True)
    path.write_bytes(before)
    about = tmp_path / "fit/fit.json"
    about.write_text(about.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(ModelFormatError, match="format 99, and this version knows format 1"):
        go(resume=True)
    with pytest.raises(ValueError, match="resume=True needs checkpoint"):
        go(resume=True, checkpoint=None)

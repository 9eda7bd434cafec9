"""Interactions whose entries lie in files: the same as in memory, in little memory, and never half."""

import mmap
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import penchant
from penchant.exceptions import DataWarning, ModelFormatError
from penchant.interactions import _options


@pytest.fixture
def events(tmp_path):
    """A file of events, with repeats and bad rows."""
    random = np.random.default_rng(2)
    lines = ["who,what,often,when"]
    for _ in range(3000):
        user, item = random.integers(0, 120), random.zipf(1.6) % 50
        lines.append(f"u{user},{item},{random.integers(-1, 5)},2026-01-{random.integers(1, 29):02d}")
    path = tmp_path / "events.csv"
    path.write_text("\n".join([*lines, "u1,3,often,2026-01-01"]), encoding="utf-8")
    return path


def is_mapped(array):
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array.obj if isinstance(array, memoryview) else array, mmap.mmap)


COLUMNS = {"user": "who", "item": "what", "weight": "often", "show_progress": False, "on_bad_rows": "skip"}


@pytest.fixture(params=[7, 500, 1 << 22])
def at_a_time(request, monkeypatch):
    monkeypatch.setattr(_options, "EVENTS_AT_A_TIME", request.param)


@pytest.mark.parametrize(
    "how",
    [{}, {"duplicates": "count"}, {"duplicates": "max"}, {"duplicates": "last"},
     {"duplicates": "last", "time": "when"}, {"time": "when", "half_life": "3d"}],
)  # fmt: skip
def test_what_is_on_disk_is_what_would_be_in_memory(events, tmp_path, at_a_time, how):
    memory = penchant.Interactions.from_file(events, **COLUMNS | how)
    disk = penchant.Interactions.from_file(events, **COLUMNS | how, folder=tmp_path / "matrix")
    assert np.array_equal(disk.users, memory.users)
    assert np.array_equal(disk.items, memory.items)
    for name in ("indptr", "indices", "data"):
        assert np.array_equal(getattr(disk.matrix, name), getattr(memory.matrix, name))
        transpose = memory.matrix.T.tocsr()
        transpose.sort_indices()
        assert np.array_equal(getattr(disk.by_item, name), getattr(transpose, name))
    assert disk.report == memory.report
    assert sorted(path.name for path in (tmp_path / "matrix").iterdir()) == [
        "about.json", "by_item.indices", "by_item.indptr", "by_item.values", "by_user.indices",
        "by_user.indptr", "by_user.values", "labels.npz", "lock",
    ]  # fmt: skip
    assert is_mapped(disk.matrix.data)
    assert is_mapped(disk.by_item.indices)


def test_a_fit_to_what_is_on_disk_has_the_same_bits(events, tmp_path):
    memory = penchant.Interactions.from_file(events, **COLUMNS)
    disk = penchant.Interactions.from_file(events, **COLUMNS, folder=tmp_path / "matrix")
    for settings in ({}, {"dtype": np.float64}, {"init": "uniform"}, {"iterations": 0}):
        first, second = (
            penchant.AlternatingLeastSquares(factors=6, random_state=1, **settings) for _ in range(2)
        )
        one = penchant.Recommender(first).fit(memory, show_progress=False)
        other = penchant.Recommender(second).fit(disk, show_progress=False)
        assert np.array_equal(first.user_factors, second.user_factors)
        assert np.array_equal(first.item_factors, second.item_factors)
        assert first.loss_history == second.loss_history
    assert dict(one.recommend("u3")).keys() == dict(other.recommend("u3")).keys()
    other.save(tmp_path / "model")
    assert penchant.Recommender.load(tmp_path / "model").data.by_item is None
    copied = pickle.loads(pickle.dumps(disk))
    assert repr(copied).endswith(f"entries, in {tmp_path / 'matrix'})")
    assert is_mapped(copied.matrix.data)
    with pytest.raises(ValueError, match="stays as it is: read all events into another folder"):
        disk.update({"who": ["new"], "what": [1], "often": [1]})


def test_a_file_that_was_changed_cut_or_lost_is_noticed(events, tmp_path):
    folder = tmp_path / "matrix"
    penchant.Interactions.from_file(events, **COLUMNS, folder=folder)
    path = folder / "by_user.values"
    before = path.read_bytes()
    path.write_bytes(before[:-4])
    with pytest.raises(ModelFormatError, match=r"by_user.values has [\d,]+ bytes, and [\d,]+ were written"):
        penchant.Interactions.open(folder)
    path.write_bytes(before[:-4] + b"\0\0\0\1")
    with pytest.raises(ModelFormatError, match="by_user.values is not what was written"):
        penchant.Interactions.open(folder)
    path.write_bytes(before)  # touched, but the same
    assert penchant.Interactions.open(folder, verify=True).shape[0] > 100
    path.unlink()
    with pytest.raises(ModelFormatError, match="by_user.values is missing"):
        penchant.Interactions.open(folder)
    about = folder / "about.json"
    about.write_text(about.read_text().replace('"format": 1', '"format": 7'))
    with pytest.raises(ModelFormatError, match="has format 7, and this version knows format 1"):
        penchant.Interactions.open(folder)
    about.write_text("{")
    with pytest.raises(ModelFormatError, match=r"about.json is not what was written"):
        penchant.Interactions.open(folder)
    with pytest.raises(FileNotFoundError, match="there are no Interactions in"):
        penchant.Interactions.open(tmp_path)


def test_folders_are_written_once_by_one_and_as_a_whole(events, tmp_path):
    folder = tmp_path / "matrix"
    with pytest.raises(ValueError, match='line 3002: the weight is "often"'):
        penchant.Interactions.from_file(events, **COLUMNS | {"on_bad_rows": "raise"}, folder=folder)
    assert [path.name for path in folder.iterdir()] == ["lock"]
    with pytest.raises(
        ValueError, match="min_items_per_user must be left out where entries are on disk, got 2"
    ):
        penchant.Interactions.from_file(events, **COLUMNS, min_items_per_user=2, folder=folder)
    with pytest.raises(ValueError, match="like and folder do not go together"):
        penchant.Interactions.from_file(events, **COLUMNS, like=1, folder=folder)
    with pytest.raises(TypeError, match="folder must be a path, got int"):
        penchant.Interactions.from_file(events, **COLUMNS, folder=3)
    for left in ("events.part", "by_user.values"):
        (folder / left).write_bytes(b"of a process that was killed")
        with pytest.raises(ModelFormatError, match="were never finished"):
            penchant.Interactions.open(folder)
    with pytest.warns(DataWarning, match="1 bad row was skipped"):
        penchant.Interactions.from_file(events, **COLUMNS | {"on_bad_rows": "warn"}, folder=folder)
    with pytest.raises(ValueError, match="has Interactions in it: Interactions.open opens them"):
        penchant.Interactions.from_file(events, **COLUMNS, folder=folder)
    with pytest.raises(ValueError, match="has other files in it, such as events.csv"):
        penchant.Interactions.from_file(events, **COLUMNS, folder=tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
def test_two_processes_do_not_write_to_one_folder(events, tmp_path):
    pipe, folder = tmp_path / "pipe.csv", tmp_path / "matrix"
    os.mkfifo(pipe)
    code = "import sys, penchant; penchant.Interactions.from_file(sys.argv[1], user='who', item='what', "
    code += "show_progress=False, on_bad_rows='skip', folder=sys.argv[2])"
    with subprocess.Popen([sys.executable, "-c", code, str(pipe), str(folder)]) as other:
        try:
            with pipe.open("w") as file:  # opens when the other one does
                text = events.read_text(encoding="utf-8")
                file.write(text[:1000])
                file.flush()
                while not (folder / "events.part").exists():
                    assert other.poll() is None
                for wrong in (events, tmp_path / "typo.csv"):
                    with pytest.raises(BlockingIOError, match="another process is writing to this folder"):
                        penchant.Interactions.from_file(wrong, **COLUMNS, folder=folder)
                file.write(text[1000:])
            assert other.wait(30) == 0
        finally:
            other.kill()
    assert penchant.Interactions.open(folder).shape[0] > 100

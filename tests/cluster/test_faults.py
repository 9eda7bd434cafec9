"""Workers that die, nodes that go, drivers that are killed: the same bits in the end."""

import pytest
from conftest import same

from penchant.distributed import _run, fit

PHASES = [
    ("has_data", 1), ("deal", 1), ("needs", 1), ("sketch_users", 2), ("begin_epoch", 1), ("solve_users", 3),
    ("whiten", 5), ("solve_items", 2), ("save", 2), ("factors", 1),
]  # fmt: skip
SUM_PHASES = [
    ("meet_presence", 1),
    ("sketch_sums", 1),
    ("begin_items", 2),
    ("pass_", 6),
    ("advance", 3),
    ("end_items", 4),
]


@pytest.fixture(scope="module")
def undisturbed(nodes, plays):
    import penchant

    model = penchant.AlternatingLeastSquares(factors=8, iterations=4, random_state=3, relaxation=1.8)
    return fit(model, plays, workers=3, show_progress=False)


@pytest.mark.parametrize(("phase", "occurrence"), PHASES)
@pytest.mark.parametrize("delay", [0.0, pytest.param(0.004, marks=pytest.mark.long)])
def test_a_worker_that_is_killed_changes_nothing(
    nodes, plays, model, kill, undisturbed, tmp_path, phase, occurrence, delay
):
    killer = kill(phase, occurrence, delay=delay)
    again = fit(model(), plays, workers=3, checkpoint=tmp_path / "fit", show_progress=False)
    assert killer.killed
    assert same(again, undisturbed)


@pytest.mark.parametrize(("phase", "occurrence"), SUM_PHASES)
def test_nor_does_it_where_sums_travel(nodes, plays, model, kill, tmp_path, monkeypatch, phase, occurrence):
    monkeypatch.setattr(_run.Run, "_users_travel", staticmethod(lambda *_: False))
    quiet = fit(model(), plays, workers=2, show_progress=False)
    killer = kill(phase, occurrence)
    again = fit(model(), plays, workers=3, show_progress=False)
    assert killer.killed
    assert same(again, quiet)

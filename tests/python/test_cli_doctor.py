"""What `penchant doctor` tells."""

import json

import numpy as np

import penchant
from penchant import _core


def test_it_tells_the_machine_the_versions_and_how_fast_a_small_fit_is(run):
    facts = dict(run("doctor")[1:])
    assert facts["instructions"] == _core.INSTRUCTION_SET
    assert facts["penchant"] == penchant.__version__
    assert facts["numpy"] == np.__version__
    assert int(facts["threads"]) >= 1
    assert float(facts["an epoch of 4,000 x 2,000, 64 factors, ms"]) > 0
    assert float(facts["the best 10 for 4,000 users, ms"]) > 0


def test_it_fits_into_a_report(tmp_path, run):
    run("doctor", "-o", tmp_path / "report.json", "-q")
    rows = json.loads((tmp_path / "report.json").read_text())
    assert {"system", "CPU", "python"} <= {row["property"] for row in rows}

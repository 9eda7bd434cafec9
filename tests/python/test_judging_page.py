"""The page about judging: its code runs, and it has every metric and every split."""

import re
from pathlib import Path

import matplotlib as mpl
import pytest

from penchant.evaluation import METRICS
from penchant.splitting import NAMES

PAGE = (Path(__file__).parents[2] / "docs/judging.md").read_text()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_its_code_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    mpl.use("agg")
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec("\n".join(blocks), {})
    assert "Split(2 of each user by chance" in capsys.readouterr().out
    assert (tmp_path / "models.png").exists()


def test_it_has_every_metric_and_every_split():
    for name, metric in METRICS.items():
        assert f"| `{name}` | {metric.definition} | {metric.source} |" in PAGE
    for name, splitter in NAMES.items():
        assert f"| `{name}` | `{splitter.__name__}(" in PAGE

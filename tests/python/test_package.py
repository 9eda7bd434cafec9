"""What a newcomer runs first: the import, the README, the examples, the demo."""

import doctest
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import penchant
from penchant.cli import main

ROOT = Path(__file__).parents[2]


def module_names():
    return [m.name for m in pkgutil.walk_packages(penchant.__path__, "penchant.") if "__main__" not in m.name]


@pytest.mark.parametrize("name", module_names())
def test_the_examples_in_the_documentation_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    names = {}
    for block in blocks:
        exec(block, names)


def test_importing_starts_no_thread():
    code = "import os, penchant; print(len(os.listdir('/proc/self/task')))"
    if not Path("/proc/self/task").exists():
        pytest.skip("counting threads needs /proc")
    environment = {"PATH": "", "OPENBLAS_NUM_THREADS": "1"}
    shown = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert shown.stdout == "1\n"


def test_models_are_imported_without_what_takes_long():
    code = "import sys, penchant; penchant.AlternatingLeastSquares; print('scipy.stats' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "False\n"


SAME_ANSWERS = """
import numpy as np, scipy.sparse as sp, penchant
from penchant import AlternatingLeastSquares, _core
plays = sp.csr_array(np.random.default_rng(0).poisson(.3, (300, 80)).astype(np.float32))
model = AlternatingLeastSquares(factors=24, random_state=0).fit(plays, show_progress=False)
print(_core.INSTRUCTION_SET, model.loss_history[-1], *model.recommend(5, plays[[5]], N=5)[0])
"""


def with_instructions(name):
    environment = os.environ | {"PENCHANT_SIMD": name}
    return subprocess.run(
        [sys.executable, "-c", SAME_ANSWERS], env=environment, capture_output=True, text=True, check=False
    )


def test_fewer_instructions_give_the_same_answers():
    name, loss, *best = with_instructions("").stdout.split()
    for fewer in {"avx512": ["avx2", "scalar"], "avx2": ["scalar"], "neon": ["scalar"]}.get(name, []):
        used, other, *found = with_instructions(fewer).stdout.split()
        assert (used, found) == (fewer, best)
        assert float(other) == pytest.approx(float(loss), rel=5e-4)
    wrong = with_instructions("mmx")
    assert wrong.returncode == 1
    assert f"ValueError: PENCHANT_SIMD is mmx, but this CPU has {name}" in wrong.stderr


def test_the_version_is_that_of_the_crate():
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{penchant.__version__}"\n' in manifest


def test_every_public_name_exists_and_is_documented():
    for name in module_names():
        module = importlib.import_module(name)
        assert module.__doc__
        for public in getattr(module, "__all__", ()):
            assert getattr(module, public).__doc__, public


def test_the_demo_on_made_data_finds_the_planted_genres(capsys):
    assert main(["demo"]) == 0
    shown = capsys.readouterr().out
    same = int(re.search(r"(\d+) of 10 share its planted genre", shown)[1])
    assert same >= 8
    assert "(1000, 10)" in shown
    assert "milliseconds" in shown


def test_the_demo_on_real_data_shows_real_artists(capsys, lastfm_folder):
    assert main(["demo", "--data", str(lastfm_folder), "--artist", "metallica"]) == 0
    shown = capsys.readouterr().out
    assert "Most like Metallica" in shown
    assert "Iron Maiden" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nowhere"], "nowhere"),
        (["--user", "99999"], "there is no user 99999"),
        (["--artist", "nobody at all"], "no artist has 'nobody at all' in the name"),
    ],
)
def test_the_demo_answers_mistakes_in_one_line(capsys, arguments, message):
    assert main(["demo", *arguments]) == 1
    shown = capsys.readouterr().err.splitlines()[-1]
    assert shown.startswith("penchant: ")
    assert message in shown


def test_the_citation_is_of_this_version():
    assert f"\nversion: {penchant.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")

"""The walk-throughs run, as scripts and as notebooks, and both say the same."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

DOCS = Path(__file__).parents[2] / "docs"
MAKE = DOCS / "make_notebooks.py"
SCRIPTS = sorted(DOCS.glob("walkthrough_*.py"))
MINUTE = 60

# Jupyter's packages warn of their own affairs while they are imported.
pytestmark = pytest.mark.filterwarnings("default")

walkthroughs = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)


@pytest.fixture(scope="module")
def tools():
    return runpy.run_path(str(MAKE))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """Notebooks that were written and run just now."""
    folder = tmp_path_factory.mktemp("notebooks")
    run = subprocess.run([sys.executable, MAKE, folder], capture_output=True, text=True, timeout=5 * MINUTE)
    assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture(params=["made", "real"])
def data(request):
    """What PENCHANT_DATA has to be for the data."""
    if request.param == "made":
        return os.devnull
    return str(request.getfixturevalue("lastfm_folder").parent)


def notebook(folder, script):
    return nbformat.read(folder / f"{script.stem}.ipynb", as_version=4)


def outputs(notebook):
    """What kind of outputs each cell has."""
    return [
        [(output.output_type, sorted(output.get("data", {}))) for output in cell.get("outputs", [])]
        for cell in notebook.cells
    ]


def test_there_are_three_walkthroughs():
    assert [script.stem for script in SCRIPTS] == [
        "walkthrough_catalogue",
        "walkthrough_from_scratch",
        "walkthrough_lastfm",
    ]


@walkthroughs
def test_a_walkthrough_runs_as_a_script_without_a_warning_of_ours(tools, script, data, tmp_path):
    code = tools["STRICT"] + "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"
    environment = os.environ | {"PENCHANT_DATA": data, "MPLBACKEND": "agg", "PYTHONUTF8": "1"}
    run = subprocess.run(
        [sys.executable, "-c", code, script],
        cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=MINUTE,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert ("2000" if data == os.devnull else "17632") in run.stdout  # as many artists
    assert not list(tmp_path.iterdir())


@walkthroughs
def test_a_notebook_says_what_its_script_says(tools, script):
    said = [(cell.cell_type, cell.source) for cell in tools["notebook_of"](script).cells]
    shown = [(cell.cell_type, cell.source) for cell in notebook(DOCS, script).cells]
    assert shown == said, "make docs writes the notebooks anew"


@walkthroughs
def test_a_notebook_runs_and_has_the_outputs_of_that(fresh, script):
    assert outputs(notebook(DOCS, script)) == outputs(notebook(fresh, script)), "make docs writes them anew"


@walkthroughs
def test_outputs_are_small_of_made_data_and_of_no_machine(script):
    text = nbformat.writes(notebook(DOCS, script))
    assert "4000 users x 2000" in text
    assert len(text) < 100_000
    shown = str([cell.get("outputs") for cell in notebook(DOCS, script).cells])
    for unwanted in (
        "stderr",
        "Traceback",
        "Warning",
        "penchant-",
        "site-packages",
        str(Path.home()) + os.sep,
    ):
        assert unwanted not in shown

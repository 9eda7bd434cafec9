"""Writes the notebooks of the walk-throughs from their scripts, and runs them.

    python docs/make_notebooks.py [FOLDER]

writes them beside the scripts, or into FOLDER. They are always run on made data, so that no real data gets
into a notebook, and come out the same every time: no times, no versions, no random cell ids.
"""

import os
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

DOCS = Path(__file__).parent
SCRIPTS = sorted(DOCS.glob("walkthrough_*.py"))

# Warnings of ours end a run, those of others do not. tqdm would like widgets for its bars; there are no bars.
STRICT = """\
import warnings
warnings.filterwarnings("ignore", message="IProgress not found")
import penchant
warnings.simplefilter("error", penchant.DataWarning)
warnings.simplefilter("error", penchant.utils.ParameterWarning)
del warnings, penchant
"""


def notebook_of(script):
    """Return what a script says as a notebook without outputs."""
    notebook = jupytext.read(script)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    return notebook


def run(notebook):
    """Run a notebook on made data and keep the outputs."""
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    environment["PENCHANT_DATA"] = os.devnull
    notebook.cells.insert(0, nbformat.v4.new_code_cell(STRICT))
    client = NotebookClient(
        notebook,
        timeout=300,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": DOCS}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    client.execute(env=environment)
    del notebook.cells[0]
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        cell.execution_count = number
    notebook.metadata.language_info = {
        "name": "python",
        "file_extension": ".py",
        "pygments_lexer": "ipython3",
    }


def main(folder):
    """Write all of them."""
    for script in SCRIPTS:
        notebook = notebook_of(script)
        run(notebook)
        nbformat.write(notebook, folder / f"{script.stem}.ipynb")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)

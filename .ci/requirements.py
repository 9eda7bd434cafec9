"""Everything that the package may need, but for benchmarks, for whoever looks for reports about it."""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
wanted = set(project["dependencies"])
for extra, needed in project["optional-dependencies"].items():
    if extra != "bench":
        wanted |= set(needed)
sys.stdout.write("".join(f"{requirement}\n" for requirement in sorted(wanted)))

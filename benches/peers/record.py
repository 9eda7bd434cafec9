"""What benchmarks measured is kept under benches/results/, a file for each of them and each instruction set; run as a
script, this writes docs/speed.md from all files.

A file holds the machine and rows: what was done, and the seconds that each library took for it.
"""

import importlib.metadata
import json
import os
from datetime import date
from pathlib import Path

from penchant import _core

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benches" / "results"
PAGE = ROOT / "docs" / "speed.md"
TITLES = {
    "als": "Alternating least squares",
    "top_n": "Exact top N",
    "events": "From events to a matrix",
    "http": "Over HTTP",
}
FLAGS = ("avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "asimd", "asimdhp", "asimddp", "sve")

HEAD = """# How fast it is

Seconds of Penchant, and what the others take as a multiple of them; libraries take turns in one run. An epoch is the difference
between a long fit and a short one, the median of the turns; ways to an objective are single fits. Written from the files
under `benches/results/` by `benches/peers/record.py`; `benches/peers/compare.py`, `top_n.py` and `events.py` make those with
`--keep`. Machines differ, and what the ratios depend on most is which instructions the CPU has.

![Seconds to the same loss, and for a batch of recommendations, beside other libraries](assets/speed.svg)
"""


def machine():
    """The CPU, what it can do, and what was compared."""
    cpu, flags, kind = "unknown", (), {}
    if Path("/proc/cpuinfo").exists():
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                cpu = value.strip()
            elif name.strip() == "CPU part" and cpu == "unknown":
                cpu = f"Arm, part {value.strip()}"
            elif name.strip() in ("flags", "Features"):
                flags = value.split()
            elif name.strip() in ("cpu family", "model"):
                kind[name.strip().removeprefix("cpu ")] = value.strip()
    if kind:  # names of virtual machines' CPUs say little
        cpu += f" ({', '.join(f'{name} {value}' for name, value in kind.items())})"
    return {
        "cpu": cpu,
        "threads": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "flags": [flag for flag in FLAGS if flag in flags],
        "instructions": _core.INSTRUCTION_SET,
        "date": date.today().isoformat(),
    }


def keep(benchmark, about, rows):
    """Write the rows of a benchmark on some data, ``{"what": str, "seconds": {library: seconds}}``, to its file."""
    rows = [row for row in rows if "penchant" in row["seconds"]]
    libraries = sorted({library for row in rows for library in row["seconds"]})
    versions = {}
    for library in libraries:
        name = {"faiss": "faiss-cpu", "product": "numpy"}.get(library, library)
        versions[library] = importlib.metadata.version(name)
    found = {"benchmark": benchmark, "about": about, "machine": machine(), "versions": versions, "rows": rows}
    name = f"{benchmark}-{about.split(',')[0].replace(' ', '-')}-{found['machine']['instructions']}.json"
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    write_page()


def write_page():
    """Write the page from all files."""
    found = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
    lines = [HEAD]
    for benchmark, title in TITLES.items():
        lines.append(f"## {title}\n")
        lines += [line for one in found if one.get("benchmark") == benchmark for line in table(one)]
    PAGE.write_text("\n".join(lines))


def table(found):
    """The lines of one file."""
    machine, versions = found["machine"], found["versions"]
    others = [library for library in versions if library != "penchant"]
    named = ", ".join(f"{'NumPy' if one == 'product' else one} {versions[one]}" for one in others)
    yield (
        f"{found['about']}; {machine['cpu']}, {machine['threads']} threads, {machine['instructions']} "
        f"({' '.join(machine['flags'])}), {machine['date']}; {named}.\n"
    )
    headings = ["NumPy's product, one thread" if one == "product" else one for one in others]
    yield f"| | Penchant | {' | '.join(headings)} |"
    yield "|---|" + "---:|" * (1 + len(others))
    for row in found["rows"]:
        ours = row["seconds"]["penchant"]
        cells = [f"{row['seconds'][one] / ours:.1f} x" if one in row["seconds"] else "" for one in others]
        yield f"| {row['what']} | {seconds(ours)} | {' | '.join(cells)} |"
    yield ""


def seconds(value):
    """Three significant digits, in a unit that suits."""
    return f"{value:.3g} s" if value >= 0.1 else f"{value * 1e3:.3g} ms"


if __name__ == "__main__":
    write_page()

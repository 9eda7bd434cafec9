"""Who may import whom: on each floor only what is below, and no circles."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON, RUST = ROOT / "python/penchant", ROOT / "src"

#: From the ground up. What stands on one floor does not know its neighbours.
PYTHON_FLOORS = [
    {"_core", "exceptions"},
    {"utils"},
    {"_validation", "_frames", "_plots"},
    {"_sparse", "_labels", "_files", "_tables"},
    {"splitting"},
    {"interactions", "features", "_base", "weighting", "evaluation"},
    {
        "als",
        "content",
        "nearest_neighbours",
        "rp3beta",
        "ease",
        "popularity",
        "composition",
        "user_neighbours",
        "slim",
        "sparse_ease",
    },
    {"recommender", "datasets", "tuning", "comparison", "ann"},
    {"distributed", "service", "mlflow"},
    {"cpu", "recommender_base", "approximate_als", "cli", "__init__"},
    {"__main__"},
]
RUST_FLOORS = [
    {"error", "observer"},
    {"kernel"},
    {"pool", "dense", "sparse"},
    {"gram", "inverse", "labels", "weighting", "io", "metrics"},
    {"rank", "interactions", "text"},
    {"models"},
    {"recommender"},
    {"lib", "bench", "python"},
]


def python_files():
    """Every module: its name, and the modules that it imports when it is imported."""
    modules = {}
    for path in sorted(PYTHON.rglob("*.py")):
        parts = path.relative_to(PYTHON).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        modules[name] = [found for node in ast.parse(path.read_text()).body for found in imported(node)]
    return modules


def imported(node):
    """The modules of the package that a statement imports; not what is for type checkers alone."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return
    for inner in ast.walk(node):
        if isinstance(inner, ast.ImportFrom) and inner.module and inner.module.split(".")[0] == "penchant":
            module = inner.module.removeprefix("penchant").removeprefix(".")
            for alias in inner.names:
                yield f"{module}.{alias.name}".strip(".")


def rust_files():
    """Every file: its path without an ending, and the paths that it uses. Tests do not count."""
    files = {}
    for path in sorted(RUST.rglob("*.rs")):
        relative = path.relative_to(RUST).with_suffix("")
        if "tests" in relative.parts:
            continue
        code = path.read_text().replace("#[cfg(test)]\nmod tests;", "").split("#[cfg(test)]")[0]
        room = "::".join(relative.parts[:-1])
        used = []
        for start, rest in re.findall(r"\buse (crate|super|self)::([^;]+);", code):
            base = {"crate": "", "self": room}.get(start, room if relative.name != "mod" else parent(room))
            used += [f"{base}::{name}".removeprefix("::") for name in expanded(rest)]
        files["::".join(relative.parts)] = used
    return files


def parent(room):
    return "::".join(room.split("::")[:-1])


def expanded(text):
    """The paths of a tree such as ``a::{b, c::d}``."""
    text = re.sub(r"\s+", "", text)
    head, brace, tail = text.partition("{")
    if not brace:
        return [text]
    inner, depth, parts = tail[:-1], 0, [""]
    for letter in inner:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [head + path for part in parts if part for path in expanded(part)]


def floor_of(room, floors):
    found = [number for number, rooms in enumerate(floors) if room in rooms]
    assert found, f"{room} has no floor: say in {Path(__file__).name} where it stands"
    return found[0]


def upwards(files, floors, separator):
    """Imports that do not go down."""
    for name, used in files.items():
        room = name.split(separator)[0]
        for other in used:
            target = other.split(separator)[0]
            if target and target != room and floor_of(target, floors) >= floor_of(room, floors):
                yield f"{name} imports {other}"


def test_python_imports_go_down():
    assert list(upwards(python_files(), PYTHON_FLOORS, ".")) == []


def test_rust_imports_go_down():
    assert list(upwards(rust_files(), RUST_FLOORS, "::")) == []


def test_models_do_not_know_each_other():
    for name, used in rust_files().items():
        if name.startswith("models::") and name != "models::mod":
            own = name.split("::")[1]
            rooms = {other.split("::")[1] for other in used if other.startswith("models::")}
            assert rooms <= {own, "check", "factors", "similarity", "model", "regressions"}, name


def test_files_of_a_folder_that_begin_with_an_underscore_stay_in_it():
    for name, used in python_files().items():
        for other in used:
            parts = other.split(".")
            inner = [at for at, part in enumerate(parts) if at > 0 and part.startswith("_")]
            if inner and parts[0] not in ("_core", "_base") and name.split(".")[0] != "cli":
                assert name.split(".")[0] == parts[0], f"{name} imports {other}"


@pytest.mark.parametrize(("files", "separator"), [(python_files, "."), (rust_files, "::")])
def test_no_file_needs_itself_again(files, separator):
    files = files()
    graph = {
        name: {owner(other, files, separator) for other in used} - {None, name}
        for name, used in files.items()
    }
    finished = set()

    def visit(name, path):
        if name in path:
            pytest.fail(" -> ".join([*path[path.index(name) :], name]))
        if name not in finished:
            for other in sorted(graph[name]):
                visit(other, [*path, name])
            finished.add(name)

    for name in graph:
        visit(name, [])


def owner(path, files, separator):
    """The file that has what a path names."""
    parts = path.split(separator)
    for end in range(len(parts), 0, -1):
        name = separator.join(parts[:end])
        if name in files:
            return name
        if f"{name}{separator}mod" in files:
            return f"{name}{separator}mod"
    return None

"""What a release lacks: one line for each thing, and exit code 1 if there is any. Needs git and cargo alone.

Called by `make release-check`, and by the workflow that a tag starts.
"""

import datetime as dt
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run something and return what it said."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def lacking() -> Iterator[str]:
    """Return what is missing."""
    package = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = package["version"]
    if not re.fullmatch(r"\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?", version):
        yield f"Cargo.toml: {version} is no version of Semantic Versioning"
    yield from of_changelog(version)
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    if cited is None or cited[1] != version:
        yield f"CITATION.cff is of version {cited and cited[1]}, not {version}"
    for key in ("repository", "description", "license", "keywords", "categories"):
        if not package.get(key):
            yield f"Cargo.toml has no {key}"
    if not project.get("urls"):
        yield "pyproject.toml has no urls, so nobody finds the source from the package"
    tag = os.environ.get("GITHUB_REF_NAME", f"v{version}")
    if tag != f"v{version}":
        yield f"the tag is {tag}, not v{version}"
    if tag in run("git", "tag", "--list").stdout.split() and "GITHUB_REF_NAME" not in os.environ:
        yield f"there is a tag {tag} already"
    if run("git", "status", "--porcelain").stdout:
        yield "there are changes that are not committed"
    if run("cargo", "metadata", "--locked", "--format-version", "1").returncode:
        yield "Cargo.lock is not what Cargo.toml asks for"
    listed = run("cargo", "package", "--locked", "--list", "--allow-dirty")
    if listed.returncode:
        yield f"the crate cannot be packed: {listed.stderr.strip()}"
    packed = set(listed.stdout.split())
    for file in ("README.md", "LICENSE", "CHANGELOG.md", "src/lib.rs", "examples/service.rs"):
        if listed.returncode == 0 and file not in packed:
            yield f"the crate would be packed without {file}"
    ours = set(run("git", "ls-files").stdout.splitlines()) | {".cargo_vcs_info.json", "Cargo.toml.orig"}
    strange = sorted(file for file in packed if file not in ours or file.startswith(("python/", ".github/")))
    if strange:
        yield f"the crate would be packed with {len(strange)} files of others, such as {strange[0]}"


def of_changelog(version: str) -> Iterator[str]:
    """Return what the changelog lacks."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    unreleased = re.search(r"^## \[Unreleased\]\n(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    if unreleased is None or unreleased[1].strip():
        yield "CHANGELOG.md has changes under [Unreleased], or no such heading to write the next ones under"
    section = re.search(rf"^## \[{re.escape(version)}\] - (\S+)$", changelog, re.M)
    if section is None:
        yield f"CHANGELOG.md has no section '## [{version}] - date'"
        return
    try:
        late = dt.date.fromisoformat(section[1]) > dt.date.today()
    except ValueError:
        late = True
    if late:
        yield f"CHANGELOG.md: {section[1]} is no date of a release of today or before"


if __name__ == "__main__":
    found = list(lacking())
    sys.stdout.write("".join(f"{line}\n" for line in found) or "nothing is missing\n")
    sys.exit(bool(found))

"""The site is built without a warning, and its links lead somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import penchant
from penchant.cli._main import parser

ROOT = Path(__file__).parents[2]
MINUTE = 60


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, timeout=5 * MINUTE,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "WARNING" not in run.stderr
    return folder


def test_every_page_is_there_and_links_to_files_that_are(site):
    pages = {path.parent.relative_to(site).as_posix() for path in site.rglob("index.html")}
    assert {".", "features", "models", "walkthrough_catalogue", "reference/models", "reference/cli"} <= pages
    for page in site.rglob("index.html"):
        for link in re.findall(r'(?:href|src)="([^"#?]+)', page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", link):
                target = (page.parent / link).resolve()
                assert target.exists(), f"{page.relative_to(site)}: {link}"


def test_nothing_is_fetched_from_elsewhere(site):
    for page in site.rglob("index.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|img|iframe|source)[^>]* src="([^"]+)"', text)
        for tag in re.findall(r"<link [^>]*>", text):
            if re.search(r'rel="(?:stylesheet|preload|icon)"', tag):
                loaded += re.findall(r'href="([^"]+)"', tag)
        assert loaded
        assert [link for link in loaded if re.match(r"https?:|//", link)] == [], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import )[\"']?(?:https?:|//)", sheet.read_text(encoding="utf-8")), (
            sheet
        )


def test_the_reference_has_every_public_class_and_verb(site):
    shown = "".join(path.read_text(encoding="utf-8") for path in (site / "reference").rglob("index.html"))
    for name in penchant.__all__:
        if isinstance(getattr(penchant, name), type):
            assert re.search(rf'id="penchant\.[a-z0-9_.]*{name}"', shown), name
    verbs = parser()._subparsers._group_actions[0].choices
    for verb in verbs:
        assert f'id="penchant-{verb}"' in shown

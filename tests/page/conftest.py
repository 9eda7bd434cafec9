"""A browser without a window, and the page of a model."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
from service import Processes, fitted, plays

SCREENSHOTS = Path(
    os.environ.get("PENCHANT_SCREENSHOTS", Path(__file__).parents[2] / "target" / "screenshots")
)


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    fitted(plays(1500, 800), factors=24).save(folder / "model")
    (folder / "names.csv").write_text("item,name\nlagos dub 1,Lágos Dub Système\n", encoding="utf-8")
    with Processes(folder / "model", "--names", str(folder / "names.csv"), "-q") as service:
        yield f"http://127.0.0.1:{service.port}/"


def browser_of(width, height):
    options = webdriver.ChromeOptions()
    # Chromium runs as root only without its sandbox; nothing is fetched from elsewhere.
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--window-size={width},{height}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


@pytest.fixture(params=[(1280, 2400), (420, 3600)], ids=["wide", "narrow"])
def browser(request):
    browser = browser_of(*request.param)
    yield browser
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    browser.save_screenshot(str(SCREENSHOTS / f"{request.node.name}.png"))
    browser.quit()

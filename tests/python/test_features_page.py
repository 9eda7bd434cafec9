"""The page about features: its code runs."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs/features.md").read_text(encoding="utf-8")


def test_its_code_runs_and_says_what_it_should():
    names = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.S)), names)
    like = names["recommender"].similar_items("lagos dub 99", n=3)["similar_item"]
    assert all("dub" in name or "lagos" in name for name in like)

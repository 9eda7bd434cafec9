"""What the site has besides pages: pictures, and the command line from its parser."""

import argparse
import io
import json
import re
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from mkdocs.structure.files import File

from penchant import AlternatingLeastSquares
from penchant.cli._main import parser
from penchant.datasets import made_plays

RESULTS = Path(__file__).parents[1] / "benches/results"
sys.path.insert(0, str(RESULTS.parent / "quality"))
from lines import LINES  # noqa: E402 - which is no package

#: Of each panel of the picture: the file, the lines in it, and what they say.
PANELS = (
    (
        "als-35-886-x-29-238-avx2.json",
        "to the objective of",
        "seconds to the loss that another has after 15 epochs",
    ),
    (
        "top_n-292-385-items-avx2.json",
        "many users, f = 64",
        "seconds for the best 10 of 292,385 items for 2,000 users",
    ),
)
OURS, OTHERS = "#009688", "#9e9e9e"


def on_files(files, config):
    """Add the pictures."""
    mpl.rcParams["svg.hashsalt"] = "penchant"
    for name, drawn in (("speed", speed), ("loss", loss), ("quality", quality)):
        files.append(File.generated(config, f"assets/{name}.svg", content=content_of(drawn())))
    return files


def on_page_markdown(markdown, page, **_):
    """Write the help of each verb into its page."""
    return markdown + command_line() if page.file.src_uri == "reference/cli.md" else markdown


def on_post_page(output, **_):
    """Let notebooks lead to the pages of others, as they do to files where they are read without a site."""
    return re.sub(r'href="(walkthrough_\w+)\.ipynb"', r'href="../\1/"', output)


def speed():
    """Draw what the results say, each library beside ours."""
    figure, axes = plt.subplots(1, len(PANELS), figsize=(10, 2.6))
    for panel, (name, which, title) in zip(axes, PANELS, strict=True):
        rows = [
            row for row in json.loads((RESULTS / name).read_text())["rows"] if row["what"].startswith(which)
        ]
        bars = {}
        for row in rows:
            for library, seconds in row["seconds"].items():
                if library != "product":
                    bars.setdefault(library, []).append(seconds)
        shown = sorted(bars, key=lambda library: -max(bars[library]))
        values = [max(bars[library]) for library in shown]
        panel.barh(shown, values, color=[OURS if library == "penchant" else OTHERS for library in shown])
        for place, value in enumerate(values):
            panel.text(value, place, f" {value:.2f} s", va="center", fontsize=9)
        panel.set_title(title, fontsize=10)
        panel.spines[["top", "right"]].set_visible(False)
        panel.set_xlim(0, 1.2 * max(values))
        panel.set_xticks([])
    return figure


def quality():
    """Draw how far each figure lies above or below what others have published on the same split."""
    results = json.loads((RESULTS / "quality.json").read_text())
    bars = [
        (f"{name}, {metric}", 100 * (results[name]["metrics"][metric] / published - 1))
        for name, line in LINES.items()
        for metric, published in sorted(line.published.items())
        if published is not None and metric in results.get(name, {}).get("metrics", {})
    ]
    names, gains = zip(*reversed(bars), strict=True)
    figure, panel = plt.subplots(figsize=(8, 0.27 * len(bars) + 0.8))
    panel.barh(names, gains, color=[OURS if gain >= 0 else OTHERS for gain in gains])
    panel.axvline(0, color="#4e5b61", linewidth=0.8)
    for place, gain in enumerate(gains):
        panel.text(
            gain, place, f" {gain:+.1f} % ", va="center", ha="left" if gain >= 0 else "right", fontsize=8
        )
    panel.set_xlim(min(gains) - 3, max(gains) + 3)
    panel.set_xlabel("above or below what others have published, %")
    panel.tick_params(axis="y", labelsize=8)
    panel.spines[["top", "right", "left"]].set_visible(False)
    return figure


def loss():
    """Draw how far the loss is from its end after each epoch, of fits that differ in start and steps."""
    plays = made_plays().matrix

    def losses(**settings):
        model = AlternatingLeastSquares(
            factors=32, regularization=0.05, alpha=2.0, random_state=0, **settings
        ).fit(plays, show_progress=False)
        return np.array(model.loss_history)

    end = losses(iterations=200)[-1]
    figure, panel = plt.subplots(figsize=(7, 3.2))
    for label, color, settings in (
        ("uniform random start", OTHERS, {"init": "uniform", "relaxation": 1.0}),
        ("sketch", "#4e5b61", {"relaxation": 1.0}),
        ("sketch and relaxation (the default)", OURS, {}),
    ):
        above = 100 * (losses(**settings) / end - 1)
        panel.semilogy(range(1, 16), above, "o-", markersize=3, color=color, label=label)
    panel.set_xlabel("epochs")
    panel.set_ylabel("% above the end")
    panel.yaxis.set_major_formatter("{x:g}")
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False, loc="upper right")
    return figure


def content_of(figure):
    """Return a figure as SVG."""
    figure.tight_layout()
    content = io.BytesIO()
    figure.savefig(content, format="svg", metadata={"Date": None})
    plt.close(figure)
    return content.getvalue()


def command_line():
    """Return the help of the whole and of each verb as Markdown."""
    whole = parser()
    verbs = next(a for a in whole._actions if isinstance(a, argparse._SubParsersAction)).choices
    parts = [f"\n```text\n{whole.format_help()}```\n"]
    for name, verb in verbs.items():
        late = getattr(verb, "late", None)
        if late is not None:
            late([])
            verb.late = None
        parts.append(f"\n## penchant {name}\n\n```text\n{verb.format_help()}```\n")
    return "".join(parts)

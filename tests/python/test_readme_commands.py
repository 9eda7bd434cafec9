"""The lines of the README for the command line, run as they stand, one after the other, on files that are made for them."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from service import plays

from penchant.cli import main

README = Path(__file__).parents[2] / "README.md"
# What listens or needs a cluster has tests of its own; what would take ten minutes gets some seconds.
ELSEWHERE = ("explore", "serve")
SHORTER = {"600": "4"}


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    events = plays(200, 120)
    artists = dict(zip(dict.fromkeys(events["artist"].tolist()), ("nirvana", "pearl jam"), strict=False))
    users = dict(zip(dict.fromkeys(events["user"].tolist()), ("alice", "bob"), strict=False))
    lines = [
        (users.get(user, user), artists.get(artist, artist), count, 1_700_000_000 + int(day) * 86400)
        for user, artist, count, day in zip(
            *events.values(), random.integers(0, 90, len(events["user"])), strict=True
        )
    ]
    lines += [("alice", artist, 5, 1_700_000_000) for artist in artists.values()]

    def write(name, head, rows, separator="\t"):
        Path(name).write_text(
            "\n".join([separator.join(head), *(separator.join(map(str, row)) for row in rows)]) + "\n"
        )

    write("plays.tsv", ("user", "artist", "plays", "when"), lines)
    write("today.tsv", ("user", "artist", "plays", "when"), [("zoe", "nirvana", 3, 1_708_000_000)])
    films = range(40)
    ratings = [(f"u{user}", film) for user in range(60) for film in random.permutation(films)[:9]]
    write("ratings.csv", ("user", "film"), ratings, ",")
    described = [(film, "drama|war" if film % 2 else "comedy", f"Film {film}") for film in films]
    write("films.csv", ("film", "genres", "title"), described, ",")
    write("new.csv", ("film", "genres", "title"), [(99, "drama", "A new one")], ",")
    write(
        "numbers.tsv",
        ("user", "item"),
        [(user, 150 + user % 5 + step) for user in range(30) for step in (0, 3)],
    )
    write("artists.dat", ("id", "name"), [(number, f"Artist {number}") for number in range(150, 160)])
    assert main(["fit", "numbers.tsv", "--factors", "2", "-q", "-o", "ids.safetensors"]) == 0


@pytest.mark.filterwarnings("ignore::penchant.exceptions.DataWarning")
def test_every_line_of_the_readme_does_what_it_says(files, capsys):
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("penchant ")]
    assert len(lines) > 15
    for line in lines:
        words = [SHORTER.get(word, word) for word in shlex.split(line, comments=True)[1:]]
        if words[0] in ELSEWHERE or "--workers" in words:
            continue
        assert main([*words, "-q"]) == 0, (line, capsys.readouterr().err)
        capsys.readouterr()
    for made in (
        "model.safetensors",
        "everyone.parquet",
        "films.safetensors",
        "models.png",
        "train.tsv",
        "test.tsv",
    ):
        assert Path(made).stat().st_size > 0

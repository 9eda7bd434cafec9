import os
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from published import Handler

from penchant.cli import main
from penchant.datasets import _download

DATA = Path(os.environ.get("PENCHANT_DATA") or Path(__file__).parents[3] / "shared" / "data")


@pytest.fixture(scope="session")
def lastfm_folder():
    folder = DATA / "lastfm-2k"
    if not (folder / "user_artists.dat").exists():
        pytest.skip(f"the HetRec Last.fm data is not in {folder}; set PENCHANT_DATA to the folder above it")
    return folder


def random_ratings(seed=0, users=20, items=15, density=0.3):
    """Positive, negative and explicitly stored zero values; row 3 is empty, and so is column 2."""
    random = np.random.default_rng(seed)
    dense = random.random((users, items)) < density
    values = np.where(dense, random.lognormal(0.0, 1.0, dense.shape), 0.0)
    values[random.random(dense.shape) < 0.05] *= -1
    values[3] = 0
    values[:, 2] = 0
    matrix = sp.csr_array(values)
    matrix.data[::7] = 0  # stored, but says nothing
    return matrix


SOUNDS = {
    "rock": ["nirvana", "pearl jam", "soundgarden", "metallica", 'the "metal" church'],
    "jazz": ["miles davis", "john coltrane", "chet baker", "初音ミク", "sun ra, arkestra"],
}

# The options that name the columns of `plays_file`.
COLUMNS = ["--item", "artist", "--weight", "plays"]


@pytest.fixture(scope="session")
def plays_file(tmp_path_factory):
    """Twenty listeners who play three or four of the five artists of their kind of music."""
    lines = ["user\tartist\tplays"]
    for user in range(20):
        kind = "rock" if user < 10 else "jazz"
        skipped = {user % 5, (user // 2) % 5}
        artists = [name for at, name in enumerate(SOUNDS[kind]) if at not in skipped]
        lines += [f"{kind}{user}\t{artist}\t{1 + (user + at) % 7}" for at, artist in enumerate(artists)]
    path = tmp_path_factory.mktemp("plays") / "plays.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def model_file(plays_file):
    """What `penchant fit` makes of them."""
    path = plays_file.with_name("model.safetensors")
    settings = [*COLUMNS, "--factors", "4", "--random-state", "0", "-q"]
    assert main(["fit", str(plays_file), *settings, "-o", str(path)]) == 0
    return path


@pytest.fixture
def run(capsys):
    """Run a command of the command line that works, and return the fields of the lines that it prints."""

    def run(*arguments):
        assert main([str(argument) for argument in arguments]) == 0, capsys.readouterr().err
        return [line.split("\t") for line in capsys.readouterr().out.splitlines()]

    return run


@pytest.fixture
def fails(capsys):
    """Run a command of the command line that does not, and return the last line of what it says."""

    def fails(*arguments):
        assert main([str(argument) for argument in arguments]) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "Traceback" not in shown.err
        return shown.err.splitlines()[-1]

    return fails


@pytest.fixture
def server(monkeypatch):
    """A server of the files in `answers`, each a list of what it answers one after the other."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(_download, "_WAIT", 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.answers, server.asked = {}, []
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("PENCHANT_CACHE", str(folder))
    return folder

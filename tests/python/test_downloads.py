"""Downloads that fail in every way that networks know."""

import hashlib
import io
import socket
import subprocess
import sys
from dataclasses import replace

import pytest
from published import CUT, CUT_CHUNKS, INTERRUPT, assert_movielens, left, movielens_files, zipped

from penchant import DatasetError, PenchantError
from penchant.datasets import (
    _download,
    get_lastfm_2k,
    get_movielens,
    gowalla,
    hetrec,
    lastfm,
    movielens,
)

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def published(server, monkeypatch):
    """A small MovieLens 1m, published on the server with its hash; this is what has to come."""
    content = zipped(movielens_files("1m"))
    remote = _download.Remote("ml-1m.zip", server.url, f"md5:{hashlib.md5(content).hexdigest()}")
    monkeypatch.setitem(movielens.VARIANTS, "1m", replace(movielens.VARIANTS["1m"], remote=remote))
    small = _download.Remote("ml-latest-small.zip", server.url)
    form = replace(movielens.VARIANTS["latest-small"], remote=small)
    monkeypatch.setitem(movielens.VARIANTS, "latest-small", form)
    server.answers["/ml-1m.zip"] = [content]
    server.answers["/ml-latest-small.zip"] = [zipped(movielens_files("latest-small"))]
    return content


@pytest.mark.parametrize("variant", ["1m", "latest-small"])
def test_what_was_downloaded_once_needs_no_network_again(server, published, cache, variant):
    assert_movielens(get_movielens(variant, progress=False))
    assert len(server.asked) == 1
    files = left(cache)
    assert (
        files == ["ml-1m.zip"]
        if variant == "1m"
        else [name[13:] for name in files]
        == [
            "ml-latest-small.zip",
            "ml-latest-small.zip.sha256",
        ]
    )
    assert_movielens(get_movielens(variant, progress=False))
    assert len(server.asked) == 1
    assert left(cache) == files


@pytest.mark.parametrize("variant", ["1m", "latest-small"])
@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: b"x" + content[1:]])
def test_a_damaged_file_in_the_cache_is_fetched_again(server, published, cache, variant, damage):
    get_movielens(variant, progress=False)
    [path] = cache.glob("*.zip")
    path.write_bytes(damage(path.read_bytes()))
    assert_movielens(get_movielens(variant, progress=False))
    assert len(server.asked) == 2
    assert_movielens(get_movielens(variant, progress=False))
    assert len(server.asked) == 2


@pytest.mark.parametrize("how", [CUT, CUT_CHUNKS])
@pytest.mark.parametrize("variant", ["1m", "latest-small"])
def test_a_transfer_that_is_cut_short_leaves_nothing_behind(server, published, cache, how, variant):
    path = f"/ml-{variant}.zip"
    server.answers[path] = [(how, server.answers[path][0])]
    with pytest.raises(DatasetError, match="the transfer was cut short"):
        get_movielens(variant, progress=False)
    assert server.asked == [path] * 3
    assert left(cache) == []


def test_a_short_transfer_is_noticed_even_if_the_http_library_does_not(
    server, published, monkeypatch, tmp_path
):
    import requests

    class Lenient(requests.Response):
        def iter_content(self, *_):
            yield b"half"

    answer = Lenient()
    answer.raw = io.BytesIO()
    answer.status_code, answer.headers["Content-Length"] = 200, "8"
    monkeypatch.setattr(requests, "get", lambda *_, **__: answer)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="4 of 8 bytes"):
        _download._transfer(server.url, tmp_path / "file", None, progress=False)


@pytest.mark.parametrize("trouble", [500, 429, (CUT, b"12345678"), b"something else"])
def test_trouble_that_passes_is_only_a_delay(server, published, cache, trouble):
    server.answers["/ml-1m.zip"] = [trouble, trouble, published]
    assert_movielens(get_movielens("1m", progress=False))
    assert len(server.asked) == 3
    assert left(cache) == ["ml-1m.zip"]


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (500, 3), (503, 3)])
def test_an_answer_that_is_an_error_is_reported(server, published, cache, status, tries):
    server.answers["/ml-1m.zip"] = [status]
    with pytest.raises(DatasetError, match=f"the server answered {status} ") as caught:
        get_movielens("1m", progress=False)
    assert len(server.asked) == tries
    assert left(cache) == []
    for part in ("cannot fetch ml-1m.zip", f"{server.url}/ml-1m.zip", "as source"):
        assert part in str(caught.value)
    assert isinstance(caught.value, PenchantError)
    assert isinstance(caught.value, OSError)


def test_bytes_with_another_hash_are_refused(server, cache):
    # These are no mocks: the hash is the one of the real file.
    for variant, form in movielens.VARIANTS.items():
        if form.remote.hash:
            server.answers[f"/{form.remote.name}"] = [zipped(movielens_files(variant))]
            with pytest.raises(
                DatasetError, match=f"not the published file, whose hash is {form.remote.hash}"
            ):
                get_movielens(variant, server.url, progress=False)
    server.answers["/hetrec2011-lastfm-2k.zip"] = [zipped({"artists.dat": b""})]
    with pytest.raises(DatasetError, match="not the published file"):
        get_lastfm_2k(server.url, progress=False)
    assert left(cache) == []


def test_without_a_network_the_error_says_what_to_do(server, cache):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(
        DatasetError, match=r"no connection \(.*refused.*\); if you have the file, give its path"
    ) as caught:
        get_movielens("100k", url, progress=False)
    assert f"cannot fetch ml-100k.zip from {url}/ml-100k.zip" in str(caught.value)
    assert left(cache) == []


def test_ctrl_c_leaves_nothing_behind(server, published, cache):
    server.answers["/ml-1m.zip"] = [(INTERRUPT, published * 1000)]
    with pytest.raises(KeyboardInterrupt):
        get_movielens("1m", progress=False)
    assert left(cache) == []
    assert len(server.asked) == 1


@pytest.mark.parametrize("nonsense", [b"<html>Please log in</html>", b"PK\3\4", b""])
def test_a_download_that_cannot_be_read_is_not_kept(server, published, nonsense):
    content = server.answers["/ml-latest-small.zip"][0]
    server.answers["/ml-latest-small.zip"] = [nonsense, content]
    with pytest.raises(DatasetError, match="damaged"):
        get_movielens("latest-small", progress=False)
    assert_movielens(get_movielens("latest-small", progress=False))


def test_a_mirror_is_the_address_of_the_folder_or_of_the_file(server, published):
    content = server.answers["/ml-latest-small.zip"][0]
    server.answers["/a/ml-latest-small.zip"] = server.answers["/a/other.zip"] = [content]
    for address in ("/a", "/a/", "/a/?key=1", "/a/other.zip", "/a/ml-latest-small.zip?download=1"):
        assert_movielens(get_movielens("latest-small", server.url + address, progress=False))
    asked = [path.partition("?")[0] for path in server.asked]
    # The first two are the same address.
    assert asked == ["/a/ml-latest-small.zip"] * 2 + ["/a/other.zip", "/a/ml-latest-small.zip"]


def test_mirrors_without_a_known_hash_do_not_share_a_place_in_the_cache(server, published):
    other = [(9, 2, 4.0, 1)]
    server.answers["/b/ml-latest-small.zip"] = [zipped(movielens_files("latest-small", other))]
    assert_movielens(get_movielens("latest-small", progress=False))
    assert get_movielens("latest-small", f"{server.url}/b", progress=False)[1].shape == (6, 10)
    assert_movielens(get_movielens("latest-small", progress=False))


def test_progress_is_shown_where_it_is_wanted(server, published, capfd, caplog):
    get_movielens("1m", progress=False)
    assert capfd.readouterr() == ("", "")
    pooch = pytest.importorskip("pooch")
    pooch.get_logger().addHandler(caplog.handler)
    get_movielens("latest-small")
    pooch.get_logger().removeHandler(caplog.handler)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "ml-latest-small.zip" in shown.err
    assert "100%" in shown.err
    assert caplog.records == []  # nor does pooch say anything


def test_a_cache_that_cannot_be_written_is_an_error(server, published, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PENCHANT_CACHE", str(tmp_path / "file"))
    with pytest.raises(DatasetError, match="cannot fetch ml-1m.zip"):
        get_movielens("1m", progress=False)


def test_importing_imports_nothing_for_downloads():
    code = "import sys, penchant; print({'pooch', 'h5py', 'requests', 'urllib3'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "set()\n"


def test_the_published_addresses_are_those_of_the_publishers():
    remotes = [form.remote for form in movielens.VARIANTS.values()]
    remotes += [lastfm._HDF5, lastfm._TAR, hetrec._ZIP, gowalla._TRAIN, gowalla._TEST]
    for remote in remotes:
        assert _download.address(remote, None) == f"{remote.folder}/{remote.name}"
        assert remote.folder.startswith("https://")
        if remote.hash:
            algorithm, digits = remote.hash.split(":")
            assert len(digits) == 2 * hashlib.new(algorithm).digest_size

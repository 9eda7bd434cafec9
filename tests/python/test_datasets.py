"""Data sets: their formats, and downloads that fail in every way that networks know."""

import _thread
import gzip
import hashlib
import io
import itertools
import os
import socket
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import DATA
from hypothesis import given
from hypothesis import strategies as st

from penchant import DatasetError, DataWarning, PenchantError
from penchant.datasets import (
    _fetch,
    get_gowalla,
    get_lastfm,
    get_lastfm_2k,
    get_movielens,
    gowalla,
    hetrec,
    lastfm,
    movielens,
    read_adjacency_lists,
    read_lastfm_2k,
    read_lastfm_360k,
)

# What a server may answer besides bytes: a status, or one of these and the bytes.
CUT, CUT_CHUNKS, INTERRUPT = "cut", "cut in chunks", "interrupt"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        answers = self.server.answers.get(self.path.partition("?")[0], [404])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.close_connection = True
        if isinstance(answer, int):
            self.send_error(answer)
            return
        how, content = ("", answer) if isinstance(answer, bytes) else answer
        half = len(content) // 2
        self.send_response(200)
        if how == CUT_CHUNKS:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n" % (half, content[:half]))
            return
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:half])
        if how == INTERRUPT:
            time.sleep(0.3)  # by then the client waits for more
            _thread.interrupt_main()
        if how != CUT:
            self.wfile.write(content[half:])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """A server of the files in `answers`, each a list of what it answers one after the other."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(_fetch, "_WAIT", 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.answers, server.asked = {}, []
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("PENCHANT_CACHE", str(folder))
    return folder


def left(cache):
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []


# MovieLens in its four forms, made up. Movie 4 does not exist, and nobody rated movie 5.

TITLES = {
    1: "Le Dîner, with Commas (1998)",
    2: 'Say "Aloha" (2001)',
    3: "Plain (1999)",
    5: "Unseen, The (1950)",
}
RATINGS = [(1, 1, 5.0, 881250949), (1, 3, 2.0, 881250950), (2, 1, 3.0, 881250951), (6, 2, 1.0, 881250952)]


def movielens_files(variant, ratings=RATINGS):
    if variant == "100k":
        data = "".join(f"{user}\t{movie}\t{rating:.0f}\t{time}\n" for user, movie, rating, time in ratings)
        flags = "|0" * 19
        item = "".join(f"{movie}|{title}|01-Jan-1995||http://x{flags}\n" for movie, title in TITLES.items())
        return {"ml-100k/u.data": data.encode(), "ml-100k/u.item": item.encode("latin-1")}
    if variant in ("1m", "10m"):
        number = ".0f" if variant == "1m" else "g"
        data = "".join(
            f"{user}::{movie}::{rating:{number}}::{time}\n" for user, movie, rating, time in ratings
        )
        titles = "".join(f"{movie}::{title}::Comedy|Drama\n" for movie, title in TITLES.items())
        folder, encoding = ("ml-1m", "latin-1") if variant == "1m" else ("ml-10M100K", "utf-8")
        return {f"{folder}/ratings.dat": data.encode(), f"{folder}/movies.dat": titles.encode(encoding)}
    data = "userId,movieId,rating,timestamp\r\n" + "".join(f"{u},{m},{r},{t}\r\n" for u, m, r, t in ratings)
    quoted = {movie: title.replace('"', '""') for movie, title in TITLES.items()}
    titles = "".join(f'{movie},"{title}",Comedy|Drama\r\n' for movie, title in quoted.items())
    titles = "movieId,title,genres\r\n" + titles
    return {f"ml-{variant}/ratings.csv": data.encode(), f"ml-{variant}/movies.csv": titles.encode()}


def zipped(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def tarred(files):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    return content.getvalue()


def unpacked(files, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.rpartition("/")[2]).write_bytes(text)
    return folder


def assert_movielens(got, ratings=RATINGS):
    titles, matrix = got
    assert titles.dtype == object
    assert titles.tolist() == ["", TITLES[1], TITLES[2], TITLES[3], "", TITLES[5]]
    assert type(matrix) is sp.csr_matrix
    assert matrix.dtype == np.float32
    expected = np.zeros((6, 7), np.float32)
    for user, movie, rating, _ in ratings:
        expected[movie, user] = rating
    np.testing.assert_array_equal(matrix.toarray(), expected)


@pytest.fixture
def published(server, monkeypatch):
    """A small MovieLens 1m, published on the server with its hash; this is what has to come."""
    content = zipped(movielens_files("1m"))
    remote = _fetch.Remote("ml-1m.zip", server.url, f"md5:{hashlib.md5(content).hexdigest()}")
    monkeypatch.setitem(movielens.VARIANTS, "1m", replace(movielens.VARIANTS["1m"], remote=remote))
    small = _fetch.Remote("ml-latest-small.zip", server.url)
    form = replace(movielens.VARIANTS["latest-small"], remote=small)
    monkeypatch.setitem(movielens.VARIANTS, "latest-small", form)
    server.answers["/ml-1m.zip"] = [content]
    server.answers["/ml-latest-small.zip"] = [zipped(movielens_files("latest-small"))]
    return content


# Downloads


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
        _fetch._transfer(server.url, tmp_path / "file", None, progress=False)


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
    server.answers["/hetrec2011-lastfm-2k.zip"] = [zipped(HETREC)]
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
        assert _fetch.address(remote, None) == f"{remote.folder}/{remote.name}"
        assert remote.folder.startswith("https://")
        if remote.hash:
            algorithm, digits = remote.hash.split(":")
            assert len(digits) == 2 * hashlib.new(algorithm).digest_size


# Local files


def test_sources_that_are_not_there_are_errors(tmp_path):
    for get in (get_movielens, get_lastfm, get_lastfm_2k, get_gowalla):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            get(source=tmp_path / "nowhere")
        with pytest.raises(FileNotFoundError):
            get(source=tmp_path)  # is empty
        with pytest.raises(TypeError, match="source must be a path, a URL or None, got int"):
            get(source=3)
    with pytest.raises(ValueError, match="variant must be one of 100k, 1m.* got '2m'"):
        get_movielens("2m")


@pytest.mark.parametrize("variant", movielens.VARIANTS)
def test_folders_and_archives_say_the_same(tmp_path, variant):
    files = movielens_files(variant)
    (tmp_path / "a.zip").write_bytes(zipped(files))
    (tmp_path / "a.tgz").write_bytes(tarred(files))
    for source in (unpacked(files, tmp_path / "folder"), tmp_path / "a.zip", str(tmp_path / "a.tgz")):
        assert_movielens(get_movielens(variant, source))


def test_an_archive_that_is_cut_short_anywhere_is_an_error(tmp_path):
    for pack in (zipped, tarred):
        content = pack(movielens_files("1m"))
        for end in range(len(content) - (pack is tarred)):
            path = tmp_path / "archive"
            path.write_bytes(content[:end])
            with pytest.raises(DatasetError, match=str(path)):
                get_movielens("1m", path)


def test_a_flipped_bit_in_the_data_is_an_error(tmp_path):
    ratings = [(user, 1 + user % 3, 3.0, 1) for user in range(1, 500)]
    content = bytearray(zipped(movielens_files("20m", ratings)))
    content[content.index(b"ratings.csv") + 900] ^= 16
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises((DatasetError, ValueError), match="a.zip"):
        get_movielens("20m", tmp_path / "a.zip")


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_in_archives_never_become_paths(tmp_path, pack):
    files = {f"../../{name}": text for name, text in movielens_files("1m").items()}
    source = tmp_path / "deep" / "er" / "archive"
    source.parent.mkdir(parents=True)
    source.write_bytes(pack(files))
    before = sorted(tmp_path.rglob("*"))
    assert_movielens(get_movielens("1m", source))
    assert sorted(tmp_path.rglob("*")) == before


def test_links_in_an_archive_are_not_followed(tmp_path):
    (tmp_path / "ratings.dat").write_text("1::1::1::1\n")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("ml-1m/movies.dat"))
        link = tarfile.TarInfo("ml-1m/ratings.dat")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "ratings.dat")
        archive.addfile(link)
    with pytest.raises(DatasetError, match=r"a\.tar holds no file ratings\.dat"):
        get_movielens("1m", tmp_path / "a.tar")


def test_an_archive_of_something_else_is_an_error(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped({"readme.txt": b"hello"}))
    with pytest.raises(DatasetError, match=r"a\.zip holds no file movies\.csv"):
        get_movielens("20m", tmp_path / "a.zip")
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(
        DatasetError, match=r"a\.txt is damaged, or neither a folder nor a zip or tar archive"
    ):
        get_movielens("20m", tmp_path / "a.txt")


# MovieLens


@pytest.mark.parametrize("variant", movielens.VARIANTS)
@pytest.mark.parametrize(
    "fields",
    [
        ("1", "2", "3"), ("1", "2", "3", "4", "5"), ("x", "2", "3", "4"), ("1", "", "3", "4"),
        ("1", "2", "good", "4"),
        ("-1", "2", "3", "4"), ("1", "-2", "3", "4"), ("1", "2", "nan", "4"), ("1", "2", "inf", "4"),
        ("1", "2", "3", "?"), ("9999999999", "2", "3", "4"), ("1.5", "2", "3", "4"), ("é", "2", "3", "4"),
        (" ",), ("",),
    ],
)  # fmt: skip
def test_a_bad_rating_is_reported_with_its_line(tmp_path, variant, fields):
    files = movielens_files(variant)
    name = next(iter(files))
    form = movielens.VARIANTS[variant]
    lines = files[name].splitlines(keepends=True)
    files[name] = b"".join([*lines[:3], form.separators[0].join(fields).encode() + b"\n", *lines[3:]])
    where = rf"{form.ratings}, line 4: cannot read "
    with pytest.raises(ValueError, match=where):
        get_movielens(variant, unpacked(files, tmp_path / "folder"))
    (tmp_path / "a.zip").write_bytes(zipped(files))
    with pytest.raises(ValueError, match=rf"a\.zip/{where}"):
        get_movielens(variant, tmp_path / "a.zip")


@pytest.mark.parametrize("variant", movielens.VARIANTS)
@pytest.mark.parametrize(
    "line", [b"7", b"x|x::x,x", b'7,"open', b'7,"A"B,C', b"7,A, B,Drama", b"-7::A::B", b"99999999999,A,B"]
)
def test_a_bad_movie_is_reported_with_its_line(tmp_path, variant, line):
    files = movielens_files(variant)
    name = list(files)[1]
    lines = files[name].splitlines(keepends=True)
    files[name] = b"".join([*lines[:3], line + b"\n", *lines[3:]])
    where = rf"{movielens.VARIANTS[variant].movies}, line 4: cannot read "
    with pytest.raises(ValueError, match=where):
        get_movielens(variant, unpacked(files, tmp_path / "folder"))


@pytest.mark.parametrize("variant", ["1m", "20m"])
def test_no_ratings_at_all_are_a_mistake(tmp_path, variant):
    with pytest.raises(ValueError, match=r"ratings\.[a-z]*, line [01]: .*there are no ratings"):
        get_movielens(variant, unpacked(movielens_files(variant, []), tmp_path))


def test_ratings_without_titles_are_kept(tmp_path):
    folder = unpacked(movielens_files("1m"), tmp_path)
    (folder / "movies.dat").write_bytes(b"")
    titles, ratings = get_movielens("1m", folder)
    assert titles.tolist() == [""] * 4
    assert ratings.shape == (4, 7)


def test_bytes_that_are_no_text_are_reported_with_their_line(tmp_path):
    files = movielens_files("20m")
    files["ml-20m/movies.csv"] += b"9,\xff\xfe,Drama\r\n"
    with pytest.raises(ValueError, match=r"movies\.csv, line 6: .*9,.*utf-8"):
        get_movielens("20m", unpacked(files, tmp_path))


ids = st.integers(0, 300)


@given(
    ratings=st.lists(
        st.tuples(ids, ids, st.integers(1, 10), st.integers(0, 2**40)),
        min_size=1,
        unique_by=lambda row: row[:2],
    ),
    variant=st.sampled_from(["10m", "20m"]),
)
def test_ratings_are_read_as_the_plain_way_reads_them(tmp_path_factory, ratings, variant):
    ratings = [(user, movie, halves / 2, time) for user, movie, halves, time in ratings]
    _, matrix = get_movielens(
        variant, unpacked(movielens_files(variant, ratings), tmp_path_factory.mktemp("ml"))
    )
    movies = max([movie for _, movie, _, _ in ratings] + [5]) + 1
    expected = np.zeros((movies, max([user for user, _, _, _ in ratings]) + 1), np.float32)
    for user, movie, rating, _ in ratings:
        expected[movie, user] = rating
    np.testing.assert_array_equal(matrix.toarray(), expected)


def test_real_movielens_has_the_published_size():
    folder = DATA / "ml-latest-small"
    if not (folder / "ratings.csv").exists():
        pytest.skip(f"MovieLens is not in {folder}; set PENCHANT_DATA to the folder above it")
    titles, ratings = get_movielens("latest-small", folder)
    assert ratings.nnz == 100_004
    assert np.count_nonzero(ratings.getnnz(axis=0)) == 671
    assert np.count_nonzero(ratings.getnnz(axis=1)) == 9066
    assert titles[1] == "Toy Story (1995)"
    assert titles[11] == "American President, The (1995)"
    assert ratings[31, 1] == 2.5
    assert len(titles) == ratings.shape[0]


# HetRec

HETREC = {
    "user_artists.dat": b"userID\tartistID\tweight\r\n2\t51\t13883\r\n2\t52\t11690\r\n10\t51\t7\r\n",
    "artists.dat": 'id\tname\turl\tpicture\n51\tDurän "D" Durän\tx\t\n52\tMorcheeba\ty\n'.encode(),
}


def test_the_hetrec_zip_says_what_its_folder_says(tmp_path, server, monkeypatch):
    content = zipped(HETREC)
    (tmp_path / "a.zip").write_bytes(content)
    folder = unpacked(HETREC, tmp_path / "folder")
    remote = replace(hetrec._ZIP, folder=server.url, hash=f"sha256:{hashlib.sha256(content).hexdigest()}")
    monkeypatch.setattr(hetrec, "_ZIP", remote)
    server.answers[f"/{remote.name}"] = [content]
    expected = read_lastfm_2k(folder)
    assert expected.artists.tolist() == ['Durän "D" Durän', "Morcheeba"]
    assert expected.users.tolist() == ["user 2", "user 10"]
    np.testing.assert_array_equal(expected.matrix.toarray(), [[13883, 11690], [7, 0]])
    for source in (folder, tmp_path / "a.zip", server.url, None):
        plays = get_lastfm_2k(source, progress=False)
        assert plays.artists.tolist() == expected.artists.tolist()
        np.testing.assert_array_equal(plays.matrix.toarray(), expected.matrix.toarray())


def test_a_bad_line_of_hetrec_is_reported(tmp_path):
    for name, line in itertools.product(HETREC, [b"1", b"1.5\tx\t3", b"x\tx\tx", b"\xff\xff\t1\t2\t3"]):
        folder = unpacked({**HETREC, name: HETREC[name] + line + b"\n"}, tmp_path / "folder")
        number = HETREC[name].count(b"\n") + 1
        with pytest.raises(ValueError, match=f"{name}, line {number}: cannot read "):
            read_lastfm_2k(folder)


def test_real_hetrec_is_read_by_both_functions(lastfm_folder):
    plays = get_lastfm_2k(lastfm_folder)
    assert plays.matrix.shape == (1892, 17632)
    assert (plays.matrix != read_lastfm_2k(lastfm_folder).matrix).nnz == 0


# Gowalla


def test_adjacency_lists_are_ones_where_a_line_says_so(tmp_path):
    path = tmp_path / "train.txt"
    path.write_bytes(
        b"0 3 1\r\n2 0 0 \n\n5\n2\t0 2\n3 4"
    )  # 1 and 4 have no line, 5 has no items, 2 has two lines
    matrix = read_adjacency_lists(path)
    assert matrix.dtype == np.float32
    assert type(matrix) is sp.csr_array
    expected = [[0, 1, 0, 1, 0], [0] * 5, [1, 0, 1, 0, 0], [0, 0, 0, 0, 1], [0] * 5, [0] * 5]
    np.testing.assert_array_equal(matrix.toarray(), expected)
    assert matrix.nnz == 5
    assert matrix.has_canonical_format
    assert read_adjacency_lists(str(path), items=9).shape == (6, 9)
    path.write_text("")
    assert read_adjacency_lists(path).shape == (0, 0)
    assert read_adjacency_lists(path, items=3).shape == (0, 3)


@pytest.mark.parametrize(
    "line",
    [
        "1 x",
        "1.0 2",
        "-1 2",
        "1 -2",
        "1_0 2",
        "1,2",
        "１ 2",
        "1 2 nan",
        "99999999999999999999 1",
        "1 2147483648",
    ],
)
def test_a_bad_adjacency_list_is_reported_with_its_line(tmp_path, line):
    path = tmp_path / "train.txt"
    path.write_text(f"0 1\n\n{line}\n4 5\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"train\.txt, line 3: cannot read "):
        read_adjacency_lists(path)


def test_items_beyond_the_given_number_are_mistakes(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("0 1\n7 4\n")
    assert read_adjacency_lists(path, items=5).shape == (8, 5)
    with pytest.raises(ValueError, match=r"train\.txt, line 2: .*items up to 3"):
        read_adjacency_lists(path, items=4)
    with pytest.raises(ValueError, match="items must be at least 0"):
        read_adjacency_lists(path, items=-1)
    with pytest.raises(TypeError, match="items must be an integer"):
        read_adjacency_lists(path, items="4")


def test_both_parts_of_gowalla_have_one_shape(tmp_path, server, monkeypatch):
    files = {"train.txt": b"0 1 7\n1 0\n", "test.txt": b"0 2\n4 3\n"}
    folder = unpacked(files, tmp_path / "folder")
    for name, text in files.items():
        server.answers[f"/{name}"] = [text]
    for name in ("_TRAIN", "_TEST"):
        monkeypatch.setattr(gowalla, name, replace(getattr(gowalla, name), folder=server.url))
    for source in (folder, server.url, None):
        train, test = get_gowalla(source, progress=False)
        assert train.shape == test.shape == (5, 8)
        assert [row.tolist() for row in train.nonzero()] == [[0, 0, 1], [1, 7, 0]]
        assert [row.tolist() for row in test.nonzero()] == [[0, 4], [2, 3]]
    assert sorted(server.asked) == ["/test.txt", "/train.txt"]  # the mirror is the published address here


def test_a_page_instead_of_gowalla_is_not_kept(server):
    server.answers["/train.txt"] = [b"<html>Please log in</html>", b"0 1\n"]
    server.answers["/test.txt"] = [b"0 2\n"]
    with pytest.raises(ValueError, match=r"train\.txt, line 1: cannot read b'<html>"):
        get_gowalla(server.url, progress=False)
    assert get_gowalla(server.url, progress=False)[0].shape == (1, 3)


def test_real_gowalla_has_the_published_size():
    folder = DATA / "gowalla"
    if not (folder / "train.txt").exists():
        pytest.skip(f"Gowalla is not in {folder}; set PENCHANT_DATA to the folder above it")
    train, test = get_gowalla(folder)
    assert train.shape == test.shape == (29_858, 40_981)
    assert (train.nnz, test.nnz) == (810_128, 217_242)
    assert train.multiply(test).nnz == 0


# LastFM-360K

ARTISTS, USERS = ["", "björk", 'the "quoted'], ["00aa", "00bb"]
PLAYS = np.array([[0, 3], [2137, 0], [1, 99]], np.float32)


def lastfm_hdf5(path, artists=ARTISTS, users=USERS, **parts):
    """Write what implicit's generate_dataset writes."""
    h5py = pytest.importorskip("h5py")
    plays = sp.csr_matrix(PLAYS)
    with h5py.File(path, "w") as file:
        group = file.create_group("artist_user_plays")
        for part in ("data", "indptr", "indices"):
            group.create_dataset(part, data=parts.get(part, getattr(plays, part)))
        for name, labels in (("artist", artists), ("user", users)):
            file.create_dataset(name, (len(labels),), dtype=h5py.special_dtype(vlen=str))[:] = labels
    return path


def test_lastfm_is_read_from_the_file_that_implicit_uses(tmp_path, server, monkeypatch):
    path = lastfm_hdf5(tmp_path / "lastfm_360k.hdf5")
    server.answers["/lastfm_360k.hdf5"] = [path.read_bytes()]
    monkeypatch.setattr(lastfm, "_HDF5", replace(lastfm._HDF5, folder=server.url))
    for source in (path, str(path), tmp_path, server.url, f"{server.url}/lastfm_360k.hdf5", None):
        artists, users, plays = get_lastfm(source, progress=False)
        assert (artists.dtype, users.dtype) == (object, object)
        assert (artists.tolist(), users.tolist()) == (ARTISTS, USERS)
        assert all(type(name) is str for name in [*artists, *users])
        assert type(plays) is sp.csr_matrix
        assert plays.dtype == np.float32
        np.testing.assert_array_equal(plays.toarray(), PLAYS)
    assert len(server.asked) == 1


def test_artists_without_plays_at_the_end_are_kept(tmp_path):
    artists = [*ARTISTS, "zz top"]
    indptr = [*sp.csr_matrix(PLAYS).indptr, np.count_nonzero(PLAYS)]
    path = lastfm_hdf5(tmp_path / "a.hdf5", artists, [*USERS, "00cc"], indptr=indptr)
    assert get_lastfm(path)[2].shape == (4, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"indices": [0, 9, 0, 1]},
        {"indptr": [0, 4]},
        {"data": [1.0]},
        {"artists": ["one"]},
        {"indices": [0, -1, 0, 1]},
    ],
)
def test_a_lastfm_file_that_contradicts_itself_is_refused(tmp_path, wrong):
    path = lastfm_hdf5(tmp_path / "a.hdf5", **wrong)
    with pytest.raises(DatasetError, match=r"a\.hdf5 is damaged or not"):
        get_lastfm(path)


def test_hdf5_files_that_are_damaged_or_something_else_are_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    content = lastfm_hdf5(tmp_path / "a.hdf5").read_bytes()
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["artist_user_plays"] = [1, 2]
    for end in (0, 7, 100, len(content) // 2, len(content) - 1):
        (tmp_path / "cut.hdf5").write_bytes(content[:end])
        with pytest.raises(DatasetError, match=r"cut\.hdf5 is damaged"):
            get_lastfm(tmp_path / "cut.hdf5")
    with pytest.raises(DatasetError, match=r"other\.hdf5 is damaged or not"):
        get_lastfm(tmp_path / "other.hdf5")


def test_without_h5py_nothing_is_downloaded_and_the_error_says_how_to_get_it(monkeypatch, server):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"pip install 'penchant\[hdf5\]'"):
        get_lastfm(server.url)
    assert server.asked == []


# The third line has no user, the fourth no artist, the fifth no count.
TSV = """00bb\tm1\tbjörk\t2
00aa\t\tthe "quoted\t1
\tm1\tbjörk\t7
00aa\tm3\t\t7
00aa\tm3\tnobody\t
00aa\tm1\tbjörk\t2137
00bb\t\tthe "quoted\t99
00bb\tm1\tbjörk\t1
""".encode()


def test_the_original_lastfm_file_is_read_without_quotes_and_header(tmp_path):
    (tmp_path / lastfm._TSV.name).write_bytes(TSV)
    for path in (tmp_path, tmp_path / lastfm._TSV.name):
        with pytest.warns(DataWarning):
            interactions = read_lastfm_360k(path)
        assert list(interactions.users) == ["00bb", "00aa"]
        assert list(interactions.items) == ["björk", 'the "quoted']
        np.testing.assert_array_equal(interactions.matrix.toarray(), [[3, 99], [2137, 1]])


def test_the_original_lastfm_file_says_what_the_hdf5_file_says(tmp_path, server, monkeypatch):
    files = {f"lastfm-dataset-360K/{lastfm._TSV.name}": TSV, "lastfm-dataset-360K/README.txt": b"hello"}
    folder = unpacked(files, tmp_path / "folder")
    packed = tarred(files)
    (tmp_path / "a.tar.gz").write_bytes(packed)
    monkeypatch.setattr(lastfm, "_TAR", replace(lastfm._TAR, hash=f"md5:{hashlib.md5(packed).hexdigest()}"))
    server.answers["/x.tar.gz"], server.answers["/x.tsv"] = [packed], [TSV]
    urls = (f"{server.url}/x.tar.gz", f"{server.url}/x.tsv")
    for source in (folder, folder / lastfm._TSV.name, tmp_path / "a.tar.gz", *urls):
        with pytest.warns(DataWarning):
            artists, users, plays = get_lastfm(source, progress=False)
        assert (artists.tolist(), users.tolist()) == (ARTISTS[1:], USERS)
        assert (artists.dtype, users.dtype, plays.dtype) == (object, object, np.float32)
        assert type(plays) is sp.csr_matrix
        np.testing.assert_array_equal(plays.toarray(), [[2137, 3], [1, 99]])


def test_a_lastfm_archive_that_is_damaged_is_an_error(tmp_path):
    path = tmp_path / "a.tar.gz"
    content = tarred({f"lastfm-dataset-360K/{lastfm._TSV.name}": os.urandom(100_000)})
    for damaged in (content[: len(content) // 2], b"hello", gzip.compress(b"hello"), b""):
        path.write_bytes(damaged)
        with pytest.raises(DatasetError, match=r"a\.tar\.gz is damaged"):
            read_lastfm_360k(path)


def test_a_lastfm_source_is_told_by_its_name(tmp_path):
    for name, remote in {
        "a.hdf5": lastfm._HDF5, "a.h5": lastfm._HDF5, "a.tsv": lastfm._TSV,
        "a.tar.gz": lastfm._TAR, "A.TGZ": lastfm._TAR,
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(b"")
        for source in (Path(tmp_path, name), str(tmp_path / name), f"https://example.org/{name}?download=1"):
            assert lastfm._choice(source) == (remote, remote is lastfm._HDF5)

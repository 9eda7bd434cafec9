"""HetRec Last.fm, Gowalla and LastFM-360K."""

import gzip
import hashlib
import itertools
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import DATA
from published import tarred, unpacked, zipped

from penchant import DatasetError, DataWarning
from penchant.datasets import (
    get_gowalla,
    get_lastfm,
    get_lastfm_2k,
    gowalla,
    hetrec,
    lastfm,
    read_adjacency_lists,
    read_lastfm_2k,
    read_lastfm_360k,
)

pytestmark = pytest.mark.usefixtures("cache")


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

"""MovieLens in its four forms, from folders and archives, whole and broken."""

import tarfile

import numpy as np
import pytest
from conftest import DATA
from hypothesis import given
from hypothesis import strategies as st
from published import assert_movielens, movielens_files, tarred, unpacked, zipped

from penchant import DatasetError
from penchant.datasets import (
    get_gowalla,
    get_lastfm,
    get_lastfm_2k,
    get_movielens,
    movielens,
)

pytestmark = pytest.mark.usefixtures("cache")


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

"""Features of columns: kinds, what they make, what they refuse, and how they are kept."""

import gzip
import math
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from penchant import DataWarning, Features, Interactions
from penchant.features import Category, Number, Tags, Text, Vector

FILMS = {
    "film": ["a", "b", "c", "d"],
    "genres": ["Comedy|Drama", "Comedy", None, "Drama | Sci-Fi"],
    "title": ["The Star", "Star of the Star", "A Night's Tale", "tale"],
    "year": [1990, 2000, 2010, None],
    "country": ["fr", "us", "us", "us"],
    "plot": [[1.0, 0.0], [0.0, 1.0], None, [1.0, 1.0]],
}
KINDS = {"genres": "tags", "title": "text", "year": "number", "country": "category", "plot": "vector"}


def column(features, name):
    return features.matrix[:, [features.names.index(name)]].toarray().ravel()


FRAMES = {
    "dict": lambda columns: columns,
    "pandas": pd.DataFrame,
    "polars": lambda columns: pl.DataFrame(columns, strict=False),
    "pyarrow": pa.table,
}


@pytest.mark.parametrize("frame", FRAMES)
def test_every_kind_of_frame_gives_the_same_features(frame):
    made = Features.from_frame(FRAMES[frame](FILMS), id="film", columns=KINDS)
    assert made.names == [
        "genres=Comedy", "genres=Drama", "genres=Sci-Fi", "title=the", "title=star", "title=tale", "year", "country=fr",
        "country=us", "plot[0]", "plot[1]",
    ]  # fmt: skip
    assert made.ids.tolist() == FILMS["film"]
    assert column(made, "genres=Drama").tolist() == [1, 0, 0, 1]
    np.testing.assert_allclose(column(made, "year"), np.array([-1, 0, 1, 0]) * math.sqrt(1.5), rtol=1e-6)
    assert column(made, "country=us").tolist() == [0, 1, 1, 1]
    plots = np.array([[1, 0], [0, 1], [1, 1]])
    centred = plots - plots.mean(axis=0)
    scale = (centred**2).sum(axis=1).mean() ** -0.5
    np.testing.assert_allclose(made.matrix[[0, 1, 3]][:, -2:].toarray(), centred * scale, atol=1e-6)
    assert made.matrix[[2]][:, -2:].nnz == 0
    assert (
        repr(made)
        == f"Features(4 rows x {len(made.names)} features of genres, title, year, country and plot)"
    )


def test_texts_are_weighed_by_tf_idf_as_it_is_documented():
    made = Features.from_frame(FILMS, id="film", columns={"title": Text(min_rows=1, weight=0.5)})
    rows = {"the": 2, "star": 2, "of": 1, "a": 1, "night's": 1, "tale": 2}
    idf = {word: 1 + math.log(5 / (1 + count)) for word, count in rows.items()}
    row = {"star": (1 + math.log(2)) * idf["star"], "of": idf["of"], "the": idf["the"]}
    length = math.sqrt(sum(value**2 for value in row.values()))
    for word, value in row.items():
        assert column(made, f"title={word}")[1] == pytest.approx(0.5 * value / length)
    rare = Features.from_frame(FILMS, id="film", columns={"title": "text"})
    assert set(rare.names) == {"title=the", "title=star", "title=tale"}
    assert rare.unknown == {"title": 3}
    runs = Features.from_frame(
        FILMS, id="film", columns={"title": Text(words=(2, 2), characters=(3, 3), min_rows=1)}
    )
    assert {"title=the star", "title=~ st", "title=~ar "} <= set(runs.names)


def test_numbers_may_lie_between_knots():
    made = Features.from_frame(
        {"id": range(5), "x": [0, 1, 2, 3, 4]}, id="id", columns={"x": Number(knots=3)}
    )
    assert made.names == ["x~0", "x~2", "x~4"]
    assert made.matrix.toarray().tolist() == [[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1]]
    outside = made.transform({"id": [9, 10], "x": [-5, 77]}).matrix.toarray()
    assert outside.tolist() == [[1, 0, 0], [0, 0, 1]]


def test_several_rows_of_one_id_are_put_together():
    long = {"artist": [7, 8, 7, 7], "tag": ["rock", "pop", "pop", "rock"]}
    made = Features.from_frame(long, id="artist", columns=["tag"])
    assert made.ids.tolist() == [7, 8]
    assert made.matrix.toarray().tolist() == [[2, 1], [0, 1]]
    with pytest.raises(
        ValueError, match="as 'size' is neither a category nor tags: rows 0 and 2 are of the same"
    ):
        Features.from_frame(long | {"size": [1, 2, 3, 4]}, id="artist")


@pytest.mark.parametrize(
    ("once", "split"),
    [
        (["a|b|c", "a"], ["a|b", "c", "a"]),
        ([["a", "b", "c"], ["a"]], [["a", "b"], "c", np.array(["a"])]),
        ([[51, 52], [51]], [51, 52, 51]),
        ([[2**60, 2**60 + 1], [2**60]], [2**60, 2**60 + 1, 2**60]),
        ([{"x", "y"}, None], [{"y"}, {"x"}, None]),
    ],
)
def test_it_does_not_matter_in_how_many_rows_tags_stand(once, split):
    columns = {"tag": "tags"}
    whole = Features.from_frame({"id": [1, 2], "tag": once}, id="id", columns=columns)
    parts = Features.from_frame({"id": [1, 1, 2], "tag": split}, id="id", columns=columns)
    assert (
        parts.matrix[:, [parts.names.index(name) for name in whole.names]].toarray().tolist()
        == whole.matrix.toarray().tolist()
    )
    new = parts.transform({"id": [9], "tag": [split[0]]})
    assert new.unknown == {}
    assert new.matrix.nnz > 0


def test_kinds_are_guessed_and_can_be_said():
    guessed = Features.from_frame(FILMS, id="film")
    assert {"genres=Comedy", "year", "country=fr", "plot[0]"} <= set(guessed.names)
    listed = Features.from_frame({"id": [1, 2], "tags": [["x", "y|z"], []]}, id="id")
    assert listed.names == ["tags=x", "tags=y|z"]
    coded = Features.from_frame(
        {"id": [1, 2, 3], "code": [10.0, None, 20.0]}, id="id", columns={"code": Category()}
    )
    assert coded.names == ["code=10", "code=20"]
    comma = Features.from_frame(
        {"id": [1], "tags": ["a, b"]}, id="id", columns={"tags": Tags(separator=", ")}
    )
    assert comma.names == ["tags=a", "tags=b"]


def test_new_rows_get_the_same_features_and_what_is_new_is_ignored_and_counted():
    made = Features.from_frame(FILMS, id="film", columns=KINDS)
    with pytest.warns(DataWarning, match="ignored: 1 in 'genres', 1 in 'country'"):
        more = made.transform(
            {
                "film": ["e"],
                "genres": ["Drama|Western"],
                "title": ["Star Unseen"],
                "year": [2000],
                "country": ["xx"],
                "plot": [[0, 0]],
            }
        )
    assert more.names == made.names
    assert more.unknown == {"genres": 1, "title": 1, "country": 1}
    assert column(more, "genres=Drama")[0] == 1
    assert column(more, "title=star")[0] == pytest.approx(1)
    with pytest.raises(ValueError, match="has no column 'genres'"):
        made.transform({"film": ["e"]})
    row = made.row({"genres": "Comedy"})
    assert row.shape == (1, made.shape[1])
    assert row.nnz == 1
    with pytest.raises(ValueError, match="features were made of 'genres', .* got colour"):
        made.row({"colour": "red"})


def test_rows_are_found_by_their_labels():
    made = Features.from_frame(FILMS, id="film", columns=["country"])
    with pytest.warns(DataWarning, match="1 of 3 labels have no features"):
        aligned = made.aligned_with(["d", "zz", "a"])
    assert aligned.toarray().tolist() == [[0, 1], [0, 0], [1, 0]]
    with pytest.raises(
        ValueError, match="none of the 2 labels has features: .* Features are of 'a', 'b', 'c'"
    ):
        made.aligned_with([1, 2])
    assert made.without(["b", "d"]).tolist() == ["a", "c"]
    both = made.with_rows(made.transform({"film": ["e", "a"], "country": ["fr", "us"]}))
    assert both.ids.tolist() == ["a", "b", "c", "d", "e"]
    assert column(both, "country=us").tolist() == [1, 1, 1, 1, 0]


def test_hashed_features_have_no_vocabulary_and_stay_what_they_are():
    names = [f"user {at}" for at in range(2000)]
    made = Features.from_frame(
        {"id": range(2000), "name": names}, id="id", columns={"name": "category"}, hash_features=1000
    )
    assert made.shape == (2000, 1000)
    assert (made.matrix.sum(axis=1) == 1).all()
    assert np.bincount(made.matrix.indices, minlength=1000).max() < 12
    again = made.transform({"id": [1], "name": ["user 1"]})
    assert again.matrix.indices[0] == made.matrix[[1]].indices[0]
    assert again.unknown == {}


def test_features_are_pickled_whole():
    made = Features.from_frame(FILMS, id="film", columns=KINDS | {"year": Number(knots=2)})
    other = pickle.loads(pickle.dumps(made))
    assert other.names == made.names
    assert (other.matrix != made.matrix).nnz == 0
    frame = {**FILMS, "film": ["e", "f", "g", "h"]}
    assert (other.transform(frame).matrix != made.transform(frame).matrix).nnz == 0
    plain = pickle.loads(pickle.dumps(Features.from_matrix(np.eye(2), ids=["x", "y"], names=["p", "q"])))
    assert plain.names == ["p", "q"]
    assert plain.ids.tolist() == ["x", "y"]
    with pytest.raises(ValueError, match="made of a matrix say nothing of other rows"):
        plain.transform(FILMS)


def test_constant_columns_say_nothing_and_are_warned_of():
    with pytest.warns(DataWarning, match="column 'x' is 5 in all rows: nothing is told from it"):
        made = Features.from_frame({"id": [1, 2], "x": [5, 5]}, id="id")
    assert made.shape == (2, 0)
    with pytest.warns(DataWarning, match="holds no numbers"):
        Features.from_frame({"id": [1, 2], "x": [None, None]}, id="id", columns={"x": "number"})


def test_files_are_read_with_their_separators_and_encodings(tmp_path):
    path = tmp_path / "films.dat"
    path.write_bytes("1::Amélie (2001)::Comedy|Romance\n2::Heat (1995)::Action\n".encode("latin-1"))
    made = Features.from_file(path, "0", {"2": "tags"}, sep="::", header=False, encoding="latin-1")
    assert made.ids.tolist() == [1, 2]
    assert made.names == ["2=Comedy", "2=Romance", "2=Action"]
    with pytest.raises(ValueError, match=r"is not utf-8: .* give its encoding"):
        Features.from_file(path, "0", sep="::", header=False)
    table = tmp_path / "films.csv"
    table.write_text('film;year;note\na;1990;"x; y"\nb;;z\nc;2000;z\n')
    made = Features.from_file(table, "film", ["year", "note"])
    assert made.ids.tolist() == ["a", "b", "c"]
    assert "note=x; y" in made.names
    table.write_text("film,year\na,1\nb\n")
    with pytest.raises(ValueError, match="row 3 .* has 1 fields, not 2"):
        Features.from_file(table, "film")
    pd.DataFrame(FILMS).drop(columns="plot").to_parquet(tmp_path / "films.parquet")
    assert Features.from_file(tmp_path / "films.parquet", "film", ["genres"]).shape == (4, 3)


def test_labels_of_all_kinds_are_those_of_interactions():
    for ids in ([1.0, 2.0], pd.Categorical([1, 2]), np.array([1, 2], np.uint64), pl.Series([1, 2])):
        assert Features.from_frame({"id": ids, "x": ["a", "b"]}, id="id").ids.tolist() == [1, 2]
    frame = pd.DataFrame({"id": pd.Categorical([1, 2]), 7: ["a", "b"]})
    assert Features.from_frame(frame, id="id").names == ["7=a", "7=b"]


@pytest.mark.parametrize(
    "ids",
    [
        ("1_1", "1_2"),
        ("１２", "１３"),
        ("+1", "2"),
        ("-0", "1"),
        ("1.0", "2.0"),
        ("-7", "12"),
        ("001", "2"),
        (str(2**63), "1"),
    ],
)
def test_labels_in_files_are_read_as_those_of_events(tmp_path, ids):
    catalogue, events = tmp_path / "catalogue.csv", tmp_path / "events.csv"
    catalogue.write_text("item,genre\n" + "".join(f"{label},rock\n" for label in ids), encoding="utf-8")
    events.write_text("user,item\n" + "".join(f"ann,{label}\n" for label in ids), encoding="utf-8")
    labels = Interactions.from_file(events).items
    assert Features.from_file(catalogue, "item", {"genre": "category"}).ids.tolist() == labels.tolist()


def test_decimals_in_files_are_numbers_with_and_without_gaps(tmp_path):
    path = tmp_path / "prices.csv"
    for last in ("", "6.5", "1e3"):
        path.write_text(f"id,price\na,1.25\nb,-0.5\nc,{last}\n")
        assert Features.from_file(path, "id").names == ["price"]
    path.write_text(f"id,code\na,{2**60}\nb,{2**60 + 1}\nc,\n")
    assert len(Features.from_file(path, "id", {"code": "category"}).names) == 2


def test_numbers_that_no_feature_can_hold_are_errors():
    with pytest.raises(ValueError, match="mean and deviation of column 'x' must be finite"):
        Features.from_frame({"id": ["a", "b", "c"], "x": [1e200, -1e200, 3.0]}, id="id")
    made = Features.from_frame({"id": ["a", "b"], "x": [1.0, 2.0]}, id="id")
    with pytest.raises(ValueError, match="features as float32 must be finite, got inf"):
        made.transform({"id": ["c"], "x": [1e200]})


def test_codes_in_files_keep_their_zeros_and_quotes_in_tables_with_tabs_are_those_of_events(tmp_path):
    path = tmp_path / "shops.tsv"
    path.write_text('id\tzip\tname\n001\t01234\t"Heroes\n002\t99999\t"a ""b"""\n')
    made = Features.from_file(path, "id", {"zip": "category", "name": "category"})
    assert made.ids.tolist() == ["001", "002"]
    assert made.names == ["zip=01234", "zip=99999", 'name="Heroes', 'name=a "b"']
    with gzip.open(tmp_path / "shops.csv.gz", "wt") as file:
        file.write("id,x\na,1\n")
    assert Features.from_file(tmp_path / "shops.csv.gz", "id", {"x": "category"}).names == ["x=1"]
    path.write_text("id,x,x\na,1,2\n")
    with pytest.raises(ValueError, match="has two columns 'x'"):
        Features.from_file(path, "id")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Features(), TypeError, "use Features.from_frame"),
        (lambda: Features.from_frame([1], id="x"), TypeError, "frame must be a DataFrame or a dict of columns, got list"),
        (lambda: Features.from_frame(FILMS, id="movie"), ValueError, "frame has no column 'movie': it has 'film'"),
        (lambda: Features.from_frame(FILMS, id="film", columns=["genre"]), ValueError, "no column 'genre'"),
        (lambda: Features.from_frame(FILMS, id="film", columns=[]), ValueError, "at least one column besides"),
        (lambda: Features.from_frame(FILMS, id="film", columns={"year": "date"}), ValueError, "must be one of category, tags"),
        (lambda: Features.from_frame(FILMS, id="film", columns={"year": 3}), TypeError, "must be a name, Category, Tags"),
        (lambda: Features.from_frame(FILMS, id="film", columns={"title": "number"}), TypeError, "must hold numbers, got 'The Star'"),
        (lambda: Features.from_frame(FILMS, id="film", columns={"title": "vector"}), TypeError, "must hold lists of numbers"),
        (lambda: Features.from_frame({"id": [1, 2], "v": [[1.0], [1.0, 2.0]]}, id="id"), ValueError, "lists of one length"),
        (lambda: Features.from_frame({"id": [1, 2], "v": [[1.0], [np.inf]]}, id="id"), ValueError, "column 'v' must be finite, row 1"),
        (lambda: Features.from_frame({"id": [1, 2], "x": [1.0, np.inf]}, id="id"), ValueError, "column 'x' must be finite, row 1"),
        (lambda: Features.from_frame({"id": [1, None], "x": [1, 2]}, id="id"), ValueError, "'id' must name every row"),
        (lambda: Features.from_frame({"id": [1, 1], "x": [1, 2]}, id="id"), ValueError, "must name every row once"),
        (lambda: Features.from_frame(FILMS, id="film", columns={"title": Text(words=None)}), ValueError, "words or characters"),
        (lambda: Features.from_frame(FILMS, id="film", columns={"title": Text(words=(2, 1))}), ValueError, "at least 2"),
        (lambda: Features.from_frame(FILMS, id="film", columns={"year": Number(knots=1)}), ValueError, "knots of column 'year' must be at least 2"),
        (lambda: Features.from_frame(FILMS, id="film", columns={"year": Number(weight=0)}), ValueError, "weight of column 'year'"),
        (lambda: Features.from_frame(FILMS, id="film", columns={"plot": Vector(weight="1")}), TypeError, "weight of column 'plot'"),
        (lambda: Features.from_frame(FILMS, id="film", columns={"genres": Tags(separator="")}), ValueError, "separator"),
        (lambda: Features.from_frame(FILMS, id="film", hash_features=0), ValueError, "hash_features must be at least 1"),
        (lambda: Features.from_frame({"id": [1], "t": [pd.Timestamp("2020-01-01")]}, id="id", columns={"t": "number"}), TypeError, "must hold numbers"),
        (lambda: Features.from_frame(pd.DataFrame({"id": [1], "t": [pd.Timestamp("2020-01-01")]}), id="id"), TypeError, "holds times"),
        (lambda: Features.from_frame({"id": [1, 2, 3], "x": ["a", "b"]}, id="id"), ValueError, "one length, got 3 of 'id', 2 of 'x'"),
        (lambda: Features.from_frame(FILMS, id="film").transform({"movie": ["x"]} | {k: [v[0]] for k, v in FILMS.items() if k != "film"}), ValueError, "no column 'film'"),
        (lambda: Features.from_frame(FILMS, id="film", hash_features=2**40), ValueError, "hash_features must be at most 2147483647"),
        (lambda: Features.from_frame({"id": [1], "t": np.array(["2020-01-01"], "datetime64[s]")}, id="id"), TypeError, "holds times"),
        (lambda: Features.from_matrix(sp.csr_array([[np.nan]])), ValueError, "matrix must be finite"),
        (lambda: Features.from_matrix(np.eye(2), ids=["a"]), ValueError, "must be of 2 rows and 2 columns, got 1 and 2"),
        (lambda: Features.from_matrix("x"), TypeError, "SciPy sparse"),
        (lambda: Features.from_file("/nowhere.csv", "id"), FileNotFoundError, "nowhere"),
    ],
)  # fmt: skip
def test_mistakes_are_told(call, error, message):
    with warnings.catch_warnings(action="error"), pytest.raises(error, match=message):
        call()

"""Items shown with their names from another file."""

import pytest
from conftest import SOUNDS
from test_cli_mistakes import misused

NAMES = {artist: artist.title() for artists in SOUNDS.values() for artist in artists}


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """A table with what artists are called, all but one of them, in a column that is not the second."""
    lines = [
        "artist\tsince\tcalled",
        *(f"{artist}\t1990\t{name}" for artist, name in NAMES.items() if artist != "nirvana"),
    ]
    path = tmp_path_factory.mktemp("names") / "artists.dat"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("command", "label"),
    [
        (["recommend", "{}", "jazz11", "--keep-liked"], "item"),
        (["recommend", "{}", "--for", "nirvana"], "item"),
        (["similar", "{}", "nirvana"], "similar_item"),
        (["explain", "{}", "rock1", "nirvana"], "item"),
    ],
)
def test_names_stand_beside_their_items(run, model_file, names, command, label):
    command = [part.format(model_file) for part in command]
    head, *rows = run(*command, "--names", names, "--names-columns", "artist,called")
    at = head.index(label)
    assert head[at + 1] == "name"
    assert rows
    for row in rows:
        assert row[at + 1] == ("" if row[at] == "nirvana" else NAMES[row[at]])
    assert [row[: at + 1] + row[at + 2 :] for row in [head, *rows]] == run(*command)


def test_the_first_two_columns_are_meant_where_none_are_named(run, model_file, names):
    head, *rows = run("similar", model_file, "nirvana", "--names", names)
    assert {row[head.index("name")] for row in rows} == {"1990"}


def test_rows_without_a_label_or_a_name_are_left_out_and_numbers_are_names(run, model_file, tmp_path):
    path = tmp_path / "names.csv"
    path.write_text("artist,called\npearl jam,311\nsoundgarden,\n,nobody\n")
    head, *rows = run("similar", model_file, "nirvana", "--names", path)
    shown = {row[1]: row[head.index("name")] for row in rows}
    assert shown["pearl jam"] == "311"
    assert set(shown.values()) == {"311", ""}


def test_what_is_not_there_is_said(fails, capsys, model_file, names, tmp_path):
    def similar(*options):
        return fails("similar", model_file, "nirvana", *options)

    assert "artists.dat has no column 'title': it has 'artist'" in similar(
        "--names", names, "--names-columns", "artist,title"
    )
    assert "a column of items and one of names, got artist" in similar(
        "--names", names, "--names-columns", "artist"
    )
    assert "nothing.csv" in similar("--names", tmp_path / "nothing.csv")
    twice = tmp_path / "twice.csv"
    twice.write_text("artist,called\nnirvana,Nirvana\nnirvana,Nirvana\nnirvana,Nirvana UK\n")
    assert "several names of nirvana: 'Nirvana' and 'Nirvana UK'" in similar("--names", twice)
    shown = misused(capsys, "similar", model_file, "nirvana", "--names-columns", "artist,called")
    assert "--names-columns goes with --names" in shown
    by_features = ["explain", model_file, "rock1", "nirvana", "--by", "item-features"]
    assert "--names goes with --by items" in misused(capsys, *by_features, "--names", names)

"""Features on the command line: fit, update, recommend, explain, evaluate."""

import pytest
from conftest import COLUMNS, SOUNDS

from penchant.cli import main


@pytest.fixture(scope="module")
def artists(tmp_path_factory):
    """What kind of music each artist plays, and one whom nobody has heard of."""
    lines = ["artist;music;founded"]
    for kind, names in SOUNDS.items():
        lines += ['"{}";{};{}'.format(name.replace('"', '""'), kind, 1950 + len(name)) for name in names]
    path = tmp_path_factory.mktemp("artists") / "artists.csv"
    path.write_text("\n".join([*lines, "bill evans;jazz;1955"]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def model(run, plays_file, artists, tmp_path):
    users = tmp_path / "users.csv"
    names = [f"{'rock' if user < 10 else 'jazz'}{user}" for user in range(20)]
    users.write_text("user,club\n" + "".join(f"{name},{name[:4]}\n" for name in names))
    out = tmp_path / "model"
    run(
        "fit", plays_file, *COLUMNS, "--item-features", artists, "--columns", "music:category", "--user-features", users,
        "--factors", "4", "--random-state", "0", "--feature-regularization", "1", "--unobserved-weight", "0.1", "-o", out, "-q",
    )  # fmt: skip
    return out


def test_what_nobody_has_heard_is_recommended_and_explained(run, model):
    rows = run("recommend", model, "rock1", "jazz11", "--items", "bill evans", "-n", "1")[1:]
    scores = {row[0]: float(row[2]) for row in rows}
    assert scores["jazz11"] > scores["rock1"]
    alike = run("similar", model, "bill evans", "-n", "3")[1:]
    assert {row[1] for row in alike} < set(SOUNDS["jazz"])
    shares = run("explain", model, "jazz11", "bill evans", "--by", "item-features")
    assert shares[0] == ["feature", "contribution"]
    assert shares[1][0] == "music=jazz"
    assert run("explain", model, "jazz11", "bill evans", "--by", "user-features")[1][0] == "club=jazz"


def test_strangers_and_newcomers_are_told_by_their_features(run, model, tmp_path):
    best = run("recommend", model, "--features", "club=rock", "-n", "3")[1:]
    assert {row[0] for row in best} < set(SOUNDS["rock"])
    both = run("recommend", model, "--features", "club=rock", "--for", "nirvana", "-n", "3")[1:]
    assert "nirvana" not in {row[0] for row in both}
    new = tmp_path / "new.csv"
    new.write_text("artist,music\nfaith no more,rock\n")
    run("update", model, "--items", new, "-q")
    assert {row[1] for row in run("similar", model, "faith no more", "-n", "3")[1:]} < set(SOUNDS["rock"])
    users = tmp_path / "newcomers.csv"
    users.write_text("user,club\nzoe,jazz\n")
    run("update", model, "--users", users, "-q")
    assert {row[1] for row in run("recommend", model, "zoe", "-n", "3")[1:]} < {*SOUNDS["jazz"], "bill evans"}


def test_items_are_held_out_where_features_say_what_they_are(run, plays_file, artists):
    arguments = [
        "evaluate",
        plays_file,
        *COLUMNS,
        "--split",
        "items",
        "--train-fraction",
        "0.6",
        "-K",
        "1",
        "-q",
    ]
    features = [
        "--item-features",
        artists,
        "--columns",
        "music",
        "--factors",
        "4",
        "--unobserved-weight",
        "0.1",
    ]
    # Listeners play seven in ten of the artists of their kind.
    assert float(dict(run(*arguments, *features))["precision"]) > 0.6
    assert float(dict(run(*arguments, *features[:4], "--model", "content"))["precision"]) > 0.6
    assert float(dict(run(*arguments))["precision"]) < 0.5  # by chance


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--item-features", "{artists}", "--columns", "genre"], "no column 'genre'"),
        (["--item-features", "{artists}", "--id", "name"], "no column 'name'"),
        (
            ["--item-features", "{artists}", "--columns", "music:number"],
            "column 'music' must hold numbers, got 'rock'",
        ),
        (["--item-features", "{artists}", "--columns", "music:sound"], "must be one of category, tags"),
        (["--item-features", "{artists}", "--model", "ease"], "EASE does not learn from item_features"),
        (["--item-features", "nowhere.csv"], "nowhere.csv"),
        (["--model", "content"], "item_features must say what is known"),
        (["--item-features", "{artists}", "--feature-encoding", "latin-9000"], "no encoding 'latin-9000'"),
    ],
)
def test_mistakes_are_told_in_one_line(fails, plays_file, artists, tmp_path, arguments, message):
    given = [argument.format(artists=artists) for argument in arguments]
    said = fails("fit", plays_file, *COLUMNS, *given, "-o", tmp_path / "model", "-q")
    assert message in said
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit", "plays.tsv", "--columns", "music", "-o", "m"],
        ["update", "m"],
        ["recommend", "m", "ann", "--features", "a=b"],
        ["fit", "plays.tsv", "--workers", "2", "--item-features", "a.csv", "-o", "m"],
    ],
)
def test_wrong_usage_has_an_exit_code_of_its_own(arguments, capsys, plays_file):
    given = [str(plays_file) if argument == "plays.tsv" else argument for argument in arguments]
    with pytest.raises(SystemExit) as caught:
        main(given)
    assert caught.value.code == 2
    assert "error" in capsys.readouterr().err


def test_features_that_a_model_does_not_know_are_told(fails, model, plays_file, tmp_path):
    assert "features were made of 'club', got team" in fails("recommend", model, "--features", "team=x")
    assert "--features takes COLUMN=VALUE" in fails("recommend", model, "--features", "club")
    plain = tmp_path / "plain"
    assert main(["fit", str(plays_file), *COLUMNS, "-o", str(plain), "-q"]) == 0
    assert "fitted without user_features" in fails("recommend", plain, "--features", "club=x")
    assert "fitted without item_features" in fails(
        "explain", plain, "rock1", "nirvana", "--by", "item-features"
    )
    assert "fitted without item_features" in fails("update", plain, "--items", plays_file)

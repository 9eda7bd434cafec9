"""Pages of the documentation whose code stands by itself: it runs, and gives what the text says."""

import json
import re
import shlex
import warnings
from pathlib import Path

import numpy as np
from service import Processes, answer_of

DOCS = Path(__file__).parents[2] / "docs"


def names_of(page):
    """What the code of a page has defined at its end."""
    names = {}
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.S)
    exec("\n".join(blocks), names)
    return names


def test_the_first_page_saves_what_it_fits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names_of("index.md")
    assert (tmp_path / "recommender.safetensors").exists()


def test_what_is_like_a_new_item_has_its_features():
    like = names_of("features.md")["recommender"].similar_items("lagos dub 99", n=3)["similar_item"]
    assert len(like) == 3
    assert all("dub" in name or "lagos" in name for name in like)


def test_usual_epochs_end_lower_than_plain_ones():
    names = names_of("coming_from.md")
    plain, usual = names["plain"].loss_history, names["usual"].loss_history
    assert len(plain) == len(usual) == 15
    assert usual[4] < plain[14]
    assert names["ids"].shape == names["scores"].shape == (100, 10)


def test_weights_say_how_much_and_dislikes_what_not():
    names = names_of("weights.md")
    scores = names["scores"]
    score = {
        (user, item): score for user, item, score in scores[["user", "item", "score"]].itertuples(index=False)
    }
    assert score["bob", "soul"] > 0.9
    assert abs(score["dan", "soul"]) < 0.1
    assert score["dan", "jazz"] > 0.9
    fresh = names["Interactions"].from_frame(
        names["events"], time="when", kind="event", kind_weights={"view": 1, "buy": 10}, half_life="90d"
    )
    age = (np.datetime64("2024-05-03") - np.datetime64("2023-11-04")).astype(int)
    bob, lamp = fresh.user_codes(["bob"])[0], fresh.item_codes(["lamp"])[0]
    np.testing.assert_allclose(fresh.matrix[bob, lamp], 10 * 0.5 ** (age / 90), rtol=1e-5)


def test_the_same_seed_gives_the_same_bits():
    names = names_of("reproducibility.md")
    assert np.array_equal(names["one"].user_factors, names["two"].user_factors)


def test_what_is_served_is_exact_from_lists_and_nearly_so_from_an_index(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = names_of("serving.md")
    assert len(names["everyone"]) == 10 * len(names["plays"].users)
    assert (names["nearest"] == names["exact"]).mean() > 0.99
    assert "zoe" in names["recommender"].data.users


def test_what_is_served_over_http_answers_to_every_line_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names_of("serving.md")
    page = (DOCS / "serving.md").read_text(encoding="utf-8")
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.S)).splitlines()
    serves = [shlex.split(line) for line in shell if line.startswith("penchant serve")]
    asks = [shlex.split(line) for line in shell if line.startswith("curl")]
    assert len(serves) == 1
    assert len(asks) == 4
    options = ["2" if word == "4" else word for word in serves[0][3:]]  # workers
    with Processes(serves[0][2], *options) as service:
        for ask in asks:
            assert ask[-1].startswith("http://127.0.0.1:8000/")
            path = ask[-1].removeprefix("http://127.0.0.1:8000")
            body = json.loads(ask[ask.index("-d") + 1]) if "-d" in ask else None
            status, answer = answer_of(service.request(path, body))
            assert status == 200, (ask, answer)
        status, answer = answer_of(service.request("/similar_items?item=lagos%20dub"))
        assert json.loads(answer)["error"].startswith(
            re.search(r'"error":"(there is no item .*?; did you mean)', page)[1]
        )


def test_what_is_used_with_other_libraries(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings(action="ignore"):  # MLflow's own
        names = names_of("elsewhere.md")
    assert names["search"].best_params_ == {"factors": 16}
    assert names["served"].predict(names["pd"].DataFrame({"user": ["bob"]}), params={"n": 1})[
        "item"
    ].tolist() == ["ska"]
    assert names["whole"].data.shape == (2, 2)
    found = np.mean(
        [len(np.intersect1d(a, b)) / 10 for a, b in zip(names["ids"], names["exact"], strict=True)]
    )
    assert found > 0.9


def test_what_makes_it_fast_is_true():
    names = names_of("how_it_works.md")
    assert 10 <= len(names["left"]) < 0.05 * len(names["items"])


def test_a_model_file_is_read_without_penchant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = names_of("reference/files.md")
    assert names["items"] == ["dub inc", "ska-p"]
    model = names["model"]
    np.testing.assert_allclose(names["scores"], model.user_factors @ model.item_factors.T, rtol=1e-6)
    page = (DOCS / "reference/files.md").read_text(encoding="utf-8")
    assert not [
        name
        for name in names["header"]
        if name.startswith("interactions") and name.split(".")[-1] not in page
    ]

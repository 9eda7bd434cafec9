"""Labels of requests as the data have them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Literal

from penchant.service._problem import Problem

Side = Literal["user", "item"]


def label_of(data: Any, side: Side, text: str) -> Any:
    """Return a label that came as a text: an integer where labels are integers."""
    labels = data.events.users if side == "user" else data.events.items
    if labels.are_integers:
        # As it is written in the data: neither 007 nor 1_000.
        with contextlib.suppress(ValueError):
            if str(int(text)) == text:
                return int(text)
    return text


def check_known(data: Any, side: Side, labels: Sequence[Any], field: str, *, single: bool = True) -> None:
    """Raise a `Problem` that names the field of a label that the model does not know."""
    codes = data.user_codes if side == "user" else data.item_codes
    for place, label in enumerate(labels):
        try:
            codes(label)
        except KeyError as error:
            sentence = str(error.args[0])
            if side == "user":
                sentence = sentence.partition("; did you mean")[0]  # nobody is told of other users
            raise Problem(404, sentence, field if single else f"{field}[{place}]") from None
        except (TypeError, ValueError, OverflowError) as error:
            raise Problem(422, str(error), field if single else f"{field}[{place}]") from None


def plain(values: Any) -> list[Any]:
    """Return labels or numbers as JSON has them."""
    listed: list[Any] = values.tolist() if hasattr(values, "tolist") else list(values)
    return listed

"""A `Recommender` for those who send answers on: columns instead of frames."""

from __future__ import annotations

from typing import Any

from penchant.recommender._answers import Answers
from penchant.recommender._recommender import Recommender


class PlainRecommender(Recommender):
    """A `Recommender` whose answers are dicts of columns, whatever the data came in."""

    @property
    def _answers(self) -> Answers:
        return _PlainAnswers(self.data)


class _PlainAnswers(Answers):
    def frame(self, columns: dict[str, Any]) -> Any:
        return columns

"""What some models can do and others cannot: asked by `isinstance`, answered in one sentence if missing."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class SupportsExplain(Protocol):
    """Says which of a user's items speak for another."""

    def explain(
        self, userid: Any, user_items: Any, itemid: Any, user_weights: Any = None, N: int = 10
    ) -> tuple[float, list[tuple[int, float]], Any]:
        """Return the score, the largest contributions to it, and what another call for the user may reuse."""

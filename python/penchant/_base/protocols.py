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


@runtime_checkable
class SupportsFeatures(Protocol):
    """Learns from features of users and items, and knows those who have nothing else."""

    def add_items(self, item_features: Any) -> None:
        """Add items that are known by their features."""

    def add_users(self, user_features: Any) -> None:
        """Add users who are known by their features."""

    def partial_fit_items(self, itemids: Any, item_users: Any, item_features: Any = None) -> None:
        """Solve for items anew, perhaps with other features."""

    def partial_fit_users(self, userids: Any, user_items: Any, user_features: Any = None) -> None:
        """Solve for users anew, perhaps with other features."""

    def recommend_for_features(
        self, user_features: Any, user_items: Any = None, N: int = 10, **options: Any
    ) -> tuple[Any, Any]:
        """Recommend to users by their features."""

    def explain_by_features(
        self, userid: Any, itemid: Any, side: Any = "items"
    ) -> tuple[list[tuple[int, float]], float, float]:
        """Return what each feature adds to a score, what all have in common, and the rest."""

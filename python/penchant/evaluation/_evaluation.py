"""What an evaluation found: means, and what they are means of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._frames import frame_of
from penchant._validation import Ids, integer, number

Values = npt.NDArray[np.float64]


class Evaluation(dict[str, float]):
    """Means by metric, such as ``found["ndcg@20"]``; with one cut-off ``found["ndcg"]`` as well.

    Attributes
    ----------
    users : numpy.ndarray of int32, shape [n_users]
        The users whom the means are over.
    values_of_users : dict of str to numpy.ndarray, shape [n_users]
        What each of them contributed, for metrics of which there is a value for each user; NaN where a metric
        says nothing about one.
    """

    def __init__(
        self, means: Mapping[str, float], users: Ids, values: Mapping[str, Values], cutoff: int | None
    ) -> None:
        super().__init__(means)
        self.users = users
        self.values_of_users = dict(values)
        self.cutoff = cutoff

    def __missing__(self, name: str) -> float:
        key = self._key(name)
        if key is None:
            msg = f"{name!r} was not measured; there are {', '.join(self)}"
            raise KeyError(msg)
        return self[key]

    def _key(self, name: str) -> str | None:
        if name in self:
            return name
        word, _, length = str(name).partition("@")
        if self.cutoff is not None and length == str(self.cutoff) and word in self:
            return word
        return None

    def of_users(self, metric: str) -> Values:
        """Return what each user contributed to a metric.

        Raises
        ------
        KeyError
            If the metric was not measured, or is one of all lists together.
        """
        key = self._key(metric)
        if key is None or key not in self.values_of_users:
            msg = f"there are no values of users for {metric!r}; there are {', '.join(self.values_of_users)}"
            raise KeyError(msg)
        return self.values_of_users[key]

    def per_user(self, backend: str | None = None) -> Any:
        """Return the values of users as a frame: a column ``user`` of codes, and one for each metric.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, optional
            The kind of frame; by default the first of these that is installed, or a dict.
        """
        return frame_of({"user": self.users, **self.values_of_users}, backend)

    def interval(
        self, metric: str, level: float = 0.95, samples: int = 1000, random_state: int = 0
    ) -> tuple[float, float]:
        """Return a bootstrap interval of a mean: in how far it depends on which users there happen to be.

        Parameters
        ----------
        metric : str
        level : float, default 0.95
            How often such intervals hold the mean over all users that there could be; above 0 and below 1.
        samples : int, default 1000
            How many samples of users, drawn with replacement.
        random_state : int, default 0

        Returns
        -------
        low, high : float
            The quantiles of the means of the samples (the percentile method; Efron and Tibshirani 1993).
        """
        values = self.of_users(metric)
        values = values[~np.isnan(values)]
        if not 0 < number(level, "level") < 1:
            msg = f"level must be above 0 and below 1, got {level}"
            raise ValueError(msg)
        means = bootstrap_means(values, integer(samples, "samples", 1), random_state)
        low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def by_group(self, groups: Any) -> dict[Any, dict[str, float]]:
        """Return the means over the users of each group.

        Parameters
        ----------
        groups : array, shape [n_users of the model]
            The group of each user by code, such as a country, or how active they are.

        Returns
        -------
        dict of group to dict of metric to mean, with ``users`` for how many those are
        """
        every = np.asarray(groups)
        if every.ndim != 1 or (len(self.users) and len(every) <= self.users.max()):
            msg = f"groups must have one group for each user of the model, got shape {every.shape}"
            raise ValueError(msg)
        own = every[self.users]
        found: dict[Any, dict[str, float]] = {}
        for group in np.unique(own).tolist():
            there = own == group
            means = {name: _mean(values[there]) for name, values in self.values_of_users.items()}
            found[group] = means | {"users": float(there.sum())}
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return Evaluation, (dict(self), self.users, self.values_of_users, self.cutoff)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="text-align: left">{name}</td>'
            f'<td style="text-align: right">{shown(value)}</td></tr>'
            for name, value in self.items()
        )
        return f"<table>{rows}</table>"


def shown(value: float) -> str:
    """Return a value as people read it: a count whole, anything else with four digits."""
    return f"{value:,.0f}" if value == round(value) and abs(value) > 1 else f"{value:.4f}"


def bootstrap_means(values: Values, samples: int, random_state: int) -> Values:
    """Return the means of samples of as many values, drawn with replacement."""
    random = np.random.default_rng(random_state)
    if not len(values):
        return np.full(samples, np.nan)
    # A few samples at a time.
    means = np.empty(samples)
    step = max(1, (1 << 22) // len(values))
    for first in range(0, samples, step):
        count = min(step, samples - first)
        drawn = random.integers(len(values), size=(count, len(values)), dtype=np.int32)
        means[first : first + count] = values[drawn].mean(axis=1)
    return means


def _mean(values: Values) -> float:
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else float("nan")

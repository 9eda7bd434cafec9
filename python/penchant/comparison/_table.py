"""What a comparison found, as a table, and drawn."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from penchant._frames import frame_of
from penchant.evaluation import METRICS, Comparison, Evaluation, compare_users, with_cutoff

if TYPE_CHECKING:
    from penchant.comparison._compare import Measured


class ComparisonTable:
    """One row for each model: metrics with intervals, seconds, memory and size.

    Attributes
    ----------
    evaluations : dict of str to Evaluation
        Of each model by name; of several splits, of the users of all.
    metrics : list of str
    split : str
        How the data was split.
    """

    def __init__(self, found: dict[str, Measured], metrics: list[str], level: float, split: str) -> None:
        self.metrics, self.split = metrics, split
        self.evaluations = {name: _joined(each.evaluations) for name, each in found.items()}
        self._found = found
        self._rows = [self._row(name, each, level) for name, each in found.items()]

    def _row(self, name: str, found: Measured, level: float) -> dict[str, Any]:
        row: dict[str, Any] = {"model": name}
        evaluation = self.evaluations[name]
        for metric in self.metrics:
            row[metric] = evaluation[metric]
            if METRICS[metric.partition("@")[0]].kind != "all":
                row[f"{metric} low"], row[f"{metric} high"] = evaluation.interval(metric, level)
        row |= {"fit seconds": found.fit_seconds, "recommend seconds": found.recommend_seconds}
        megabytes = 1 << 20
        row["fit memory, MiB"] = None if found.memory is None else found.memory / megabytes
        row["model size, MiB"] = None if found.size is None else found.size / megabytes
        return row

    def frame(self, backend: str | None = None) -> Any:
        """Return the table as a frame, with the bounds of the intervals in columns of their own.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, optional
            The kind of frame; by default the first of these that is installed, or a dict.
        """
        return frame_of({name: [row[name] for row in self._rows] for name in self._rows[0]}, backend)

    def best(self, metric: str) -> str:
        """Return the name of the best model by a metric."""
        metric = with_cutoff(metric)
        sign = -1.0 if METRICS[metric.partition("@")[0]].higher_is_better is False else 1.0
        return max(self.evaluations, key=lambda name: sign * self.evaluations[name][metric])

    def significance(self, metric: str | None = None) -> list[Comparison]:
        """Compare every two models by what they did for the same users; see `compare_users`.

        Parameters
        ----------
        metric : str, optional
            By default the first one of the table.
        """
        return compare_users(self.evaluations, with_cutoff(metric or self.metrics[0]))

    def to_markdown(self) -> str:
        """Return the table in Markdown."""
        head, *rows = self._texts()
        lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
        return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)

    def plot(self, kind: str = "tradeoff", file: Any = None, metric: str | None = None) -> Any:
        """Draw the comparison.

        Parameters
        ----------
        kind : {"tradeoff", "activity", "long_tail"}, default "tradeoff"
            A metric against novelty; a metric by how much users have in training; or the share of the long
            tail.
        file : path, optional
            Where to write the picture.
        metric : str, optional
            By default the first one of the table.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            Without Matplotlib, ``pip install 'penchant[plot]'``.
        ValueError
            If there is no such picture, or nothing to draw.
        """
        from penchant.comparison import _plots  # noqa: PLC0415 - Matplotlib is optional

        metric = with_cutoff(metric or self.metrics[0])
        if kind == "tradeoff":
            return _plots.tradeoff(self.evaluations, metric, file)
        if kind == "activity":
            histories = {name: np.concatenate(each.histories) for name, each in self._found.items()}
            return _plots.plot_activity(self.evaluations, histories, metric, file)
        if kind == "long_tail":
            return _plots.long_tail(self.evaluations, metric, file)
        msg = f'kind must be "tradeoff", "activity" or "long_tail", got {kind!r}'
        raise ValueError(msg)

    def _texts(self) -> list[list[str]]:
        head = ["model", *self.metrics, "fit", "recommend", "memory", "size"]
        lines = [head]
        for row in self._rows:
            cells = [row["model"]]
            for metric in self.metrics:
                text = f"{row[metric]:.4f}"
                if f"{metric} low" in row:
                    text += f" ({row[f'{metric} low']:.4f} to {row[f'{metric} high']:.4f})"
                cells.append(text)
            cells += [f"{row['fit seconds']:.2f} s", f"{row['recommend seconds']:.2f} s"]
            for name in ("fit memory, MiB", "model size, MiB"):
                cells.append("" if row[name] is None else f"{row[name]:.1f} MiB")
            lines.append(cells)
        return lines

    def __repr__(self) -> str:
        lines = self._texts()
        widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
        shown = [
            "  ".join(
                cell.ljust(width) if at == 0 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        ]
        return "\n".join(line.rstrip() for line in shown)

    def _repr_html_(self) -> str:
        head, *rows = self._texts()
        aligned = ["left"] + ["right"] * (len(head) - 1)

        def line(cells: list[str], tag: str) -> str:
            texts = (
                f'<{tag} style="text-align: {side}">{escape(cell)}</{tag}>'
                for cell, side in zip(cells, aligned, strict=True)
            )
            return f"<tr>{''.join(texts)}</tr>"

        body = "".join(line(row, "td") for row in rows)
        return f"<table>{line(head, 'th')}{body}</table>"


def _joined(evaluations: list[Evaluation]) -> Evaluation:
    """Return the evaluations of several splits as one over the users of all."""
    if len(evaluations) == 1:
        return evaluations[0]
    first = evaluations[0]
    values = {
        name: np.concatenate([each.values_of_users[name] for each in evaluations])
        for name in first.values_of_users
    }
    means: dict[str, float] = {}
    for name in first:
        if name in values:
            means[name] = float(np.nanmean(values[name]))
        elif name in ("users", "cold_users"):
            means[name] = sum(each[name] for each in evaluations)
        else:
            means[name] = float(np.mean([each[name] for each in evaluations]))
    users = np.concatenate([each.users for each in evaluations])
    return Evaluation(means, users, values, first.cutoff)

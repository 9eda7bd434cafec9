"""What all pictures have in common. Needs Matplotlib."""

from __future__ import annotations

import os
from typing import Any


def figure(columns: int = 1, rows: int = 1, width: float = 5.2, height: float = 3.6) -> tuple[Any, Any]:
    """Return a figure and its axes, one or an array of them, with nothing but what is needed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - it is optional
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        msg = "pictures need Matplotlib: pip install 'penchant[plot]'"
        raise ImportError(msg) from None
    made = Figure(figsize=(columns * width, rows * height), layout="constrained")
    FigureCanvasAgg(made)  # it needs no screen
    axes = made.subplots(rows, columns)
    for each in axes.flat if hasattr(axes, "flat") else [axes]:
        each.spines[["top", "right"]].set_visible(False)
        each.grid(alpha=0.25)
        each.set_axisbelow(True)
    return made, axes


def legend(axes: Any) -> None:
    """Add a legend beside the axes, where it hides nothing."""
    axes.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))


def finished(made: Any, file: str | os.PathLike[str] | None) -> Any:
    """Write a figure to a file if there is one, in the format that its name says, and return it."""
    if file is not None:
        made.savefig(file, dpi=150)
    return made

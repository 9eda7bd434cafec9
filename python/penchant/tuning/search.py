"""The search: which model, and which of its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penchant._frames import frame_of
from penchant._validation import describe, integer, number
from penchant.exceptions import ModelFitError
from penchant.splitting import Split, Splitter, splitter
from penchant.tuning._blending import best_blend
from penchant.tuning._trials import Bench, Runner
from penchant.tuning.spaces import Space


@dataclass(frozen=True, repr=False)
class Tuned:
    """What a search found.

    Attributes
    ----------
    model
        The best model, fitted to all of the data; unfitted if nobody wanted that.
    name : str
        Its short name.
    parameters : dict
        What it was made with.
    value : float
        The metric on the part that was put aside.
    metric : str
    study : optuna.Study
        Every trial.
    interrupted : bool
        Whether Ctrl-C ended the search.
    """

    model: Any
    name: str
    parameters: dict[str, Any]
    value: float
    metric: str
    study: Any
    interrupted: bool

    def trials(self, backend: str | None = None) -> Any:
        """Return all trials as a frame: model, value, state, seconds, epochs, factors and parameters.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, optional
            The kind of frame; by default the first of these that is installed, or a dict.
        """
        rows = [
            {
                "trial": trial.number,
                "model": trial.user_attrs.get("model"),
                "value": trial.value,
                "state": trial.state.name.lower(),
                "seconds": trial.user_attrs.get("seconds"),
                "epochs": trial.user_attrs.get("epochs"),
                "factors": trial.user_attrs.get("factors"),
                "parameters": str(trial.user_attrs.get("parameters", {})),
            }
            for trial in self.study.trials
        ]
        return frame_of({name: [row[name] for row in rows] for name in rows[0]} if rows else {}, backend)

    def plot(self, file: Any = None) -> Any:
        """Draw the trials and the curves of those that were fitted in epochs.

        Parameters
        ----------
        file : path, optional
            Where to write the picture.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            Without Matplotlib, ``pip install 'penchant[plot]'``.
        """
        from penchant.tuning._plot import plot_study  # noqa: PLC0415 - it is optional

        return plot_study(self.study, self.metric, file)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_short(value)}" for name, value in self.parameters.items())
        ended = ", interrupted" if self.interrupted else ""
        made = f" with {shown}" if shown else ""
        count = len(self.study.trials)
        return f"Tuned({self.name}: {self.metric} {self.value:.4f}{made}; {count} trials{ended})"


def tune(
    data: Any,
    models: str | Sequence[str] = ("als", "rp3beta", "cosine"),
    metric: str = "ndcg@20",
    trials: int = 50,
    timeout: float | None = None,
    *,
    user_features: Any = None,
    item_features: Any = None,
    split: str | Splitter = "random",
    factors: int | Sequence[int] = (64, 256),
    spaces: Mapping[str, Space] | None = None,
    blend: bool = True,
    users: int | None = 5000,
    jobs: int = 1,
    num_threads: int = 0,
    storage: str | Path | None = None,
    study_name: str = "penchant",
    random_state: int = 0,
    refit: bool = True,
    show_progress: bool = True,
    runner: Runner | None = None,
) -> Tuned:
    """Find the model and the parameters that do best on a part of the data that is put aside.

    Every trial is a model with parameters, drawn by Optuna where earlier ones were good (a tree-structured
    Parzen estimator; Bergstra et al. 2011); the kinds of models take turns. Alternating least squares is
    measured after every epoch, which finds the number of epochs, and given up where it falls behind. It
    starts with few factors; the best three go on with more. In the end the best two models of different kinds
    are blended, and the best of all is fitted to all of the data.

    Parameters
    ----------
    data : Interactions, scipy.sparse matrix or array, or Split
        What to learn from. Of a `Split` only the part to learn from is looked at, never the test part.
    models : str or sequence of str, default ("als", "rp3beta", "cosine")
        The short names of those to try: those in `SPACES`, or with a space of their own in `spaces`.
    metric : str, default "ndcg@20"
        What to make large: one of `penchant.evaluation.METRICS`.
    trials : int, default 50
        How many trials, those that are in `storage` already included.
    timeout : float, optional
        About how many seconds in all: no trial begins after two thirds of them, as the best have yet to be
        looked at with more factors, blended, and fitted to everything; what has begun is not cut short.
    user_features, item_features : Features, sparse matrix or array, shape [n_rows, n_features], optional
        What is known of users and items besides, for the models that learn from it. There is no blend then.
    split : str or Splitter, default "random"
        How the part is put aside, as for `Interactions.split`; ``"random"`` is a fifth.
    factors : int or sequence of int, default (64, 256)
        The numbers of factors for alternating least squares: all trials have the first.
    spaces : dict of str to dict, optional
        For models by short name, the ranges of their parameters: `Float`, `Int` or `Choice`.
    blend : bool, default True
        Whether the best two models of different kinds are blended, and the blend taken if it is better.
    users : int or None, default 5000
        How many of the users are measured; None for all.
    jobs : int, default 1
        How many trials run at a time; they share the threads, of which one fit uses all. With more than one,
        what is tried depends on which trial ends first.
    num_threads : int, default 0
        The threads of all trials together; 0 for all that the process may use.
    storage : path or URL, optional
        Where trials are kept, so that a search can go on later: a file of its own, or the URL of a database
        as Optuna knows it.
    study_name : str, default "penchant"
        Which search in there.
    random_state : int, default 0
        Equal searches of one job and without a timeout find equal models.
    refit : bool, default True
        Whether the best model is fitted to all of the data.
    show_progress : bool, default True
        Show a progress bar that counts trials.
    runner : callable, optional
        Who fits and measures: ``runner(bench, name, parameters, falls_behind)`` does what `Bench.attempt`
        does, somewhere else. `penchant.distributed.tune` has one for a cluster.

    Returns
    -------
    Tuned

    Raises
    ------
    ImportError
        Without Optuna, ``pip install 'penchant[tuning]'``.
    TypeError, ValueError
        If an argument is out of range, there is no such model, metric or split, the split leaves nobody to
        test, no trial ended well, or the trials in `storage` are of other data.
    KeyboardInterrupt
        On Ctrl-C before a trial has ended. Later, the search ends with the best so far.
    """
    names = [models] if isinstance(models, str) else list(models)
    rungs = [
        integer(each, "factors", 1) for each in (factors if isinstance(factors, Sequence) else [factors])
    ]
    if not names or not rungs:
        msg = f"{'models' if not names else 'factors'} must name at least one"
        raise ValueError(msg)
    if timeout is not None and not number(timeout, "timeout") > 0:
        msg = f"timeout must be above 0, got {timeout}"
        raise ValueError(msg)
    if isinstance(data, Split):
        data = data.train
    jobs, random_state = integer(jobs, "jobs", 1), integer(random_state, "random_state", 0)
    bench = Bench(
        data, splitter(split), names, metric, spaces or {}, rungs, users, jobs, num_threads, random_state,
        timeout, runner, user_features, item_features,
    )  # fmt: skip
    study = bench.study(storage, _text(study_name, "study_name"))
    interrupted = bench.search(study, integer(trials, "trials", 1), show_progress)
    bench.best(study)  # which raises if there is none
    if not interrupted:
        interrupted = bench.climb(study, show_progress)
    best = bench.best(study)
    if blend and not bench.known and not interrupted and not bench.is_late():
        try:
            blended = best_blend(bench, study)
            best = max([best, blended], key=lambda each: bench.sign * each.value) if blended else best
        except KeyboardInterrupt:
            interrupted = True
        except (MemoryError, ModelFitError):
            pass  # it is not worth as much as what there is
    model = bench.model_of(best)
    if refit:
        model.fit(bench.whole, show_progress=False, **bench.known_of_all.of(model))
    return Tuned(model, best.name, best.parameters, best.value, bench.metric, study, interrupted)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        msg = f"{name} must be a string, got {describe(value)}"
        raise TypeError(msg)
    return value


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else repr(value)

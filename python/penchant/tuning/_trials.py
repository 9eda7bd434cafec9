"""Trials: models with parameters, and how good they are on what was put aside."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from tqdm.auto import tqdm

from penchant import _core
from penchant._base import registry
from penchant._base.feature_rows import FitFeatures
from penchant._sparse import canonical_matrix
from penchant._validation import describe, integer
from penchant.evaluation import evaluate, sign_of, with_cutoff
from penchant.exceptions import ModelFitError
from penchant.splitting import Splitter, matrix_of
from penchant.tuning._data import fingerprint, sampled
from penchant.tuning.spaces import Choice, Int, Range, Space, first_of, space_of

# The most epochs of a trial, and how many may pass without an improvement.
_EPOCHS = 30
_PATIENCE = 2
# How many of the best go on with more factors.
_SURVIVORS = 3
# No trial begins after this part of the time.
_PART_OF_TIME = 2 / 3
# Nor a larger fit or a blend after this one.
_LATE = 0.8


@dataclass(slots=True)
class Found:
    """A model with parameters, and its value."""

    name: str
    parameters: dict[str, Any]
    value: float
    parts: list[Found] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How good a model with parameters was, what is to be remembered of it, and whether it was given up."""

    value: float
    attributes: dict[str, Any]
    fell_behind: bool = False


#: Hears of an epoch and its value, and says whether a trial should be given up.
FallsBehind: TypeAlias = Callable[[int, float], bool]


class Bench:
    """Data of which a part is put aside, and what is tried with it."""

    def __init__(
        self,
        data: Any,
        split: Splitter,
        names: list[str],
        metric: Any,
        spaces: Mapping[str, Space],
        rungs: list[int],
        users: int | None,
        jobs: int,
        num_threads: Any,
        random_state: int,
        timeout: float | None,
        runner: Runner | None = None,
        user_features: Any = None,
        item_features: Any = None,
    ) -> None:
        self.runner: Runner = Bench.attempt if runner is None else runner
        self.metric, self.sign = with_cutoff(metric), sign_of(metric)
        whole: Any = matrix_of(data)
        if not hasattr(whole, "tocsr"):
            msg = f"data must be Interactions, a Split or a scipy.sparse matrix, got {describe(data)}"
            raise TypeError(msg)
        self.whole = whole = canonical_matrix(whole, "data")
        self.known_of_all = known = FitFeatures(data, user_features, item_features)
        self.spaces = {
            name: dict(spaces[name]) if name in spaces else space_of(name, whole, bool(known))
            for name in names
        }
        for name in names:
            registry.model_class(name)
        made = split.split(data)
        self.train = canonical_matrix(matrix_of(made.train), "data")
        # The part to learn from may have fewer users and items.
        self.known = FitFeatures(made.train, user_features, item_features)
        test = sampled(canonical_matrix(matrix_of(made.test), "data"), users, random_state)
        self.split = replace(made, train=self.train, test=test)
        self.about: dict[str, Any] = {
            "metric": self.metric, "split": str(split), "users": users, "random_state": random_state,
            "data": fingerprint(whole),
        }  # fmt: skip
        if known:
            self.about["features"] = [fingerprint(matrix) for matrix in known.matrices()]
        self.names, self.rungs, self.jobs, self.random_state = names, rungs, jobs, random_state
        threads = integer(num_threads, "num_threads", 0) or _core.threads()
        self.threads = max(1, threads // jobs)
        self.started = time.monotonic()
        self.timeout = timeout

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"runner": Bench.attempt}  # where it goes it makes attempts itself

    def is_late(self) -> bool:
        """Whether nothing more should begin but the last fit."""
        return self.timeout is not None and time.monotonic() - self.started > _LATE * self.timeout

    def study(self, storage: str | Path | None, name: str) -> Any:
        """Return the study, a new one or one that goes on."""
        optuna = _optuna()
        kept = None
        if storage is not None:
            text = os.fspath(storage)
            journal = optuna.storages.journal.JournalFileBackend
            kept = text if "://" in text else optuna.storages.JournalStorage(journal(text))
        direction = "maximize" if self.sign > 0 else "minimize"
        sampler = optuna.samplers.TPESampler(seed=self.random_state, n_startup_trials=8)
        pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2)
        study = optuna.create_study(
            storage=kept, sampler=sampler, pruner=pruner, study_name=name, direction=direction,
            load_if_exists=True,
        )  # fmt: skip
        about = study.user_attrs.get("about")
        if about is not None and about != self.about:
            msg = (
                f"the study {name!r} in storage is of other data or another metric: {about}, not {self.about}"
            )
            raise ValueError(msg)
        study.set_user_attr("about", self.about)
        if not study.trials:
            for model in self.names:
                for start in first_of(model, self.spaces[model]):
                    named = {f"{model}.{key}": value for key, value in start.items()}
                    study.enqueue_trial(named, user_attrs={"model": model})
        return study

    def search(self, study: Any, trials: int, show_progress: bool) -> bool:
        """Make trials, and return whether Ctrl-C has ended that."""
        optuna = _optuna()
        waiting = optuna.trial.TrialState.WAITING
        done = sum(t.state != waiting and not t.user_attrs.get("follows") for t in study.trials)
        with tqdm(total=trials, initial=min(done, trials), disable=not show_progress, unit="trial") as bar:

            def told(study: Any, _trial: Any) -> None:
                bar.update()
                ended = [t for t in study.trials if t.value is not None]
                if ended:
                    best = study.best_trial
                    bar.set_postfix_str(f"{best.user_attrs.get('model')} {self.metric}={best.value:.4f}")

            passed = time.monotonic() - self.started
            left = None if self.timeout is None else max(1.0, _PART_OF_TIME * self.timeout - passed)
            try:
                if trials > done:
                    study.optimize(
                        self.trial, n_trials=trials - done, timeout=left, n_jobs=self.jobs, callbacks=[told],
                        catch=(MemoryError, ModelFitError),
                    )  # fmt: skip
            except KeyboardInterrupt:
                if not self.found(study):
                    raise
                return True
        return False

    def trial(self, trial: Any) -> float:
        """Try a model with parameters that the study suggests."""
        # In turn: with few factors one kind may look worse than it will be in the end.
        wide = [each for each in self.names if self.spaces[each]] or self.names
        name = trial.user_attrs.get("model", wide[trial.number % len(wide)])
        chosen = {
            key: _suggested(trial, f"{name}.{key}", each) for key, each in sorted(self.spaces[name].items())
        }
        parameters = self._parameters(name, chosen, self.rungs[0])
        return self.measured(trial, name, parameters, prunes=True)

    def measured(self, trial: Any, name: str, parameters: dict[str, Any], *, prunes: bool) -> float:
        """Fit a model to one part and measure it on the other; the trial hears of it."""

        def falls_behind(epoch: int, value: float) -> bool:
            trial.report(value, epoch)
            return bool(trial.should_prune())

        attempt = self.runner(self, name, parameters, falls_behind if prunes else None)
        for attribute, value in attempt.attributes.items():
            trial.set_user_attr(attribute, value)
        if attempt.fell_behind:
            raise _optuna().TrialPruned
        return attempt.value

    def attempt(self, name: str, parameters: dict[str, Any], falls_behind: FallsBehind | None) -> Attempt:
        """Fit a model to one part and measure it on the other, unless it falls behind."""
        started = time.monotonic()
        model = self.unfitted(name, parameters)
        attributes: dict[str, Any] = {"model": name, "parameters": parameters}
        if name == "als":
            fell_behind = False

            def after_epoch(epoch: int, _seconds: float, _loss: float) -> bool:
                nonlocal fell_behind
                if falls_behind is not None:
                    fell_behind = falls_behind(epoch, model.validation_history[-1][1])
                return fell_behind

            model.fit(
                self.train, show_progress=False, callback=after_epoch, validation=self.split,
                metric=self.metric, patience=_PATIENCE, **self.known.of(model),
            )  # fmt: skip
            history = model.validation_history
            epochs, value = max(history, key=lambda each: self.sign * each[1])
            attributes["parameters"] = parameters | {"iterations": epochs}
            attributes |= {"epochs": epochs, "factors": parameters["factors"]}
            attributes["history"] = [float(each) for _, each in history]
            if fell_behind:
                return Attempt(float(value), attributes, fell_behind=True)
        else:
            model.fit(self.train, show_progress=False, **self.known.of(model))
            value = self.value_of(model)
        return Attempt(float(value), attributes | {"seconds": round(time.monotonic() - started, 2)})

    def value_of(self, model: Any, test: Any = None) -> float:
        """Measure a fitted model."""
        split = self.split if test is None else replace(self.split, test=test)
        found = evaluate(
            model, split, metrics=self.metric, show_progress=False, num_threads=self.threads
        )  # fmt: skip
        return found[self.metric]

    def some_test(self, users: int) -> Any:
        """Return the test part of fewer users."""
        return sampled(self.split.test, users, self.random_state)

    def climb(self, study: Any, show_progress: bool) -> bool:
        """Let the best of "als" go on with more factors, and return whether Ctrl-C has ended that."""
        survivors = self.found(study, "als")
        for place, rung in enumerate(self.rungs[1:]):
            survivors = [one for one in survivors if one.parameters["factors"] < rung]
            count = max(1, _SURVIVORS - place)
            climbed = []
            steps = tqdm(survivors[:count], disable=not show_progress, unit="fit", desc=f"{rung} factors")
            for one in steps:
                if self.is_late():
                    return False
                trial = _Added()
                parameters = one.parameters | {"factors": rung, "iterations": _EPOCHS}
                try:
                    value = self.measured(trial, "als", parameters, prunes=False)
                except KeyboardInterrupt:
                    return True
                except (MemoryError, ModelFitError):
                    continue
                trial.add_to(study, value)
                climbed.append(Found("als", trial.attributes["parameters"], value))
            survivors = sorted(climbed, key=lambda each: -self.sign * each.value)
        return False

    def found(self, study: Any, name: str | None = None) -> list[Found]:
        """Return what has been tried, the best first."""
        complete = _optuna().trial.TrialState.COMPLETE
        every = [
            Found(t.user_attrs["model"], dict(t.user_attrs["parameters"]), float(t.value))
            for t in study.trials
            if t.state == complete and t.user_attrs.get("model") in self.names and np.isfinite(t.value)
        ]
        own = [each for each in every if name is None or each.name == name]
        return sorted(own, key=lambda each: -self.sign * each.value)

    def best(self, study: Any) -> Found:
        """Return the best of all trials."""
        found = self.found(study)
        if not found:
            fail = _optuna().trial.TrialState.FAIL
            failed = sum(trial.state == fail for trial in study.trials)
            how_many = f"{failed} of {len(study.trials)} failed"
            msg = f"no trial has ended well: {how_many}; more trials or another space may help"
            raise ValueError(msg)
        return found[0]

    def unfitted(self, name: str, parameters: Mapping[str, Any]) -> Any:
        """Return the model."""
        made = registry.model_class(name)(**parameters)
        made.num_threads = self.threads
        return made

    def model_of(self, found: Found) -> Any:
        """Return the model, unfitted, that uses all threads."""
        if found.parts:
            parts = [self.model_of(part) for part in found.parts]
            return registry.model_class("blend")(parts, weights=found.weights)
        return registry.model_class(found.name)(**found.parameters)

    def _parameters(self, name: str, chosen: dict[str, Any], factors: int) -> dict[str, Any]:
        if name != "als":
            return chosen
        return {"iterations": _EPOCHS, "factors": factors, "random_state": self.random_state} | chosen


class _Added:
    """A trial that was not drawn but follows from others."""

    def __init__(self) -> None:
        self.attributes: dict[str, Any] = {"follows": True}

    def set_user_attr(self, name: str, value: Any) -> None:
        """Remember something about it."""
        self.attributes[name] = value

    def add_to(self, study: Any, value: float) -> None:
        """Add it to a study."""
        study.add_trial(_optuna().trial.create_trial(value=value, user_attrs=self.attributes))


#: Makes an attempt: what `Bench.attempt` does, wherever.
Runner: TypeAlias = Callable[[Bench, str, dict[str, Any], FallsBehind | None], Attempt]


def added(study: Any, value: float, **attributes: Any) -> None:
    """Add a trial that was not drawn."""
    trial = _Added()
    trial.attributes |= attributes
    trial.add_to(study, value)


def _suggested(trial: Any, name: str, each: Range) -> Any:
    if isinstance(each, Choice):
        return trial.suggest_categorical(name, list(each.values))
    if isinstance(each, Int):
        return trial.suggest_int(name, each.low, each.high, log=each.log)
    return trial.suggest_float(name, each.low, each.high, log=each.log)


def _optuna() -> Any:
    try:
        import optuna  # noqa: PLC0415 - it is optional
    except ImportError:
        msg = "tuning needs Optuna: pip install 'penchant[tuning]'"
        raise ImportError(msg) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna

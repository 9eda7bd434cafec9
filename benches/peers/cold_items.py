"""How well items that nobody knows are recommended by their features, beside the feature-aware iALS of irspack.

MovieLens 1M, a tenth of the films held out for the test and another for choosing parameters; genres, year and the words
of titles as features. Both libraries get the same trials of the same search (Optuna's TPE) on the films put aside, with
either of two matrices of features: plain zeros and ones, and what `Features` makes of columns by its kinds. The films that
were held out are ranked among each other, and beside that among all.

    python benches/peers/cold_items.py [--trials 40] [--seeds 3]
"""

import argparse
import contextlib
import io
import json
import os
import statistics
import warnings
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import scipy.sparse as sp

import penchant
from penchant.evaluation import evaluate
from penchant.features import Category, Number, Tags, Text

DATA = Path(os.environ.get("PENCHANT_DATA", Path(__file__).parents[2].parent / "shared/data")) / "ml-1m"
OUT = Path(__file__).parents[1] / "results/cold_items.json"
METRICS = ("recall@20", "ndcg@20")
PLAIN = {"genres": Tags(), "year": Category(), "title": Tags(separator=" ")}
OWN = {"genres": Tags(), "year": Number(knots=20), "title": Text(min_rows=2, weight=0.7)}


def films():
    frame = pd.read_parquet(DATA / "movies.parquet")
    frame["year"] = frame.title.str.extract(r"\((\d{4})\)\s*$")[0].astype(float)
    frame["title"] = frame.title.str.replace(r"\(\d{4}\)\s*$", "", regex=True).str.lower()
    return frame


def scored(users, items, train, test, held=None):
    """Metrics of test items, ranked among those that were held out, or among all."""
    model = penchant.AlternatingLeastSquares(factors=users.shape[1])
    model.user_factors, model.item_factors = users.astype(np.float32), items.astype(np.float32)
    found = evaluate(model, train, test, metrics=METRICS, show_progress=False, items=held)
    return {name: found[name.partition("@")[0]] for name in METRICS}


def ours(train, features, settings):
    model = penchant.AlternatingLeastSquares(random_state=0, **settings)
    model.fit(train, show_progress=False, item_features=features)
    return model.user_factors, model.item_factors


def theirs(train, features, settings):
    from irspack import IALSRecommender

    warm = np.flatnonzero(np.bincount(train.indices, minlength=train.shape[1]))
    # It has no constant of its own.
    features = sp.csr_matrix(sp.hstack([features, np.ones((features.shape[0], 1))]), dtype=np.float32)
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        model = IALSRecommender(train[:, warm], item_features=features[warm], random_seed=0, **settings)
        model.learn()
    items = model.compute_item_embedding_from_features(features)
    items[warm] = model.get_item_embedding()
    return model.get_user_embedding(), items


def our_space(trial):
    return {
        "factors": trial.suggest_int("factors", 8, 128, log=True),
        "unobserved_weight": trial.suggest_float("unobserved_weight", 3e-3, 1, log=True),
        "regularization": trial.suggest_float("regularization", 1e-4, 1e-1, log=True),
        "regularization_exponent": trial.suggest_float("regularization_exponent", 0, 1),
        "feature_strength": trial.suggest_float("feature_strength", 0.1, 10, log=True),
        "feature_regularization": trial.suggest_float("feature_regularization", 0.3, 100, log=True),
        "iterations": trial.suggest_int("iterations", 4, 16),
    }


def their_space(trial):
    return {
        "n_components": trial.suggest_int("n_components", 8, 128, log=True),
        "alpha0": trial.suggest_float("alpha0", 3e-3, 1, log=True),
        "reg": trial.suggest_float("reg", 1e-4, 1e-1, log=True),
        "nu": trial.suggest_float("nu", 0, 1),
        "lambda_item_feature": trial.suggest_float("lambda_item_feature", 0.1, 1e4, log=True),
        "train_epochs": trial.suggest_int("train_epochs", 4, 16),
    }


LIBRARIES = {"penchant": (ours, our_space), "irspack": (theirs, their_space)}


def without(matrix, items):
    kept = np.ones(matrix.shape[1], np.float32)
    kept[items] = 0
    rest = sp.csr_matrix(matrix @ sp.diags_array(kept))
    rest.eliminate_zeros()
    return rest


def only(matrix, items):
    return without(matrix, np.setdiff1d(np.arange(matrix.shape[1]), items))


def one_seed(matrix, features, seed, trials):
    order = np.random.default_rng(seed).permutation(matrix.shape[1])
    tenth = matrix.shape[1] // 10
    test, aside = np.sort(order[:tenth]), np.sort(order[tenth : 2 * tenth])
    learn = without(matrix, np.concatenate([test, aside]))
    results = {}
    for library, (fit, space) in LIBRARIES.items():
        for name, given in features.items():

            def objective(trial, fit=fit, space=space, given=given):
                try:
                    users, items = fit(learn, given, space(trial))
                except (RuntimeError, ValueError):  # a factorization that fails, as irspack's may
                    raise optuna.TrialPruned from None
                found = scored(users, items, learn, only(matrix, aside), aside)
                return sum(found.values())

            study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
            study.optimize(objective, n_trials=trials)
            rest = without(matrix, test)
            fixed = space(optuna.trial.FixedTrial(study.best_params))
            users, items = fit(rest, given, fixed)
            found = scored(users, items, rest, only(matrix, test), test)
            among_all = scored(users, items, rest, only(matrix, test))
            results[f"{library}, {name}"] = {
                "cold": found,
                "among all": among_all,
                "aside": study.best_value,
                "parameters": fixed,
            }
            print(
                seed,
                library,
                name,
                {k: round(v, 4) for k, v in found.items()},
                "among all",
                {k: round(v, 4) for k, v in among_all.items()},
                f"aside {study.best_value:.4f}",
                fixed,
                flush=True,
            )
    # Of items that nobody has had, popularity says that all are alike.
    nobody = np.ones((matrix.shape[0], 1)), np.ones((matrix.shape[1], 1))
    results["popularity"] = {"cold": scored(*nobody, without(matrix, test), only(matrix, test), test)}
    print(seed, "popularity", results["popularity"]["cold"], flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    data = penchant.Interactions.from_frame(
        pd.read_parquet(DATA / "ratings.parquet"), user="userID", item="movieID"
    )
    features = {
        name: penchant.Features.from_frame(films(), id="movieID", columns=columns).aligned_with(data.items)
        for name, columns in (("plain", PLAIN), ("by kinds", OWN))
    }
    matrix = sp.csr_matrix(data.matrix)
    every = [one_seed(matrix, features, seed, options.trials) for seed in range(options.seeds)]
    OUT.write_text(json.dumps({"trials": options.trials, "seeds": every}, indent=1) + "\n")
    for name in every[0]:
        print(name, {m: round(statistics.mean(r[name]["cold"][m] for r in every), 4) for m in METRICS})


if __name__ == "__main__":
    main()

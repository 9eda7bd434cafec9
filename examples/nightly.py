"""What runs every night: fit, write everybody's list, and put the model where a service takes it.

    python nightly.py events.csv out/

The events have the columns user, item and weight. A service that was started with ``penchant serve
out/model.safetensors`` takes the new model by itself.
"""

import argparse
from pathlib import Path

import pandas as pd

from penchant import AlternatingLeastSquares, Interactions, Recommender


def main(arguments=None):
    """Fit, write lists, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("events", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--factors", type=int, default=64)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    data = Interactions.from_file(options.events, weight="weight", on_bad_rows="warn")
    print(data.report)
    model = AlternatingLeastSquares(factors=options.factors, confidence="log", random_state=0)
    recommender = Recommender(model).fit(data)
    pd.DataFrame(recommender.recommend(n=20)).to_csv(options.out / "lists.csv", index=False)
    # Replaced as a whole or not at all: whoever reads it meanwhile has the old one or the new one.
    recommender.save(options.out / "model.safetensors")


if __name__ == "__main__":
    main()

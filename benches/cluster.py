"""What sharing a fit costs and brings: one worker beside a plain fit, two beside one, and the bytes beside the formula.

python benches/cluster.py --scale 1.0
"""

import argparse
import statistics

import numpy as np
import scipy.sparse as sp

import penchant
from penchant.datasets import lastfm_shaped
from penchant.distributed import _epochs, _ray, _run, fit


def seconds_of(run):
    """Return the median of the epochs after the first two, and what was found."""
    seconds = []
    found = run(lambda _, each, __: seconds.append(each))
    return statistics.median(seconds[2:]), found


def expected_bytes(matrix, layout, factors):
    """Return what the formula says: halves of the rows that somebody else has entries of, both ways."""
    total = 0
    for owner in range(len(layout.workers)):
        users = slice(*layout.users_of(owner))
        for other in range(len(layout.workers)):
            if other != owner:
                items = slice(*layout.items_of(other))
                part = matrix[users][:, items]
                total += len(np.unique(part.indices)) + np.count_nonzero(np.diff(part.indptr))
    return 2 * factors * total


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    data = penchant.Interactions.from_matrix(lastfm_shaped(options.scale))
    matrix = sp.csr_matrix(data.matrix)

    def model():
        return penchant.AlternatingLeastSquares(
            factors=options.factors, alpha=0.01, iterations=10, random_state=0, num_threads=1
        )

    sent, layouts = [], []
    epoch, begin = _epochs.Epochs.epoch, _run.Run._begin

    def listened(self, *args):
        loss = epoch(self, *args)
        sent.append(self.sent)
        return loss

    def seen(self, *args):
        begin(self, *args)
        layouts.append(self._layout)

    _epochs.Epochs.epoch, _run.Run._begin = listened, seen
    with _ray.cluster(4):
        for _ in range(options.rounds):
            plain, alone = seconds_of(lambda told: model().fit(matrix, show_progress=False, callback=told))
            line = [f"plain {plain:.3f} s"]
            times = {}
            for workers in (1, 2):
                times[workers], shared = seconds_of(
                    lambda told, workers=workers: fit(
                        model(), data, workers=workers, show_progress=False, callback=told
                    )
                )
                line.append(f"{workers} worker{'s' if workers > 1 else ''} {times[workers]:.3f} s")
            wanted = expected_bytes(matrix, layouts[-1], options.factors)
            apart = abs(shared.model.loss_history[-1] / alone.loss_history[-1] - 1)
            print(
                *line,
                f"1 to plain {times[1] / plain:.2f}",
                f"2 to 1 {times[1] / times[2]:.2f}",
                f"loss apart {apart:.1e}",
                f"sent {sent[-1] / 1e6:.2f} MB, {wanted / 1e6:.2f} by the formula",
                sep=", ",
                flush=True,
            )


if __name__ == "__main__":
    main()

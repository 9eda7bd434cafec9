"""A process with a fit of its own, which says after each epoch how far it is."""

import sys
import time

import ray

import penchant
from penchant.datasets import made_plays

if __name__ == "__main__":
    folder, workers, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    made = made_plays()
    data = penchant.Interactions.from_matrix(
        made.matrix, [f"u{user}" for user in range(made.matrix.shape[0])]
    )
    model = penchant.AlternatingLeastSquares(factors=8, iterations=4, random_state=3, relaxation=1.8)

    def after_epoch(epoch, seconds, loss):
        if epoch == 0:
            print("nodes", *(node["NodeManagerAddress"] for node in ray.nodes()), flush=True)
        print("epoch", epoch, flush=True)
        time.sleep(pause)

    try:
        penchant.distributed.fit(
            model, data, workers=workers, checkpoint=folder, show_progress=False, callback=after_epoch
        )
    except KeyboardInterrupt:
        print("interrupted", model.user_factors is None, ray.is_initialized(), flush=True)
        raise
    print("losses", *model.loss_history, flush=True)

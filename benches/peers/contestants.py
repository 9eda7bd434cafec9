"""One contestant in one process: fit, and report seconds, memory and factors.

Run by compare.py as ``python contestants.py NAME DATA FACTORS EPOCHS THREADS OUTPUT``. All minimize the same
objective, confidence ``1 + alpha r``; a library whose formula differs gets values that make it so.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

ALPHA, REGULARIZATION = 2.0, 0.05


def penchant(matrix, factors, epochs, threads):
    from penchant.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=factors, regularization=REGULARIZATION, alpha=ALPHA, confidence="linear", iterations=epochs,
        num_threads=threads, random_state=0,
    )  # fmt: skip
    model.fit(matrix, show_progress=False)
    return lambda: (model.user_factors, model.item_factors)


def implicit(matrix, factors, epochs, threads):
    from implicit.cpu.als import AlternatingLeastSquares

    # Its confidence is alpha r: with alpha 1 and values 1 + alpha r that is the common objective.
    shifted = matrix.copy()
    shifted.data = 1.0 + ALPHA * shifted.data
    model = AlternatingLeastSquares(
        factors=factors, regularization=REGULARIZATION, alpha=1.0, iterations=epochs, num_threads=threads,
        random_state=0,
    )  # fmt: skip
    model.fit(shifted, show_progress=False)
    return lambda: (model.user_factors, model.item_factors)


def rusket(matrix, factors, epochs, threads):
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    from rusket import ALS

    model = ALS(
        factors=factors,
        regularization=REGULARIZATION,
        alpha=ALPHA,
        iterations=epochs,
        cg_iters=3,
        use_cuda=False,
    )
    model.fit(matrix)
    return lambda: (model.user_factors, model.item_factors)


def cmfrec(matrix, factors, epochs, threads):
    from cmfrec import CMF_implicit

    model = CMF_implicit(
        k=factors, lambda_=REGULARIZATION, alpha=ALPHA, niter=epochs, use_cg=True, max_cg_steps=3,
        finalize_chol=False, use_float=True, precompute_for_predictions=False, verbose=False, nthreads=threads,
    )  # fmt: skip
    model.fit(matrix.tocoo())
    return lambda: (model.A_, model.B_)


def irspack(matrix, factors, epochs, threads):
    from irspack import IALSRecommender

    scaled = matrix.copy()
    scaled.data = ALPHA * scaled.data
    model = IALSRecommender(
        scaled, n_components=factors, alpha0=1.0, reg=REGULARIZATION, nu=0.0, solver_type="CG", max_cg_steps=3,
        loss_type="ORIGINAL", n_threads=threads, train_epochs=epochs,
    )  # fmt: skip
    model.learn()
    return lambda: (model.get_user_embedding(), model.get_item_embedding())


def peak_mib(reset=False):
    """The most memory that this process has had, or has had since a reset where the system allows one."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        lines = Path("/proc/self/status").read_text().splitlines()
        [line] = [line for line in lines if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(name, data, factors, epochs, threads, output):
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    import numpy as np
    import scipy.sparse as sp

    file = np.load(data)
    matrix = sp.csr_matrix((file["data"], file["indices"], file["indptr"]), shape=tuple(file["shape"]))
    before = peak_mib(reset=True)
    started = time.perf_counter()
    factors_of = globals()[name](matrix, int(factors), int(epochs), int(threads))
    seconds = time.perf_counter() - started
    memory = peak_mib() - before
    if output != "-":
        users, items = factors_of()
        np.savez(output, users=np.asarray(users, np.float32), items=np.asarray(items, np.float32))
    # Some libraries print to standard output as well, and do not end their lines: the mark says which is ours.
    print("\nRESULT", json.dumps({"seconds": seconds, "peak_mib": memory}))


if __name__ == "__main__":
    main(*sys.argv[1:])

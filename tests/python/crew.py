"""Workers who share a fit, all of them in this process."""

from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from penchant.distributed._crew import Crew
from penchant.distributed._epochs import Epochs
from penchant.distributed._worker import Layout, Worker, dealt, leaves_of


class Together(Crew):
    def __init__(self, size):
        self.size = size
        self.workers = [Worker(rank) for rank in range(size)]

    def call(self, rank, method, args, returns=1):
        return getattr(self.workers[rank], method)(*args)

    def get(self, handles):
        return list(handles)


def pieces(plays, bounds):
    for first, end in pairwise(bounds):
        rows = plays[first:end]
        yield rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data


def crew_of(model, plays, count, leaves=16, users_travel=True):
    """Workers with their rows, and the epochs that they make."""
    plays = sp.csr_matrix(plays)
    users = leaves_of(np.diff(plays.indptr), leaves)
    items = leaves_of(np.bincount(plays.indices, minlength=plays.shape[1]), leaves)
    layout = Layout(users, items, dealt(leaves, count), users_travel, compact=True)
    crew = Together(count)
    entries = []
    for worker, (first, end) in zip(crew.workers, layout.workers, strict=True):
        own = list(pieces(plays, users[first : end + 1]))
        worker.load(model._params(), str(model.dtype), layout, None, *own)
        entries.append(sum(len(piece[1]) for piece in own))
    epochs = Epochs(crew, model._params(), entries, float(np.prod(plays.shape)), users_travel)
    epochs.meet()
    return crew, epochs, layout

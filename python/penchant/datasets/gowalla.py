"""Adjacency lists, the form of the Gowalla check-ins and their like: a user and the items, line by line."""

from __future__ import annotations

import os
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from penchant._validation import check_memory, integer
from penchant.datasets._download import Remote, Source, local, obtained
from penchant.datasets._lines import Lines

__all__ = ["get_gowalla", "read_adjacency_lists"]

_FOLDER = "https://raw.githubusercontent.com/kuandeng/LightGCN/master/Data/gowalla"
_TRAIN, _TEST = (Remote(name, _FOLDER) for name in ("train.txt", "test.txt"))
# Ids are places in a matrix, whose indices have 32 bits.
_MOST = 2**31 - 1
_DIGITS = 10


def get_gowalla(source: Source = None, *, progress: bool = True) -> tuple[Any, Any]:
    """Get the Gowalla check-ins, in the split that papers on graph models share.

    Parameters
    ----------
    source : str or pathlib.Path, optional
        A folder with ``train.txt`` and ``test.txt``, or the URL of one. By default they are downloaded from
        the repository of LightGCN (6 MB).
    progress : bool, default True
        Show a bar while downloading.

    Returns
    -------
    train, test : scipy.sparse.csr_array of float32, shape [n_users, n_items]
        29,858 users x 40,981 places; 1 where the user was, 810,128 times in `train` and 217,242 in `test`.

    Raises
    ------
    FileNotFoundError
        If a file is not where `source` says.
    DatasetError
        If a download failed.
    ValueError
        If a line is not as it should be, naming file and line.

    References
    ----------
    Cho, Myers and Leskovec, "Friendship and Mobility: User Movement in Location-Based Social Networks", 2011.
    https://snap.stanford.edu/data/loc-gowalla.html
    He, Deng, Wang, Li, Zhang and Wang, "LightGCN: Simplifying and Powering Graph Convolution Network for
    Recommendation", 2020. https://github.com/kuandeng/LightGCN
    """
    folder = local(source)
    if folder is not None:
        train, test = (read_adjacency_lists(folder / remote.name) for remote in (_TRAIN, _TEST))
    else:
        with (
            obtained(_TRAIN, source, progress=progress) as first,
            obtained(_TEST, source, progress=progress) as second,
        ):
            train, test = read_adjacency_lists(first), read_adjacency_lists(second)
    shape = tuple(max(sizes) for sizes in zip(train.shape, test.shape, strict=True))
    train.resize(shape)
    test.resize(shape)
    return train, test


def read_adjacency_lists(path: str | os.PathLike[str], items: int | None = None) -> Any:
    r"""Read who has what from lines of a user's id and the ids of the items.

    Ids are numbers from 0, with white space between them. A user may have no items, or several lines; an item
    that is named twice counts once. Blank lines mean nothing.

    Parameters
    ----------
    path : str or pathlib.Path
        The text file.
    items : int, optional
        The number of items, by default one more than the greatest id.

    Returns
    -------
    scipy.sparse.csr_array of float32, shape [n_users, n_items]
        1 for every pair; the number of users is one more than the greatest id.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If a line is not as it should be or has an item beyond `items`, naming file and line.
    MemoryError
        If an id is so great that the matrix would not fit.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name, "train.txt")
    >>> _ = path.write_text("0 2 1\n2 0\n")
    >>> read_adjacency_lists(path).toarray().tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    >>> folder.cleanup()
    """
    if items is not None:
        items = integer(items, "items", 0)
    most = _MOST if items is None else min(items - 1, _MOST)
    users, lengths, columns = array("q"), array("q"), array("q")
    with Path(path).open("rb") as file:
        lines = Lines(file, str(path))
        for line in lines:
            ids = line.split()
            if not ids:
                continue
            if not b"".join(ids).isdigit() or len(max(ids, key=len)) > _DIGITS:
                raise lines.mistake(line, "there must be nothing but ids, which are numbers from 0")
            user, *chosen = map(int, ids)
            if user > _MOST or max(chosen, default=0) > most:
                raise lines.mistake(line, f"users go up to {_MOST}, items up to {most}")
            users.append(user)
            lengths.append(len(chosen))
            columns.extend(chosen)
    shape = (max(users, default=-1) + 1, max(columns, default=-1) + 1 if items is None else items)
    check_memory(8 * shape[0], f"a matrix of {shape[0]} users")
    pairs = (np.repeat(np.asarray(users), np.asarray(lengths)), np.asarray(columns))
    matrix = sp.csr_array((np.ones(len(columns), np.float32), pairs), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix

"""LastFM-360K: how often 360 thousand users of Last.fm played which artists."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant.datasets._archive import member
from penchant.datasets._download import Remote, Source, is_url, local, obtained
from penchant.exceptions import DatasetError
from penchant.interactions import Interactions

__all__ = ["get_lastfm", "read_lastfm_360k"]

_HDF5 = Remote("lastfm_360k.hdf5", "https://github.com/benfred/recommender_data/releases/download/v1.0")
_ZENODO = "https://zenodo.org/records/6090214/files"
_TAR = Remote("lastfm-dataset-360K.tar.gz", _ZENODO, "md5:635e6ed3fc873aa4ba33aba0ebce02b1")
_TSV = Remote("usersha1-artmbid-artname-plays.tsv", _ZENODO)
_ARCHIVES = (".gz", ".tgz", ".tar", ".zip")

Labels = npt.NDArray[np.object_]


def get_lastfm(source: Source = None, *, progress: bool = True) -> tuple[Labels, Labels, Any]:
    """Get the LastFM-360K data set, as ``implicit.datasets.lastfm.get_lastfm`` returns it.

    Parameters
    ----------
    source : str or pathlib.Path, optional
        The HDF5 file that implicit downloads; or the original text file
        ``usersha1-artmbid-artname-plays.tsv``, its folder, or the archive
        ``lastfm-dataset-360K.tar.gz``; or the URL of one of these files, or of a folder with the HDF5 file.
        By default the HDF5 file is downloaded.
    progress : bool, default True
        Show a bar while downloading.

    Returns
    -------
    artists : numpy.ndarray of str (as objects), shape [n_artists]
        Names by row, sorted.
    users : numpy.ndarray of str (as objects), shape [n_users]
        Hashes of users by column, sorted.
    artist_user_plays : scipy.sparse.csr_matrix of float32, shape [n_artists, n_users]
        Play counts; 292,385 artists and 358,868 users in the HDF5 file. Models want its transpose.

    Raises
    ------
    FileNotFoundError
        If a file is not where `source` says.
    ImportError
        If the file is HDF5 and h5py is missing: ``pip install 'penchant[hdf5]'``.
    DatasetError
        If a download failed, or the file is damaged.

    Warns
    -----
    DataWarning
        If lines of the text file have missing fields; they are left out. The published file has some. In the
        HDF5 file such lines and quotes were treated otherwise, so that the two differ a little.

    References
    ----------
    Celma, "Music Recommendation and Discovery in the Long Tail", 2010.
    https://www.upf.edu/web/mtg/lastfm360k, https://doi.org/10.5281/zenodo.6090214
    The HDF5 file: https://github.com/benfred/recommender_data
    """
    remote, hdf5 = _choice(source)
    if hdf5:
        _h5py()
    with obtained(remote, source, progress=progress) as path:
        if hdf5:
            return _read_hdf5(path / remote.name if path.is_dir() else path)
        return _sorted(read_lastfm_360k(path, progress=progress))


def read_lastfm_360k(path: str | os.PathLike[str], *, progress: bool = True) -> Interactions:
    """Read the original text file of LastFM-360K.

    Its lines are user, MusicBrainz id, artist and play count with tabs between them, without a header.
    Quotes in names mean nothing special. Artists are told apart by name, as many have no id.

    Parameters
    ----------
    path : str or pathlib.Path
        ``usersha1-artmbid-artname-plays.tsv``, the folder that it is in, or the archive
        ``lastfm-dataset-360K.tar.gz``, from which it is copied to a temporary file of 1.6 GB.
    progress : bool, default True
        Show a bar while reading.

    Returns
    -------
    Interactions
        Users, artists as items, and play counts, in the order of the file.

    Raises
    ------
    OSError
        If the file cannot be read.
    DatasetError
        If the archive is damaged, or the text file is not in it.

    Warns
    -----
    DataWarning
        If lines have missing fields or counts that are no numbers; they are left out.

    References
    ----------
    Celma, "Music Recommendation and Discovery in the Long Tail", 2010.
    https://www.upf.edu/web/mtg/lastfm360k
    """
    with _text(Path(path)) as file:
        return Interactions.from_file(
            file, "\t", False, 0, 2, 3, quote="", labels="string", show_progress=progress
        )


def _choice(source: Source) -> tuple[Remote, bool]:
    """Return which file `source` means, and whether that is the HDF5 one."""
    path = local(source)
    if path is not None and path.is_dir():
        for remote in (_HDF5, _TSV):
            if (path / remote.name).exists():
                return remote, remote is _HDF5
        msg = f"there is neither {_HDF5.name} nor {_TSV.name} in {path}"
        raise FileNotFoundError(msg)
    name = urlsplit(str(source)).path if is_url(source) else str(path or _HDF5.name)
    if name.lower().endswith(_ARCHIVES):
        return _TAR, False
    text = name.lower().endswith((".tsv", ".txt"))
    return (_TSV if text else _HDF5), not text


@contextmanager
def _text(path: Path) -> Iterator[Path]:
    """Give the path of the text file, unpacked for the time of the context if it is in an archive."""
    if path.is_dir():
        yield path / _TSV.name
    elif not path.name.lower().endswith(_ARCHIVES):
        yield path
    else:
        with TemporaryDirectory(prefix="penchant-") as folder:
            with member(path, _TSV.name) as (packed, _), Path(folder, _TSV.name).open("wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)
            yield Path(folder, _TSV.name)


def _sorted(interactions: Any) -> tuple[Labels, Labels, Any]:
    """Return artists, users and plays in order of the names."""
    sides = []
    for labels in (interactions.items, interactions.users):
        names = np.array([str(label) for label in labels], dtype=object)
        order = np.argsort(names, kind="stable")
        sides.append((names[order], order))
    (artists, rows), (users, columns) = sides
    plays = sp.csr_matrix(interactions.matrix.T.tocsr()[rows][:, columns], dtype=np.float32)
    return artists, users, plays


def _h5py() -> Any:
    """Import h5py, or say how to get it."""
    try:
        import h5py  # noqa: PLC0415 - it is optional
    except ImportError as error:
        msg = "the HDF5 file of LastFM-360K needs h5py: pip install 'penchant[hdf5]'"
        raise ImportError(msg) from error
    return h5py


def _read_hdf5(path: Path) -> tuple[Labels, Labels, Any]:
    """Read the three parts of implicit's file."""
    h5py = _h5py()
    try:
        with h5py.File(path, "r") as file:
            group = file["artist_user_plays"]
            data, indices, indptr = (group[part][:] for part in ("data", "indices", "indptr"))
            artists, users = (np.array(file[side].asstr()[:], dtype=object) for side in ("artist", "user"))
        data = data.astype(np.float32, copy=False)
        plays = sp.csr_matrix((data, indices, indptr), shape=(len(artists), len(users)))
        plays.check_format(full_check=True)
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        msg = f"{path} is damaged or not the HDF5 file of LastFM-360K: {error}"
        raise DatasetError(msg) from error
    return artists, users, plays

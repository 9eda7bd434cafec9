"""How files are obtained: from a path of the caller's, or by a download that is kept in a cache.

A download is written beside its place in the cache and moved there when it is whole, so that a name in the
cache always stands for a whole file. What is in the cache is compared with its hash at every use: the
published one, or, where none is known, the one that was recorded after the download.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias
from urllib.parse import urlsplit

from tqdm.auto import tqdm

from penchant._validation import describe
from penchant.exceptions import DatasetError

Source: TypeAlias = str | os.PathLike[str] | None

_TRIES = 3
# Seconds before the second try; each further wait is twice as long.
_WAIT = 1.0
# Seconds without a byte after which a server counts as gone.
_TIMEOUT = 30.0
_BLOCK = 1 << 16
# Answers that may be another one a moment later: the request came too slowly, or too many did.
_PASSING = (408, 429)
# A URL that ends so is that of a file, another one that of a folder.
_FILES = (".zip", ".gz", ".tgz", ".hdf5", ".h5", ".tsv")


@dataclass(frozen=True)
class Remote:
    """A file on the network: its name, the folder it is in, and its hash as ``algorithm:digits`` if known."""

    name: str
    folder: str
    hash: str | None = None


def is_url(source: Source) -> bool:
    """Whether this is the address of something on the network."""
    return isinstance(source, str) and urlsplit(source).scheme in ("http", "https")


def local(source: Source) -> Path | None:
    """Return the path that `source` is, or None if there is something to download."""
    if source is None or is_url(source):
        return None
    if not isinstance(source, str | os.PathLike):
        msg = f"source must be a path, a URL or None, got {describe(source)}"
        raise TypeError(msg)
    path = Path(source).expanduser()
    if not path.exists():
        msg = f"there is no {path}"
        raise FileNotFoundError(msg)
    return path


@contextmanager
def obtained(remote: Remote, source: Source, *, progress: bool) -> Iterator[Path]:
    """Give the path of a file or folder that holds what is wanted.

    A downloaded file that cannot be read in the context is not kept: the next call fetches it again.
    """
    path = local(source)
    if path is not None:
        yield path
        return
    path = _downloaded(remote, address(remote, source), progress)
    try:
        yield path
    except (DatasetError, ValueError):
        path.unlink(missing_ok=True)
        raise


def address(remote: Remote, source: Source) -> str:
    """Return the URL of a file: the published one, or the one at a mirror."""
    base = remote.folder if source is None else str(source)
    parts = urlsplit(base)
    if parts.path.lower().endswith(_FILES):
        return base
    return parts._replace(path=f"{parts.path.rstrip('/')}/{remote.name}").geturl()


def cache() -> Path:
    """Return the folder in which downloads are kept."""
    import pooch  # noqa: PLC0415 - only who downloads needs it

    return Path(os.environ.get("PENCHANT_CACHE") or pooch.os_cache("penchant")).expanduser()


def _downloaded(remote: Remote, url: str, progress: bool) -> Path:
    """Return where the file is in the cache, after a download if it is not there or damaged."""
    import pooch  # noqa: PLC0415

    # Files with a published hash are the same wherever they come from; others belong to their address.
    prefix = "" if remote.hash else f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-"
    path = cache() / f"{prefix}{remote.name}"
    record = path.with_name(f"{path.name}.sha256")
    fetch = functools.partial(_transfer, progress=progress)
    try:
        if remote.hash is None:
            if path.exists() and record.exists() and record.read_text("latin-1") == pooch.file_hash(path):
                return path
            path.unlink(missing_ok=True)
        with _quiet(pooch.get_logger()):
            _persist(lambda: pooch.retrieve(url, remote.hash, path.name, path.parent, downloader=fetch))
        if remote.hash is None:
            record.write_text(pooch.file_hash(path), "ascii")
    except (OSError, ValueError) as error:
        msg = (
            f"cannot fetch {remote.name} from {url}: {_why(error, remote)}; if you have the file, "
            "give its path or that of its folder as source, or the URL of a mirror"
        )
        raise DatasetError(msg) from error
    return path


def _persist(attempt: Callable[[], object]) -> None:
    """Call `attempt` until it works, as long as the trouble may pass."""
    import requests  # noqa: PLC0415

    for left in reversed(range(_TRIES)):
        try:
            attempt()
        except (requests.RequestException, ValueError) as error:
            answer = getattr(error, "response", None)
            passing = answer is None or answer.status_code >= 500 or answer.status_code in _PASSING
            if not (left and passing):
                raise
            time.sleep(_WAIT * 2 ** (_TRIES - 1 - left))
        else:
            return


def _transfer(url: str, output: str, _pooch: object, *, progress: bool) -> None:
    """Write what is at `url` into a file, and see that all of it came."""
    import requests  # noqa: PLC0415

    # Not compressed for the way, as then its length would not be that of the file.
    plain = {"Accept-Encoding": "identity"}
    with requests.get(url, stream=True, timeout=_TIMEOUT, headers=plain) as answer:
        answer.raise_for_status()
        length = answer.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() and "Content-Encoding" not in answer.headers else None
        bar = tqdm(total=total, disable=not progress, unit="B", unit_scale=True, desc=PurePosixPath(url).name)
        with Path(output).open("wb") as file, bar:
            for block in answer.iter_content(_BLOCK):
                file.write(block)
                bar.update(len(block))
            size = file.tell()
    if total is not None and size < total:
        msg = f"{size} of {total} bytes came"
        raise requests.exceptions.ChunkedEncodingError(msg)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep the advice to callers of pooch from users who never called it."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _why(error: BaseException, remote: Remote) -> str:
    """Say in a few words what went wrong."""
    import requests  # noqa: PLC0415

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the transfer was cut short"
    if remote.hash and isinstance(error, ValueError) and not isinstance(error, OSError):
        return f"what came is not the published file, whose hash is {remote.hash}"
    if not isinstance(error, requests.RequestException):
        return str(error)
    cause: BaseException = error
    while further := cause.__cause__ or cause.__context__:
        cause = further
    return f"no connection ({cause})"

"""What a service is told when it starts, and how its workers come to know it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

_VARIABLE = "PENCHANT_SERVICE"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a service does, and what it does not let happen.

    Attributes
    ----------
    model : str
        The file of a `Recommender`. A newer one that is renamed over it, or written over it, is taken at
        once.
    events : str, optional
        A file that events are kept in, line by line, in JSON. Without one no events are taken.
    names : dict of str to str, optional
        What items are called besides their labels.
    token : str, optional
        What callers must send as ``Authorization: Bearer ...``.
    max_bytes : int, default 1 MiB
        The longest body of a request.
    max_requests : int, default 200
        How many requests a worker has under way at once.
    rate : float, optional
        How many requests a second each address may send to each worker.
    timeout : float, default 10
        The seconds that a request may take, the sending of its body included.
    poll : float, default 1
        Every how many seconds a worker looks for a newer model.
    page : bool, default True
        Whether there is a page to look at the model with.
    hosts : sequence of str, optional
        What the service may be called in the header ``Host``, so that pages from elsewhere cannot ask it
        under a name of theirs. By default anything.
    folder : str, optional
        What workers share: a place for copies of the model while they are mapped. By default each makes its
        own.
    """

    model: str
    events: str | None = None
    names: Mapping[str, str] | None = None
    token: str | None = field(default=None, repr=False)
    max_bytes: int = 2**20
    max_requests: int = 200
    rate: float | None = None
    timeout: float = 10.0
    poll: float = 1.0
    page: bool = True
    hosts: Sequence[str] | None = None
    folder: str | None = None

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_requests", "timeout", "poll", "rate"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                msg = f"{name} must be above 0, got {value}"
                raise ValueError(msg)
        if self.token is not None and not (self.token.strip() and self.token.isascii()):
            msg = "token must be some letters of ASCII"
            raise ValueError(msg)
        if self.events is not None and not Path(self.events).parent.is_dir():
            msg = f"{self.events} cannot be written: there is no folder {str(Path(self.events).parent)!r}"
            raise FileNotFoundError(msg)

    def leave_in(self, folder: str) -> None:
        """Leave this for workers in a file that nobody else can read; they find it by their environment."""
        path = Path(folder) / "settings.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")
        os.environ[_VARIABLE] = str(path)

    @classmethod
    def from_environment(cls) -> Self:
        """Return what `leave_in` left."""
        return cls(**json.loads(Path(os.environ[_VARIABLE]).read_text(encoding="utf-8")))

"""From columns to features: what is learned of the columns of a frame, and what it makes of others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant import _core
from penchant._labels import is_missing, labels_of_parts, parts_of
from penchant._validation import check_finite, warn
from penchant.exceptions import DataWarning
from penchant.features._kinds import KINDS, Kind, Number, Tags, Text, Vector

Arrays = Mapping[str, npt.NDArray[Any]]

# Stands between the values of a row on their way to the core: no text has it.
_BETWEEN = "\0"


class Encoder(ABC):
    """Makes features of one column.

    Attributes
    ----------
    column : str
    kind : Kind
    """

    def __init__(self, column: str, kind: Any) -> None:
        self.column, self.kind = column, kind

    @abstractmethod
    def learn(self, values: Any) -> None:
        """Take from a column what features there are."""

    @abstractmethod
    def encode(self, values: Any) -> tuple[Any, int]:
        """Return features of a column as a CSR array, rows x features, and how many values are unknown."""

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """What the features are called."""

    @abstractmethod
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what was learned, for a file."""

    @abstractmethod
    def restore(self, arrays: Arrays) -> None:
        """Take what `arrays` returned."""

    def about(self) -> dict[str, Any]:
        """Return column and kind as JSON has them."""
        return {"column": self.column, "kind": self.kind.NAME, **asdict(self.kind)}

    @classmethod
    def of(cls, column: str, kind: Kind, buckets: int | None) -> Encoder:
        """Return an encoder that has not learned yet; `buckets` take the place of vocabularies."""
        if isinstance(kind, Number):
            return Numbers(column, kind)
        if isinstance(kind, Vector):
            return Vectors(column, kind)
        return Words(column, kind) if buckets is None else Hashed(column, kind, buckets)

    @classmethod
    def of_about(cls, about: Mapping[str, Any], arrays: Arrays) -> Encoder:
        """Return what `about` and `arrays` describe."""
        settings = {name: value for name, value in about.items() if name not in ("column", "kind", "buckets")}
        pairs = {name: tuple(value) for name, value in settings.items() if isinstance(value, list)}
        kind = KINDS[about["kind"]](**settings | pairs)
        encoder = cls.of(about["column"], kind, about.get("buckets"))
        encoder.restore(arrays)
        return encoder


class Words(Encoder):
    """Categories, tags and texts, by a vocabulary."""

    _vocabulary: _core.interactions.Labels
    _idf: npt.NDArray[np.float64]

    def learn(self, values: Any) -> None:
        """Take all that enough rows have, in order of first appearance."""
        counts, tokens = _counted(values, self.kind)
        rows = np.bincount(counts.indices, minlength=counts.shape[1])
        kept = np.flatnonzero(rows >= self.kind.min_rows).astype(np.int32)
        self._vocabulary = _core.interactions.Labels.of_texts(list(tokens.take(kept)))
        self._idf = 1 + np.log((1 + counts.shape[0]) / (1 + rows[kept]))
        if not len(kept):
            what = "holds nothing" if not counts.nnz else f"has nothing that {self.kind.min_rows} rows share"
            warn(f"column {self.column!r} {what}: nothing is told from it", DataWarning)

    def encode(self, values: Any) -> tuple[Any, int]:
        """Count, and weigh as the kind says."""
        counts, unknown = _counted_of(values, self.kind, self._vocabulary)
        return _weighed(counts, self.kind, self._idf), unknown

    @property
    def names(self) -> list[str]:
        """The column and the value."""
        return [f"{self.column}={token}" for token in self._vocabulary.all()]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the vocabulary, and how rare each part of it is."""
        return parts_of(self._vocabulary) | {"idf": self._idf}

    def restore(self, arrays: Arrays) -> None:
        """Take what `arrays` returned."""
        named = {f"words.{name}": values for name, values in arrays.items()}
        self._vocabulary = labels_of_parts(named, "words")
        self._idf = arrays["idf"]
        if self._idf.shape != (len(self._vocabulary),):
            msg = f"column {self.column!r} has {len(self._vocabulary)} words and {self._idf.shape} weights"
            raise ValueError(msg)


class Hashed(Encoder):
    """Categories, tags and texts by a hash: for vocabularies without end."""

    def __init__(self, column: str, kind: Any, buckets: int) -> None:
        super().__init__(column, kind)
        self._buckets = buckets

    def learn(self, values: Any) -> None:
        """There is nothing to learn."""

    def encode(self, values: Any) -> tuple[Any, int]:
        """Count into buckets."""
        arrays = _core.text.hashed_counts(_texts(values, self.kind), _cut(self.kind), self._buckets, 0)
        counts = _csr(arrays, self._buckets)
        return _weighed(counts, self.kind, None), 0

    @property
    def names(self) -> list[str]:
        """The column and the number of the bucket."""
        return [f"{self.column}#{bucket}" for bucket in range(self._buckets)]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return nothing."""
        return {}

    def restore(self, arrays: Arrays) -> None:
        """Take nothing."""

    def about(self) -> dict[str, Any]:
        """Return column, kind and the number of buckets."""
        return super().about() | {"buckets": self._buckets}


class Numbers(Encoder):
    """Numbers, standardized or between knots."""

    _places: npt.NDArray[np.float64]

    def learn(self, values: Any) -> None:
        """Take mean and deviation, or the quantiles that are the knots."""
        known = _finite(values, self.column)
        known = known[~np.isnan(known)]
        if not len(known) or known.min() == known.max():
            what = "holds no numbers" if not len(known) else f"is {known[0]:g} in all rows"
            warn(f"column {self.column!r} {what}: nothing is told from it", DataWarning)
            self._places = np.zeros(0)
        elif self.kind.knots is None:
            with np.errstate(over="ignore"):
                self._places = np.array([known.mean(), known.std()])
            check_finite(self._places, f"mean and deviation of column {self.column!r}")
        else:
            self._places = np.unique(np.quantile(known, np.linspace(0, 1, self.kind.knots)))

    def encode(self, values: Any) -> tuple[Any, int]:
        """Standardize, or share a number between two knots; nothing for missing ones."""
        numbers = _finite(values, self.column)
        known = np.flatnonzero(~np.isnan(numbers))
        places, rows = self._places, len(numbers)
        if not len(places):
            return sp.csr_array((rows, 0), dtype=np.float32), 0
        if self.kind.knots is None:
            scaled = np.zeros((rows, 1))
            scaled[known, 0] = self.kind.weight * (numbers[known] - places[0]) / places[1]
            return sp.csr_array(scaled), 0
        inside = np.clip(numbers[known], places[0], places[-1])
        left = np.clip(np.searchsorted(places, inside, side="right") - 1, 0, len(places) - 2)
        share = (inside - places[left]) / (places[left + 1] - places[left])
        dense = np.zeros((rows, len(places)))
        dense[known, left], dense[known, left + 1] = 1 - share, share
        return sp.csr_array((self.kind.weight * dense).astype(np.float32)), 0

    @property
    def names(self) -> list[str]:
        """The column, and the knot if there are some."""
        if not len(self._places) or self.kind.knots is None:
            return [self.column] if len(self._places) else []
        return [f"{self.column}~{place:g}" for place in self._places]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return mean and deviation, or the knots."""
        return {"places": self._places}

    def restore(self, arrays: Arrays) -> None:
        """Take what `arrays` returned."""
        self._places = arrays["places"].astype(np.float64)


class Vectors(Encoder):
    """Vectors, centred and scaled."""

    _mean: npt.NDArray[np.float64]
    _scale: float

    def learn(self, values: Any) -> None:
        """Take the mean and the size of what is around it."""
        stacked, _ = self._stacked(values, None)
        if not stacked.size:
            warn(f"column {self.column!r} holds no numbers: nothing is told from it", DataWarning)
        self._mean = stacked.mean(axis=0) if stacked.size else np.zeros(0)
        spread = float(((stacked - self._mean) ** 2).sum(axis=1).mean()) if stacked.size else 0.0
        self._scale = spread**-0.5 if spread > 0 else 1.0

    def encode(self, values: Any) -> tuple[Any, int]:
        """Centre and scale; nothing for missing ones."""
        stacked, known = self._stacked(values, len(self._mean))
        dense = np.zeros((len(values), len(self._mean)), np.float32)
        dense[known] = self.kind.weight * self._scale * (stacked - self._mean)
        return sp.csr_array(dense), 0

    @property
    def names(self) -> list[str]:
        """The column and the place in the vector."""
        return [f"{self.column}[{place}]" for place in range(len(self._mean))]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return mean and scale."""
        return {"mean": self._mean, "scale": np.array([self._scale])}

    def restore(self, arrays: Arrays) -> None:
        """Take what `arrays` returned."""
        self._mean, self._scale = arrays["mean"].astype(np.float64), float(arrays["scale"][0])

    def _stacked(self, values: Any, length: int | None) -> tuple[npt.NDArray[np.float64], Any]:
        """Return the vectors that are there, one below the other, and their rows."""
        known = [at for at, value in enumerate(values) if not is_missing(value) and np.size(value)]
        try:
            vectors = [np.asarray(values[at], dtype=np.float64) for at in known]
        except (TypeError, ValueError):
            msg = f"column {self.column!r} must hold lists of numbers"
            raise TypeError(msg) from None
        shapes = {vector.shape for vector in vectors} | ({(length,)} if length is not None else set())
        if len(shapes) > 1 or any(len(shape) != 1 for shape in shapes):
            found = ", ".join(str(shape) for shape in sorted(shapes))
            msg = f"column {self.column!r} must hold lists of one length, got shapes {found}"
            raise ValueError(msg)
        stacked = np.array(vectors).reshape(len(vectors), length or (len(vectors[0]) if vectors else 0))
        if not np.isfinite(stacked).all():
            row = known[int(np.flatnonzero(~np.isfinite(stacked).all(axis=1))[0])]
            msg = f"column {self.column!r} must be finite, row {row} is not"
            raise ValueError(msg)
        return stacked, known


def entries_of(values: Any, kind: Any) -> list[list[str] | None]:
    """Return what each row of a column of categories or tags has, as texts; None for nothing known."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind in "iu":
            return [[str(value)] for value in values.tolist()]
        # Whole numbers that came with gaps are read as floats.
        return [None if np.isnan(value) else [f"{value:.17g}"] for value in values.tolist()]
    found: list[list[str] | None] = []
    for value in values:
        if isinstance(value, list | tuple | np.ndarray):
            found.append([str(entry) for entry in value if not is_missing(entry)])
        elif isinstance(value, set | frozenset):
            found.append(sorted(str(entry) for entry in value if not is_missing(entry)))
        elif is_missing(value):
            found.append(None)
        else:
            found.append(str(value).split(kind.separator) if isinstance(kind, Tags) else [str(value)])
    return found


def _texts(values: Any, kind: Any) -> list[str | None]:
    """Return a column as texts; what has several parts with `_BETWEEN` between them."""
    between = " " if isinstance(kind, Text) else _BETWEEN
    return [None if entries is None else between.join(entries) for entries in entries_of(values, kind)]


def _cut(kind: Any) -> tuple[str | None, Any, Any]:
    """Return what the core cuts a text into."""
    if isinstance(kind, Text):
        return None, kind.words and tuple(kind.words), kind.characters and tuple(kind.characters)
    return _BETWEEN, None, None


def _csr(arrays: Any, columns: int) -> Any:
    indptr, indices, values = arrays
    return sp.csr_array((values, indices, indptr), shape=(len(indptr) - 1, columns))


def _counted(values: Any, kind: Any) -> tuple[Any, _core.interactions.Labels]:
    arrays, tokens = _core.text.counts(_texts(values, kind), _cut(kind), 0)
    return _csr(arrays, len(tokens)), tokens


def _counted_of(values: Any, kind: Any, known: _core.interactions.Labels) -> tuple[Any, int]:
    arrays, unknown = _core.text.counts_of(_texts(values, kind), _cut(kind), known, 0)
    return _csr(arrays, len(known)), unknown


def _weighed(counts: Any, kind: Any, idf: npt.NDArray[np.float64] | None) -> Any:
    """Return counts as their kind weighs them: as they are, or by tf-idf and brought to one length."""
    matrix = counts.astype(np.float64)
    if isinstance(kind, Text) or (isinstance(kind, Tags) and kind.tfidf):
        matrix.data = 1 + np.log(matrix.data)
        if idf is not None:
            matrix.data *= idf[matrix.indices]
        lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
        matrix.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(matrix.indptr))
    matrix.data *= kind.weight
    return matrix.astype(np.float32)


def _finite(values: Any, column: str) -> npt.NDArray[np.float64]:
    """Return numbers, NaN for missing ones."""
    if isinstance(values, np.ndarray):
        values = values.astype(np.float64)
    else:
        try:
            values = np.array([np.nan if is_missing(value) else float(value) for value in values])
        except (TypeError, ValueError):
            example = next(value for value in values if not is_missing(value))
            msg = f"column {column!r} must hold numbers, got {example!r}"
            raise TypeError(msg) from None
    if np.isinf(values).any():
        msg = f"column {column!r} must be finite, row {int(np.flatnonzero(np.isinf(values))[0])} is not"
        raise ValueError(msg)
    numbers: npt.NDArray[np.float64] = values
    return numbers

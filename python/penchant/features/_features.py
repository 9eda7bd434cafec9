"""What is known of users or of items: a matrix of features, and the labels of its rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant import _core
from penchant._labels import codes_of, labels_array, labels_of_parts, parts_of
from penchant._sparse import quiet_rows
from penchant._tables import read_table
from penchant._validation import check_finite, warn
from penchant.exceptions import DataWarning
from penchant.features._columns import Columns
from penchant.features._encoders import Encoder
from penchant.features._from_frame import from_file, from_frame
from penchant.features._kinds import Text
from penchant.features._making import check_lengths, grouped, put_together


class Features:
    """Features of users or of items, a row for each of them.

    Made by `from_frame` or `from_matrix`, and passed to `Recommender.fit` or `AlternatingLeastSquares.fit`.

    Attributes
    ----------
    ids : numpy.ndarray, shape [n_rows]
        What the rows are called.
    matrix : scipy.sparse.csr_array of float32, shape [n_rows, n_features]
    names : list of str, n_features
        What the features are called: ``genres=Comedy``, for example.
    shape : tuple of int

    Examples
    --------
    >>> import penchant
    >>> films = {"film": [1, 2], "genres": ["Comedy|Drama", "Comedy"], "year": [1994, 1999]}
    >>> features = penchant.Features.from_frame(films, id="film")
    >>> features
    Features(2 rows x 3 features of genres and year)
    >>> features.names
    ['genres=Comedy', 'genres=Drama', 'year']
    >>> features.transform({"film": [3], "genres": ["Drama"], "year": [1999]}).matrix.toarray()
    array([[0., 1., 1.]], dtype=float32)
    """

    _labels: _core.interactions.Labels
    _matrix: Any
    _encoders: list[Encoder]
    _given_names: list[str] | None
    _id: str
    _unknown: dict[str, int]

    def __init__(self) -> None:
        msg = "use Features.from_frame or Features.from_matrix"
        raise TypeError(msg)

    from_frame = classmethod(from_frame)
    from_file = classmethod(from_file)

    @classmethod
    def from_matrix(cls, matrix: Any, ids: Any = None, names: Sequence[str] | None = None) -> Self:
        """Give names to the rows and columns of a matrix of features.

        Parameters
        ----------
        matrix : scipy.sparse matrix or array, or numpy.ndarray, shape [n_rows, n_features]
        ids : sequence of str or int, optional
            What the rows are called, all different; by default 0, 1, 2 and so on.
        names : sequence of str, optional
            What the features are called; by default ``feature 0`` and so on.

        Returns
        -------
        Features

        Raises
        ------
        TypeError, ValueError
            If `matrix` is none, is not finite, or there are not as many names as rows and columns.
        """
        if isinstance(matrix, np.ndarray) and matrix.ndim == 2:
            matrix = sp.csr_array(matrix)
        rows = quiet_rows(matrix, "matrix")
        check_finite(np.asarray(rows.values), "matrix")
        labels = labels_array(range(len(rows)) if ids is None else ids, "ids")
        named = [f"feature {at}" for at in range(rows.columns)] if names is None else list(map(str, names))
        if len(labels) != len(rows) or len(named) != rows.columns:
            shape = f"{len(rows)} rows and {rows.columns} columns"
            msg = f"ids and names must be of {shape}, got {len(labels)} and {len(named)}"
            raise ValueError(msg)
        self = object.__new__(cls)
        csr = sp.csr_array((rows.values, rows.indices, rows.indptr), shape=rows.shape)
        self._labels, self._matrix = labels, csr.astype(np.float32)
        check_finite(self._matrix.data, "matrix as float32")
        self._encoders, self._given_names, self._id, self._unknown = [], named, "id", {}
        return self

    @classmethod
    def of_columns(cls, labels: Any, encoders: list[Encoder], values: Mapping[str, Any], id_: str) -> Self:
        """Make one of columns whose encoders have learned."""
        self = object.__new__(cls)
        encoded = [encoder.encode(values[encoder.column]) for encoder in encoders]
        parts = [part for part, _ in encoded]
        self._unknown = {e.column: count for e, (_, count) in zip(encoders, encoded, strict=True) if count}
        self._labels, self._encoders, self._id = labels, encoders, id_
        with np.errstate(over="ignore"):  # what does not fit is told below
            self._matrix = sp.hstack(parts).tocsr().astype(np.float32)
        check_finite(self._matrix.data, "features as float32")
        self._given_names = None
        return self

    def transform(self, frame: Any, id: str | None = None) -> Self:  # noqa: A002
        """Make the same features of other rows.

        Values that no row had before are ignored and counted in `unknown`, those of categories and tags in a
        `DataWarning` as well.

        Parameters
        ----------
        frame : DataFrame, dict of columns, or path
            With the same columns. A file is read as `from_file` does.
        id : str, optional
            The column of ids, if it is called otherwise.

        Returns
        -------
        Features

        Raises
        ------
        TypeError, ValueError
            As `from_frame` does, and if these features were made of a matrix.
        """
        if not self._encoders:
            msg = "features that were made of a matrix say nothing of other rows: pass a matrix again"
            raise ValueError(msg)
        if isinstance(frame, str | os.PathLike):
            frame = read_table(frame, None, "utf-8", header=True)
        table = Columns(frame, "frame")
        values = {encoder.column: table.values(encoder.column) for encoder in self._encoders}
        ids = table.labels(id or self._id)
        check_lengths({id or self._id: ids, **values})
        labels, rows = grouped(ids, id or self._id)
        if rows is not None:
            kinds = {encoder.column: encoder.kind for encoder in self._encoders}
            values = put_together(values, kinds, rows, len(labels), id or self._id)
        made = self.of_columns(labels, self._encoders, values, self._id)
        are_texts = {encoder.column for encoder in self._encoders if isinstance(encoder.kind, Text)}
        # Texts always have words that no other has.
        told = {column: count for column, count in made.unknown.items() if column not in are_texts}
        if told:
            counts = ", ".join(f"{count:,} in {column!r}" for column, count in told.items())
            warn(f"values that the features do not know are ignored: {counts}", DataWarning)
        return made

    def row(self, values: Any) -> Any:
        """Return the features of one row: a dict of column to value, a frame, or a row of a matrix.

        Returns
        -------
        scipy.sparse.csr_array of float32, shape [1, n_features]
        """
        if isinstance(values, np.ndarray) or sp.issparse(values):
            made = self.from_matrix(np.atleast_2d(values) if isinstance(values, np.ndarray) else values)
            if made.shape[1] != self.shape[1]:
                msg = f"there are {self.shape[1]} features, got {made.shape[1]}"
                raise ValueError(msg)
        else:
            if isinstance(values, Mapping):
                columns = [encoder.column for encoder in self._encoders]
                unknown = [str(column) for column in values if column not in (*columns, self._id)]
                if unknown:
                    msg = f"features were made of {', '.join(map(repr, columns))}, got {', '.join(unknown)}"
                    raise ValueError(msg)
                values = {self._id: [0]} | {column: [values.get(column)] for column in columns}
            else:
                table = Columns(values, "features")
                values = {name: table.values(name) for name in table.names if name != self._id}
                values |= {self._id: range(len(next(iter(values.values()), [])))}
            made = self.transform(values)
        if made.shape[0] != 1:
            msg = f"one row of features is asked for, got {made.shape[0]}"
            raise ValueError(msg)
        return made.matrix

    @property
    def ids(self) -> npt.NDArray[Any]:
        """What the rows are called."""
        labels = self._labels.all()
        return np.asarray(labels, dtype=None if self._labels.are_integers else object)

    @property
    def matrix(self) -> Any:
        """The features, rows x features, float32."""
        return self._matrix

    @property
    def unknown(self) -> dict[str, int]:
        """How many values of each column are none of the features, such as rare words."""
        return dict(self._unknown)

    @property
    def names(self) -> list[str]:
        """What the features are called."""
        if self._given_names is not None:
            return list(self._given_names)
        return [name for encoder in self._encoders for name in encoder.names]

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of features."""
        rows, columns = self._matrix.shape
        return rows, columns

    def aligned_with(self, labels: Any, what: str = "labels") -> Any:
        """Return the features of some rows, one for each label in their order; `what` they are called.

        Labels of which nothing is known get zeros, and are counted in a `DataWarning`.

        Returns
        -------
        scipy.sparse.csr_array of float32, shape [n_labels, n_features]
        """
        codes = self.codes(labels)
        missing = int((codes < 0).sum())
        if missing:
            if missing == len(codes):
                raise self._none_of(missing, what)
            count = f"{missing:,} of {len(codes):,} {what}"
            warn(f"{count} have no features: they are taken for average ones", DataWarning)
        padded = sp.vstack([self._matrix, sp.csr_array((1, self.shape[1]), dtype=np.float32)]).tocsr()
        return padded[np.where(codes < 0, self.shape[0], codes)]

    def with_rows(self, others: Features) -> Self:
        """Return these features with rows of the same columns, which replace those of the same ids."""
        if others.names != self.names:
            msg = f"features must be the same {self.shape[1]}, got {others.shape[1]} of other names"
            raise ValueError(msg)
        ids, new = self.ids, others.without(self.ids)
        if len(new) and (ids.dtype == object) != (new.dtype == object):
            kinds = ["strings" if labels.dtype == object else "integers" for labels in (ids, new)]
            msg = f"ids are {kinds[0]} here, the new ones {kinds[1]}"
            raise TypeError(msg)
        places = others.codes(ids)
        rows = np.where(places >= 0, len(ids) + places, np.arange(len(ids)))
        behind = len(ids) + others.codes(new)
        both = object.__new__(type(self))
        both.__dict__ |= self.__dict__
        both._labels = labels_array(
            [*ids, *new] if ids.dtype == object else np.concatenate([ids, new]), "ids"
        )
        matrix = sp.vstack([self._matrix, others.matrix]).tocsr()
        both._matrix = matrix[np.concatenate([rows, behind]).astype(np.int64)]
        return both

    def _none_of(self, count: int, what: str) -> ValueError:
        return ValueError(
            f"none of the {count:,} {what} has features: are they called otherwise? Features are of "
            f"{', '.join(map(repr, self.ids[:3].tolist()))} and so on"
        )

    def check_overlap(self, labels: Any, what: str) -> None:
        """Raise if none of some labels has features."""
        if len(labels) and (self.codes(labels) < 0).all():
            raise self._none_of(len(labels), what)

    def codes(self, labels: Any) -> npt.NDArray[np.int32]:
        """Return the rows of labels; -1 for those without any."""
        codes: npt.NDArray[np.int32] = codes_of(self._labels, labels, "row", None)
        return codes

    def without(self, labels: Any) -> npt.NDArray[Any]:
        """Return the ids that are not among some labels."""
        among, ids = set(np.asarray(labels).tolist()), self.ids
        others: npt.NDArray[Any] = ids[np.array([label not in among for label in ids.tolist()], dtype=bool)]
        return others

    def to_arrays(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Take everything apart, for a file: arrays by name, and what JSON can say."""
        arrays = {f"ids.{name}": values for name, values in parts_of(self._labels).items()}
        arrays |= {
            "indptr": self._matrix.indptr.astype(np.int64),
            "indices": self._matrix.indices.astype(np.int32),
            "values": self._matrix.data,
        }
        for at, encoder in enumerate(self._encoders):
            arrays |= {f"column {at}.{name}": values for name, values in encoder.arrays().items()}
        columns = [encoder.about() for encoder in self._encoders]
        about: dict[str, Any] = {"id": self._id, "columns": columns, "unknown": self._unknown}
        if not self._encoders:
            about["names"] = self._given_names
        return arrays, about

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], about: Mapping[str, Any]) -> Self:
        """Put together what `to_arrays` took apart."""
        self = object.__new__(cls)
        self._labels = labels_of_parts(dict(arrays), "ids")
        self._encoders = []
        for at, column in enumerate(about["columns"]):
            prefix = f"column {at}."
            own = {name.removeprefix(prefix): v for name, v in arrays.items() if name.startswith(prefix)}
            self._encoders.append(Encoder.of_about(column, own))
        self._given_names = list(about["names"]) if "names" in about else None
        self._id, self._unknown = about["id"], dict(about.get("unknown", {}))
        parts = (arrays["values"], arrays["indices"], arrays["indptr"])
        rows = quiet_rows(sp.csr_array(parts, shape=(len(self._labels), len(self.names))), "features")
        check_finite(np.asarray(rows.values), "features")
        self._matrix = sp.csr_array((rows.values, rows.indices, rows.indptr), shape=rows.shape)
        return self

    def __len__(self) -> int:
        return self.shape[0]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_arrays, self.to_arrays()

    def __repr__(self) -> str:
        columns = [encoder.column for encoder in self._encoders]
        shown = ", ".join(columns[:-1]) + " and " + columns[-1] if len(columns) > 1 else "".join(columns)
        if len(columns) > 6:
            shown = f"{len(columns)} columns"
        rows, count = self.shape
        return f"Features({rows:,} rows x {count:,} features{f' of {shown}' if shown else ''})"

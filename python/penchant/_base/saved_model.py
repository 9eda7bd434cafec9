"""Saving models, and loading them."""

from __future__ import annotations

import os
from typing import BinaryIO, Self

from penchant._base import model_file
from penchant._base.hooks import ModelHooks


class SavedModel(ModelHooks):
    """Can be saved, and loaded again."""

    def save(self, file: str | os.PathLike[str] | BinaryIO) -> None:
        """Save the model: its parameters, and what it has learned.

        Parameters
        ----------
        file : path or binary file object
            A name that ends in ``.npz`` gets the format of `implicit`, if that has such a model, which it can
            load. Everything else is safetensors, which the Rust crate and whatever reads that format can
            open. The file is replaced as a whole or not at all.

        Raises
        ------
        OSError
            If it cannot be written.
        TypeError
            If `file` is neither a path nor a file object.
        ValueError
            If `implicit` has no such model.
        """
        model_file.save(self, file)

    @classmethod
    def load(cls, file: str | os.PathLike[str] | BinaryIO) -> Self:
        """Load a saved model, of either format, ours or that of `implicit`.

        Parameters
        ----------
        file : path or binary file object

        Returns
        -------
        model
            Of the class that this is called on; called on `RecommenderBase` itself, of the class that the
            file names. A source of random numbers is not kept in a file; an int is.

        Raises
        ------
        ModelFormatError
            If this is not a model, of another class, cut short, or of a newer version.
        OSError
            If it cannot be read.
        TypeError
            If `file` is neither a path nor a file object.

        Examples
        --------
        >>> import io
        >>> from penchant.als import AlternatingLeastSquares
        >>> file = io.BytesIO()
        >>> AlternatingLeastSquares(factors=7).save(file)
        >>> AlternatingLeastSquares.load(io.BytesIO(file.getvalue())).factors
        7
        """
        model: Self = model_file.load(cls, file)
        return model

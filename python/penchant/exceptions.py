"""The exceptions of Penchant, all of them a `PenchantError`."""

__all__ = [
    "DataWarning",
    "DatasetError",
    "ModelFitError",
    "ModelFormatError",
    "NotFittedError",
    "ParameterWarning",
    "PenchantError",
]


class PenchantError(Exception):
    """The base class of Penchant's own exceptions."""


class NotFittedError(PenchantError, ValueError, AttributeError):
    """A model was asked for something that only a fitted one knows."""


class ModelFitError(PenchantError):
    """A fit diverged; the model's factors are what they were before."""


class ModelFormatError(PenchantError, ValueError):
    """A file is not a model, is cut short, or comes from a newer version."""


class DatasetError(PenchantError, OSError):
    """A data set could not be fetched, or its file is damaged."""


class DataWarning(UserWarning):
    """Some of the data could not be used and was skipped."""


class ParameterWarning(Warning):
    """An argument works, but something else would work better."""

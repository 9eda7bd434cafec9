"""The parameters of a model as a dictionary."""

from __future__ import annotations

import inspect
from typing import Any, Self


class Parameters:
    """Every argument of `__init__` is a parameter, kept in the attribute of the same name."""

    @classmethod
    def _parameter_names(cls) -> list[str]:
        """Return the named arguments of `__init__`, and of that of the base class if it passes on others."""
        names: dict[str, None] = {}
        for each in cls.__mro__:
            arguments = inspect.signature(vars(each).get("__init__", object.__init__)).parameters.values()
            named = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
            names |= dict.fromkeys(a.name for a in arguments if a.kind in named and a.name != "self")
            if all(a.kind in named for a in arguments):
                break
        return list(names)

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks of an estimator; it is imported by whoever asks."""
        from sklearn.utils import InputTags, Tags, TargetTags  # noqa: PLC0415

        inputs = InputTags(two_d_array=False, sparse=True)
        return Tags(estimator_type=None, target_tags=TargetTags(required=False), input_tags=inputs)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all parameters by name.

        Parameters
        ----------
        deep : bool, default True
            Accepted for compatibility with scikit-learn; nothing is nested here.

        Returns
        -------
        dict
        """
        del deep
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params: Any) -> Self:
        """Change some parameters; the next fit uses them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there is no parameter of that name; nothing is changed then.
        """
        names = self._parameter_names()
        for name in params:
            if name not in names:
                msg = f"{type(self).__name__} has no parameter {name!r}; it has {', '.join(names)}"
                raise ValueError(msg)
        # Through a new object, for parameters that are converted when they are taken.
        changed = type(self)(**(self.get_params() | params))
        for name in params:
            setattr(self, name, getattr(changed, name))
        return self

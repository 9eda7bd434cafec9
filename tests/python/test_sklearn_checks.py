"""What scikit-learn asks of its own estimators, as far as it applies to models that learn from a sparse matrix alone.

Left out are checks of predictions, of features by column, of labels, and those that want a constructor to set nothing but
parameters: ours sets up what a fit fills, as that of `implicit` does.
"""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.utils import estimator_checks as checks

from penchant._base.registry import MODELS, model_class

NAMES = [name for name in MODELS if name not in ("blend", "fallback", "reserved")]  # these are made of models

OF_PARAMETERS = [
    checks.check_estimator_cloneable,
    checks.check_get_params_invariance,
    checks.check_parameters_default_constructible,
    checks.check_estimator_repr,
    checks.check_estimators_unfitted,
    checks.check_mixin_order,
]
OF_FITS = [
    checks.check_dict_unchanged,
    checks.check_estimators_overwrite_params,
    checks.check_fit_idempotent,
    checks.check_fit_check_is_fitted,
    checks.check_readonly_memmap_input,
]


@pytest.mark.parametrize("check", OF_PARAMETERS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_parameters(name, check):
    check(name, model_class(name)())


@pytest.mark.parametrize("check", OF_FITS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", [name for name in NAMES if name != "content"])  # which needs features
@pytest.mark.filterwarnings("ignore::penchant.exceptions.ParameterWarning")
def test_fits(name, check):
    model = model_class(name)
    fit = model.fit

    class OfDense(model):
        """The model of what is above 0 in a dense matrix, as these checks have one."""

        def fit(self, X, y=None):
            return fit(self, sp.csr_array(np.maximum(np.asarray(X), 0)), show_progress=False)

    check(name, OfDense())

"""Every model against arguments that nobody should pass: one list of models, one contract."""

import io
import os
import warnings

import hostile
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from penchant import (
    EASE,
    AlternatingLeastSquares,
    Blend,
    Fallback,
    ModelFitError,
    ModelFormatError,
    NotFittedError,
    P3alpha,
    Popularity,
    Reserved,
    RP3beta,
)
from penchant._base import registry
from penchant.content import ContentRecommender
from penchant.nearest_neighbours import (
    BM25Recommender,
    CosineRecommender,
    ItemItemRecommender,
    TFIDFRecommender,
)
from penchant.popularity import Random
from penchant.slim import SLIM
from penchant.sparse_ease import SparseEASE
from penchant.user_neighbours import UserUserRecommender

EXAMPLES = int(os.environ.get("PENCHANT_FUZZ", "60"))
fuzzed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

USERS, ITEMS = 7, 9
PLAYS = sp.csr_array(np.random.default_rng(0).integers(0, 3, (USERS, ITEMS)).astype(np.float32))

#: Of each model how it is made, by the name of its class.
MODELS = {
    "AlternatingLeastSquares": lambda **p: AlternatingLeastSquares(**{"factors": 2, "iterations": 2, "random_state": 0, **p}),
    "BM25Recommender": lambda **p: BM25Recommender(**{"K": 4, **p}),
    "Blend": lambda **p: Blend(**{"models": [RP3beta(K=3), Popularity()], **p}),
    "ContentRecommender": lambda **p: ContentRecommender(**{"K": 4, "content": 0.0, **p}),
    "CosineRecommender": lambda **p: CosineRecommender(**{"K": 4, **p}),
    "EASE": lambda **p: EASE(**{"regularization": 2.0, **p}),
    "Fallback": lambda **p: Fallback(**{"models": [CosineRecommender(K=4), Popularity()], **p}),
    "ItemItemRecommender": lambda **p: ItemItemRecommender(**{"K": 4, **p}),
    "P3alpha": lambda **p: P3alpha(**{"K": 4, **p}),
    "Popularity": lambda **p: Popularity(**p),
    "RP3beta": lambda **p: RP3beta(**{"K": 4, **p}),
    "Random": lambda **p: Random(**p),
    "Reserved": lambda **p: Reserved(**{"model": Popularity(), "items": [1, 5], **p}),
    "SLIM": lambda **p: SLIM(**{"l1_regularization": 0.1, **p}),
    "SparseEASE": lambda **p: SparseEASE(**{"regularization": 2.0, "K": 4, **p}),
    "TFIDFRecommender": lambda **p: TFIDFRecommender(**{"K": 4, **p}),
    "UserUserRecommender": lambda **p: UserUserRecommender(**{"K": 3, **p}),
}  # fmt: skip

NAMED = (
    ValueError, TypeError, IndexError, NotFittedError, ModelFitError, MemoryError, NotImplementedError,
)  # fmt: skip


def fitted(name):
    return MODELS[name]().fit(PLAYS, show_progress=False)


def attempt(call, named=NAMED):
    """The result, or None after an exception that is documented and says something."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = call()
        except named as error:
            message = str(error)
        else:
            event("answered")
            return found
    event("refused")
    assert message
    return None


def test_every_model_is_in_the_list():
    assert {cls for _, cls in registry.MODELS.values()} == {*MODELS}
    for name, (_, cls) in registry.MODELS.items():
        assert cls == registry.model_class(name)._KIND


@pytest.mark.parametrize("name", MODELS)
@fuzzed
@given(
    userid=hostile.ids(USERS), data=st.data(), N=hostile.numbers(st.integers(1, 12)), filtering=hostile.flags(),
    filter_items=st.none() | hostile.ids(ITEMS), items=st.none() | hostile.ids(ITEMS),
    recalculate=st.booleans(), min_score=st.none() | hostile.numbers(st.floats(-3, 3)),
    groups=hostile.mostly(st.sampled_from([None, np.arange(ITEMS) % 3]), hostile.ids(ITEMS)),
    most=hostile.numbers(st.just(1)),
)  # fmt: skip
def test_recommend(
    name, userid, data, N, filtering, filter_items, items, recalculate, min_score, groups, most
):
    model = fitted(name)
    before = {tensor: values.tobytes() for tensor, values in model._tensors().items()}
    count = np.size(userid)
    rows = data.draw(hostile.mostly(st.just(count), st.integers(0, 3))) if count < 20 else 1
    matrix = data.draw(hostile.matrices(rows, ITEMS))
    limits = {"min_score": min_score, "item_groups": groups, "max_per_group": most}
    found = attempt(
        lambda: model.recommend(userid, matrix, N, filtering, filter_items, recalculate, items, **limits)
    )
    assert {tensor: values.tobytes() for tensor, values in model._tensors().items()} == before
    if found is None:
        return
    ids, scores = np.atleast_2d(found[0]), np.atleast_2d(found[1])
    assert ids.shape == scores.shape
    assert ids.dtype == np.int32
    assert ((ids >= -1) & (ids < ITEMS)).all()
    removed = set(np.atleast_1d([] if filter_items is None else filter_items).tolist())
    for row in range(len(ids)):
        listed = ids[row][scores[row] > -np.inf]
        assert len(set(listed.tolist())) == len(listed)
        assert not removed & set(listed.tolist())
        finite = scores[row][scores[row] > -np.inf]
        assert (finite[1:] <= finite[:-1]).all()  # both may be infinite
        if filtering:
            liked = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
            assert not set(liked.tolist()) & set(listed.tolist())
        if isinstance(min_score, float):
            with np.errstate(over="ignore"):  # 1e300 is infinite as a score
                assert (finite >= np.float32(min_score) - 1e-6).all()


@pytest.mark.parametrize("name", MODELS)
@fuzzed
@given(
    itemid=hostile.ids(ITEMS), N=hostile.numbers(st.integers(1, 12)), without=st.none() | hostile.ids(ITEMS),
    only=st.none() | hostile.ids(ITEMS), recalculate=st.booleans(), data=st.data(),
)  # fmt: skip
def test_similar_items(name, itemid, N, without, only, recalculate, data):
    model = fitted(name)
    matrix = data.draw(st.none() | hostile.matrices(np.size(itemid) if np.size(itemid) < 20 else 1, USERS))
    found = attempt(lambda: model.similar_items(itemid, N, recalculate, matrix, without, only))
    if found is not None:
        ids, scores = np.atleast_2d(found[0]), np.atleast_2d(found[1])
        assert ((ids >= -1) & (ids < ITEMS)).all()
        assert not np.isnan(scores).any()


@pytest.mark.parametrize("name", MODELS)
@fuzzed
@given(
    matrix=hostile.matrices(USERS, ITEMS), data=st.data(), callback=st.sampled_from([None, lambda *_: True, 3]),
)  # fmt: skip
def test_fit(name, matrix, data, callback):
    names = sorted(MODELS[name]().get_params())
    values = hostile.numbers() | st.sampled_from(
        ["cg", "log", "f8", "weight", np.arange(USERS), [Popularity()]]
    )
    parameters = data.draw(st.dictionaries(st.sampled_from(names), values, max_size=2))

    def call():
        model = MODELS[name](**parameters)
        if isinstance(getattr(model, "iterations", None), int) and model.iterations > 100:
            model.iterations = 3  # that would just be a long fit
        return model.fit(matrix, show_progress=False, callback=callback)

    model = attempt(call)
    if model is not None:
        assert model.shape == matrix.shape
        for values in model._tensors().values():
            assert values.dtype.kind != "f" or np.isfinite(values).all()


@pytest.mark.parametrize("name", MODELS)
@fuzzed
@given(cut=st.integers(0, 3000), flip=st.integers(0, 3000))
def test_load(name, cut, flip):
    model, file = fitted(name), io.BytesIO()
    model.save(file)
    content = bytearray(file.getvalue()[: cut + 1 if cut % 2 else None])
    content[flip % len(content)] ^= 1 + flip % 255
    loaded = attempt(lambda: type(model).load(io.BytesIO(bytes(content))), named=ModelFormatError)
    if loaded is not None:
        attempt(lambda: loaded.recommend(0, PLAYS[[0]]))

"""BM25, tf-idf and normalization against their formulas on dense arrays."""

import numpy as np
import pytest
import scipy.sparse as sp

from penchant.nearest_neighbours import bm25_weight, normalize, tfidf_weight


@pytest.fixture
def counts():
    random = np.random.default_rng(0)
    return sp.csr_array(np.floor(random.random((30, 20)) ** 3 * 8))


def idf(dense):
    return np.log(len(dense)) - np.log1p((dense > 0).sum(0))


def test_bm25_is_its_formula(counts):
    x = counts.toarray()
    length = x.sum(1, keepdims=True)
    expected = x * (50 + 1) / (50 * (1 - 0.3 + 0.3 * length / length.mean()) + x) * idf(x)
    np.testing.assert_allclose(bm25_weight(counts, K1=50, B=0.3).toarray(), expected, rtol=1e-12)


def test_tfidf_is_its_formula(counts):
    x = counts.toarray()
    np.testing.assert_allclose(tfidf_weight(counts).toarray(), np.sqrt(x) * idf(x), rtol=1e-12)


def test_normalized_rows_have_length_one_or_zero(counts):
    counts.data[counts.indptr[4] : counts.indptr[5]] = 0
    lengths = np.linalg.norm(normalize(counts).toarray(), axis=1)
    assert lengths[4] == 0
    np.testing.assert_allclose(np.delete(lengths, 4), 1, rtol=1e-12)


@pytest.mark.parametrize("weigh", [bm25_weight, tfidf_weight, normalize])
@pytest.mark.parametrize("form", [sp.csr_array, sp.csr_matrix, sp.coo_array, sp.csc_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_the_format_comes_back_and_the_input_stays(weigh, form, dtype, counts):
    given = form(counts.astype(dtype))
    before = given.toarray()
    weighted = weigh(given)
    assert type(weighted) is type(given)
    assert weighted.dtype == (np.float32 if dtype == np.float32 else np.float64)
    np.testing.assert_allclose(weighted.toarray(), weigh(counts).toarray(), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(given.toarray(), before)


def test_mistakes_are_answered(counts):
    with pytest.raises(TypeError, match="X must be a SciPy sparse matrix or array, got numpy.ndarray"):
        bm25_weight(counts.toarray())
    with pytest.raises(ValueError, match="K1 must be"):
        bm25_weight(counts, K1=-1)
    with pytest.raises(ValueError, match="B must be between 0 and 1, got 2"):
        bm25_weight(counts, B=2)


@pytest.mark.parametrize("form", [sp.csr_array, sp.csr_matrix])
def test_the_weights_share_no_memory_with_the_counts(form, counts):
    given = form(counts)
    weighted = tfidf_weight(given)
    for ours, theirs in ((weighted.indices, given.indices), (weighted.indptr, given.indptr)):
        assert not np.shares_memory(ours, theirs)
        assert ours.dtype == theirs.dtype


@pytest.mark.parametrize("weigh", [bm25_weight, tfidf_weight, normalize])
def test_values_without_meaning_are_refused(weigh, counts):
    counts.data[3] = np.nan
    with pytest.raises(ValueError, match="values must be finite"):
        weigh(counts)


def test_negative_counts_have_no_root(counts):
    counts.data[3] = -1
    with pytest.raises(ValueError, match="at least 0, got -1"):
        tfidf_weight(counts)

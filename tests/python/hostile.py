"""Strategies that build what nobody should pass, beside what everybody does."""

import numpy as np
import scipy.sparse as sp
from hypothesis import strategies as st

HUGE = [2**31 - 1, 2**31, 2**32, 2**63, 2**70, -(2**31), -(2**70)]


@st.composite
def mostly(draw, good, bad):
    """One bad thing in fifteen, so that a call with many arguments is often right."""
    return draw(bad if draw(st.integers(0, 14)) == 7 else good)


def numbers(good=None):
    """Where a number belongs: `good`, or anything at all."""
    anything = st.one_of(
        st.integers(-3, 12),
        st.sampled_from(HUGE),
        st.sampled_from([0.0, -0.0, 0.5, 3.0, -1.0, 1e-300, 1e300, np.nan, np.inf, -np.inf]),
        st.sampled_from([True, None, "3", b"3", [3], (), {}, np.int8(3), np.uint64(2**63), np.float32(0.5), 3j]),
        st.sampled_from([np.array(3), np.array([3]), np.array(["3"]), np.array(None), np.datetime64("2020-01-01")]),
    )  # fmt: skip
    return anything if good is None else mostly(good, anything)


def flags():
    return mostly(st.booleans(), st.sampled_from([0, 1, None, "yes", np.True_]))


def ids(count):
    """Where ids belong, mostly such that exist."""
    one = st.integers(0, count - 1)
    lists = st.lists(one, max_size=6)
    kinds = [
        list,
        tuple,
        lambda values: np.array(values, dtype=np.int32),
        lambda values: np.array(values * 2, dtype=np.int64)[: 2 * len(values) : 2],
        lambda values: np.array(values, dtype=">i4"),
        lambda values: np.array(values, dtype=np.uint16),
    ]  # fmt: skip
    good = st.one_of(one, one.map(np.int64), one.map(np.array), *(lists.map(kind) for kind in kinds))
    bad = st.one_of(
        lists.map(lambda values: np.array(values, dtype=float)),
        st.lists(st.integers(-2, count + 2), max_size=4),
        numbers(),
        st.just(np.zeros((2, 2), dtype=np.int32)),
    )
    return mostly(good, bad)


DTYPES = mostly(
    st.sampled_from(["f4", "f8", "i1", "i4", "i8", "u2", "?", "f2", ">f4", ">i8"]),
    st.sampled_from(["c8", "O", "U1"]),
)


@st.composite
def arrays_of_csr(draw, shape):
    """A CSR matrix that is fine."""
    rows, columns = shape
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mask = random.random(shape) < draw(st.sampled_from([0.0, 0.3, 0.9]))
    dense = np.where(mask, np.round(random.lognormal(0, 1, shape), 2), 0) * np.where(
        random.random(shape) < 0.1, -1, 1
    )
    matrix = draw(st.sampled_from([sp.csr_array, sp.csr_matrix]))(dense)
    dtype = np.dtype(draw(DTYPES))
    matrix.data = matrix.data.real.astype(dtype)
    return matrix


def _broken(matrix, way, random):
    """The same with something wrong in it, put there behind SciPy's back."""
    name, change = {
        "index too large": ("indices", lambda a: np.append(a[:-1], [matrix.shape[1] + 3])),
        "index negative": ("indices", lambda a: np.append(a[:-1], [-1])),
        "index enormous": ("indices", lambda a: np.append(a[:-1].astype(np.int64), [2**40])),
        "indices of floats": ("indices", lambda a: a.astype(float)),
        "indices of bytes": ("indices", lambda a: a.astype(np.int8)),
        "indices unsigned": ("indices", lambda a: a.astype(np.uint32)),
        "indices big-endian": ("indices", lambda a: a.astype(">i4")),
        "indices with gaps": ("indices", lambda a: np.repeat(a, 2)[::2]),
        "indices unsorted": ("indices", lambda a: random.permutation(a)),
        "indices repeated": ("indices", lambda a: np.zeros_like(a)),
        "indices too few": ("indices", lambda a: a[:-1]),
        "indices of rows": ("indices", lambda a: a.reshape(-1, 1)),
        "indices none": ("indices", lambda a: None),
        "indptr decreasing": ("indptr", lambda a: a[::-1].copy()),
        "indptr shifted": ("indptr", lambda a: a + 1),
        "indptr too short": ("indptr", lambda a: a[:-1]),
        "indptr too long": ("indptr", lambda a: np.append(a, a[-1])),
        "indptr beyond": ("indptr", lambda a: np.append(a[:-1], [a[-1] + 5])),
        "indptr enormous": ("indptr", lambda a: np.append(a[:-1].astype(np.int64), [2**62])),
        "indptr empty": ("indptr", lambda a: a[:0]),
        "data too short": ("data", lambda a: a[:-1]),
        "data NaN": ("data", lambda a: np.append(a[:-1], [np.nan])),
        "data infinite": ("data", lambda a: np.append(a[:-1], [np.inf])),
        "data enormous": ("data", lambda a: np.full(a.shape, 1e38)),
        "data tiny": ("data", lambda a: np.full(a.shape, 1e-38)),
        "data zero": ("data", lambda a: np.zeros(a.shape)),
        "data of rows": ("data", lambda a: a.reshape(-1, 1)),
        "shape": ("_shape", lambda a: (a[0] + 1, a[1])),
        "read-only": ("data", _read_only),
    }[way]
    changed = matrix.copy()
    setattr(changed, name, change(getattr(matrix, name)))
    return changed


def _read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


WAYS = [
    "index too large", "index negative", "index enormous", "indices of floats", "indices of bytes",
    "indices unsigned", "indices big-endian", "indices with gaps", "indices unsorted", "indices repeated",
    "indices too few", "indices of rows", "indices none", "indptr decreasing", "indptr shifted",
    "indptr too short", "indptr too long", "indptr beyond", "indptr enormous", "indptr empty", "data too short",
    "data NaN", "data infinite", "data enormous", "data tiny", "data zero", "data of rows", "shape", "read-only",
]  # fmt: skip


@st.composite
def matrices(draw, rows, columns):
    """Where a sparse matrix belongs, mostly one of the shape that is wanted."""
    kind = draw(st.sampled_from(["good"] * 8 + ["broken"] * 3 + ["format", "shape", "other"]))
    if kind == "other":
        other = [None, 3, "matrix", [[1.0]], np.ones((rows, columns)), sp.coo_array(np.ones(3)), object()]
        return draw(st.sampled_from(other))
    shape = (rows, columns)
    if kind == "shape":
        shape = draw(st.tuples(st.integers(0, rows + 2), st.integers(0, columns + 2)))
    matrix = draw(arrays_of_csr(shape))
    if kind == "format" and matrix.dtype.kind in "bif":
        return matrix.astype(float).asformat(
            draw(st.sampled_from(["coo", "csc", "lil", "dok", "dia", "bsr"]))
        )
    if kind == "broken" and matrix.nnz and matrix.dtype.kind in "bif":
        random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        return _broken(matrix.astype(float), draw(st.sampled_from(WAYS)), random)
    return matrix

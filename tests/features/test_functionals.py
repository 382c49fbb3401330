"""Pooling against NumPy and SciPy."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.stats

from audioclf.errors import SpecError
from audioclf.features import functionals
from audioclf.features.functionals import DEFAULT, parse, pool

ALL = (
    "mean",
    "std",
    "skewness",
    "kurtosis",
    "min",
    "max",
    "median",
    "p0",
    "p1",
    "p5",
    "p25",
    "p33",
    "p75",
    "p99",
    "p100",
)


def reference(frames, name):
    """NumPy's and SciPy's answer in float64."""
    frames = np.asarray(frames, np.float64)
    known = {
        "mean": np.mean,
        "std": np.std,
        "skewness": scipy.stats.skew,
        "kurtosis": scipy.stats.kurtosis,
        "min": np.min,
        "max": np.max,
        "median": np.median,
    }
    if name in known:
        return known[name](frames, axis=0)
    return np.percentile(frames, int(name[1:]), axis=0)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("count", [2, 3, 4, 5, 98, 1001])
def test_each_functional_is_numpys_or_scipys(rng, name, count):
    frames = (rng.gamma(2.0, 3.0, (count, 7)) - 4).astype(np.float32)
    np.testing.assert_allclose(pool(frames, [name]), reference(frames, name), rtol=2e-5, atol=2e-5)


def test_values_stand_functional_by_functional(rng):
    frames = rng.normal(size=(50, 4)).astype(np.float32)
    vector = pool(frames, ALL)
    assert vector.dtype == np.float32
    assert vector.shape == (len(ALL) * 4,)
    for i, name in enumerate(ALL):
        np.testing.assert_array_equal(vector[4 * i : 4 * i + 4], pool(frames, [name]))
    np.testing.assert_array_equal(pool(frames), pool(frames, DEFAULT))


def test_the_order_of_the_names_is_that_of_the_values(rng):
    frames = rng.normal(size=(50, 2)).astype(np.float32)
    forth, back = pool(frames, ["max", "mean", "p5"]), pool(frames, ["p5", "mean", "max"])
    np.testing.assert_array_equal(forth.reshape(3, 2), back.reshape(3, 2)[::-1])


def test_one_frame_is_its_own_mean_and_doesnt_vary():
    frames = np.array([[3.5, -2.0]], np.float32)
    for name in ("mean", "min", "max", "median", "p5", "p95"):
        np.testing.assert_array_equal(pool(frames, [name]), [3.5, -2.0])
    for name in ("std", "skewness", "kurtosis"):
        np.testing.assert_array_equal(pool(frames, [name]), [0.0, 0.0])


@pytest.mark.parametrize("value", [0.0, 0.1, -100.0, 1e-20, 12345.678, 3e37])
def test_a_coefficient_that_doesnt_vary_has_no_shape(value):
    frames = np.full((977, 1), value, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vector = pool(frames, ["std", "skewness", "kurtosis"])
    np.testing.assert_allclose(vector, 0.0, atol=1e-9 * max(1.0, abs(value)))
    np.testing.assert_array_equal(vector[1:], 0.0)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e15, 1e35])
def test_shape_doesnt_depend_on_scale(rng, scale):
    frames = rng.gamma(2.0, 1.0, (400, 3))
    plain = pool(frames.astype(np.float32), ["skewness", "kurtosis"])
    np.testing.assert_allclose(pool((scale * frames).astype(np.float32), ["skewness", "kurtosis"]), plain, rtol=1e-3)


def test_a_small_variation_on_a_large_mean_is_measured_without_cancellation(rng):
    """The textbook E[x²] - E[x]² in float32 would give nothing here."""
    frames = (8000 + rng.normal(size=(2000, 1))).astype(np.float32)
    assert pool(frames, ["std"])[0] == pytest.approx(np.std(frames.astype(np.float64)), rel=1e-5)
    assert pool(frames, ["kurtosis"])[0] == pytest.approx(
        float(scipy.stats.kurtosis(frames.astype(float))[0]), abs=1e-3
    )


def test_many_frames_sum_in_double_precision():
    frames = np.full((2_000_000, 1), 0.1, np.float32)
    assert pool(frames, ["mean"])[0] == np.float32(0.1)


def test_frames_are_left_as_they_are(rng):
    frames = rng.normal(size=(20, 3)).astype(np.float32)
    before = frames.copy()
    frames.setflags(write=False)
    pool(frames, ALL)
    np.testing.assert_array_equal(frames, before)


def test_memory_layout_doesnt_change_percentiles(rng):
    frames = rng.normal(size=(101, 5)).astype(np.float32)
    np.testing.assert_array_equal(pool(np.asfortranarray(frames), ["p5", "max"]), pool(frames, ["p5", "max"]))


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("mean", ("mean",)),
        (" mean , p5,", ("mean", "p5")),
        (["std", "p100"], ("std", "p100")),
        (iter(["p0"]), ("p0",)),
        (DEFAULT, DEFAULT),
    ],
)
def test_parse(given, names):
    assert parse(given) == names


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "no functionals given"),
        (" , ", "no functionals given"),
        ([], "no functionals given"),
        ("mean,mean", "'mean' stands twice"),
        ("means", "unknown functional 'means'. Did you mean 'mean'"),
        ("p101", "unknown functional 'p101'"),
        ("p-5", "unknown functional"),
        ("p2.5", "unknown functional"),
        ("p", "unknown functional"),
        ("xp5", "unknown functional"),
        ("Mean", "unknown functional 'Mean'. Did you mean 'mean'"),
    ],
)
def test_parse_refuses(given, message):
    with pytest.raises(SpecError, match=message):
        parse(given)


def test_every_listed_functional_is_known():
    for name in (*functionals.MOMENTS, *functionals.RANGE, *functionals.DEFAULT):
        assert parse(name) == (name,)


@pytest.mark.parametrize("higher", [True, False])
def test_the_kernel_of_moments_and_its_plain_form_agree(rng, higher):
    values = (rng.standard_normal((5, 131)) ** 3 + 100).astype(np.float32)
    values[2] = 7
    bounds = np.array([0, 1, 3, 131])
    out, plain = np.empty((2, 4, 5, 3))
    functionals._central_moments(values, bounds, higher, *out)
    functionals._central_moments_plain(values, bounds, higher, *plain)
    wanted = slice(4 if higher else 2)
    np.testing.assert_allclose(out[wanted], plain[wanted], rtol=1e-9, atol=1e-12)

"""The compiled kernels of feature sets against their plain forms in float64, or their twins."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import twins

from audioclf.feature_sets import entropy, flux, gfcc, lpcc, pncc, rolloff, spread
from audioclf.features.extractor import Passage
from audioclf.spectra.kernels.rows import rows

F32 = 6e-8  # half a unit in the last place


@pytest.fixture
def magnitude(rng):
    """Spectra over many orders of magnitude, some frames silent, in an odd number of frames and bins."""
    frames = rng.uniform(0, 1, (131, 77)) ** 8 * 10.0 ** rng.uniform(-6, 3, (131, 1))
    frames[[0, 5, 130]] = 0
    return frames.astype(np.float32)


def test_flux(magnitude):
    out, plain = np.empty((1, len(magnitude)), np.float32), np.empty((1, len(magnitude)))
    total = magnitude.sum(axis=1)
    scale = np.divide(1, total, out=np.zeros_like(total), where=total > 0)
    flux._flux(rows(magnitude), scale, out)
    flux._flux_plain(magnitude.T.astype(np.float64), scale, plain)
    np.testing.assert_allclose(out[0, 1:], plain[0, 1:], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("part", [0.01, 0.5, 0.85, 0.9999])
def test_rolloff(magnitude, part):
    out, plain = np.empty((2, 1, len(magnitude)), np.int64)
    rolloff._bins_below(rows(magnitude), part, out)
    rolloff._bins_below_plain(magnitude.T, part, plain)
    np.testing.assert_array_equal(out, plain)


def test_sums_for_entropy(rng):
    power = (10.0 ** rng.uniform(-30, 30, (131, 77))).astype(np.float32)
    power[:, 0] = 1
    power[:, 1] = np.float32(np.sqrt(0.5))
    power[7] = 0
    total, weighted = np.empty((2, len(power)), np.float32)
    plain_total, plain_weighted = np.empty((2, len(power)))
    entropy._sums(rows(power), total, weighted)
    entropy._sums_plain(power.T.astype(np.float64), plain_total, plain_weighted)
    np.testing.assert_allclose(total, plain_total, rtol=1e-6)
    np.testing.assert_allclose(weighted, plain_weighted, rtol=1e-6, atol=1e-30)


def test_second_moment(magnitude):
    frequencies = np.linspace(0, 11025, magnitude.shape[1], dtype=np.float32)
    centre = np.linspace(0, 5000, len(magnitude), dtype=np.float32)
    out, plain = np.empty(len(magnitude), np.float32), np.empty(len(magnitude))
    spread._second_moment(rows(magnitude), frequencies, centre, out)
    spread._second_moment_plain(*(a.astype(np.float64) for a in (magnitude.T, frequencies, centre)), plain)
    np.testing.assert_allclose(out, plain, rtol=1e-5)


def test_cubic_root():
    values = np.concatenate([[0, 1, 8, 1e-38, 1e-45], 10.0 ** np.linspace(-37, 37, 100_000)]).astype(np.float32)
    found = gfcc.cubic_root(values[None])[0]
    normal = values >= np.finfo(np.float32).tiny
    np.testing.assert_allclose(found[normal], np.cbrt(values[normal].astype(np.float64)), rtol=2 * F32)
    assert found[0] == 0
    assert np.isfinite(found).all()


@pytest.mark.parametrize(("order", "n_frames"), [(1, 1), (2, 64), (12, 131), (40, 65)])
def test_levinson_durbin_and_cepstrum(rng, order, n_frames):
    signal = rng.standard_normal((n_frames, 400))
    lags = np.array([[np.dot(x[: 400 - k], x[k:]) for k in range(order + 1)] for x in signal])
    predictor, error = lpcc.levinson_durbin(lags)
    expected, expected_error = twins.levinson_durbin(lags)
    np.testing.assert_allclose(predictor, expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(error, expected_error, rtol=1e-10)
    for n_coeffs in (1, 2, order + 1, order + 9):
        cepstrum = lpcc.predictor_to_cepstrum(predictor, error, n_coeffs)
        np.testing.assert_allclose(
            cepstrum, twins.predictor_to_cepstrum(expected, expected_error, n_coeffs), rtol=0, atol=1e-9
        )


@pytest.mark.parametrize("bounds", [[0, 131], [0, 1, 2, 5, 64, 131]], ids=["one clip", "clips"])
@pytest.mark.parametrize("n_bands", [1, 3, 40])
def test_noise_suppression(rng, n_bands, bounds):
    power = (rng.uniform(0, 1, (131, n_bands)) ** 6).astype(np.float32)
    power[[0, 20, 21, 22, 23, 24, 25]] = 0
    found = pncc.suppress_noise(power, Passage(np.array(bounds)))
    for a, b in itertools.pairwise(bounds):
        clip = power[a:b].astype(np.float64)
        medium = twins.medium_time_power(clip)
        weights = twins.suppress_noise(medium) / np.maximum(medium, 1e-20)
        np.testing.assert_allclose(found[a:b], clip * twins.smooth_weights(weights), rtol=2e-4, atol=1e-6)


def test_mean_power_normalisation(rng):
    power = rng.uniform(0.1, 1, (50, 4))
    found = power.astype(np.float32)
    pncc.normalise_mean_power(found, power.mean(axis=1), Passage(np.array([0, 20, 50])))
    expected = np.concatenate([twins.normalise_mean_power(power[:20]), twins.normalise_mean_power(power[20:])])
    np.testing.assert_allclose(found, expected, rtol=3e-7)

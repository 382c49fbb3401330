"""Against formulas written out in float64, frame by frame, without the shared spectra."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.fft import dct
from scipy.linalg import solve_toeplitz

from audioclf.audio.signal import Signal
from audioclf.feature_sets.lpcc import levinson_durbin, predictor_to_cepstrum
from audioclf.features.specs import build_extractors
from audioclf.spectra import filterbanks
from audioclf.spectra.analysis import Analysis
from audioclf.spectra.spectra import Spectra

RATE, LENGTH, HOP, N_FFT = 16000, 400, 160, 1024


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(5)
    t = np.arange(RATE) / RATE
    chirp = np.sin(2 * np.pi * (300 * t + 900 * t**2)) * (0.3 + 0.3 * np.sign(np.sin(2 * np.pi * 5 * t)))
    return (0.5 * chirp + 0.02 * rng.standard_normal(RATE)).astype(np.float32)


@pytest.fixture(scope="module")
def spectra(samples):
    return Spectra(Signal(samples, RATE), Analysis(RATE))


@pytest.fixture(scope="module")
def frames(samples):
    count = 1 + (len(samples) - LENGTH) // HOP
    return np.stack([samples[t * HOP : t * HOP + LENGTH] for t in range(count)]).astype(np.float64)


@pytest.fixture(scope="module")
def windowed(frames):
    n = np.arange(LENGTH)
    return frames * (0.54 - 0.46 * np.cos(2 * np.pi * n / LENGTH))


@pytest.fixture(scope="module")
def power(windowed):
    return np.abs(np.fft.rfft(windowed, N_FFT)) ** 2


def ours(spec, spectra):
    return build_extractors(spec)[0].frames(spectra)


def test_flux(spectra, power):
    normalised = np.sqrt(power) / np.sqrt(power).sum(axis=1, keepdims=True)
    expected = [0.0] + [np.sum((b - a) ** 2) for a, b in itertools.pairwise(normalised)]
    np.testing.assert_allclose(ours("flux", spectra)[:, 0], expected, rtol=1e-4, atol=1e-9)


def test_entropy(spectra, power):
    p = power / power.sum(axis=1, keepdims=True)
    expected = -(p * np.log(p)).sum(axis=1) / np.log(p.shape[1])
    np.testing.assert_allclose(ours("entropy", spectra)[:, 0], expected, rtol=1e-5)


def test_energy_entropy(spectra, frames):
    parts = (frames.reshape(len(frames), 10, 40) ** 2).sum(axis=2)
    e = parts / parts.sum(axis=1, keepdims=True)
    expected = -(e * np.log2(e)).sum(axis=1)
    np.testing.assert_allclose(ours("energy_entropy", spectra)[:, 0], expected, rtol=1e-5)


def test_spectral_is_its_members_side_by_side(spectra):
    members = ["flux", "rolloff", "centroid", "entropy", "spread", "flatness", "energy", "energy_entropy", "zcr"]
    together = np.hstack([ours(name, spectra) for name in members])
    np.testing.assert_array_equal(ours("spectral", spectra), together)
    assert build_extractors("spectral")[0].coefficient_names == members


@pytest.mark.parametrize(("name", "bank", "n_bands", "fmin"), [("lfcc", "linear", 40, 0.0), ("bfcc", "bark", 24, 50.0)])
def test_cepstra(spectra, power, name, bank, n_bands, fmin):
    energies = power @ getattr(filterbanks, bank)(RATE, N_FFT, n_bands, fmin, None).T.astype(np.float64)
    level = 10 * np.log10(np.maximum(energies, 1e-10))
    level = np.maximum(level, level.max() - 80)
    expected = dct(level, type=2, norm="ortho", axis=1)[:, :13]
    np.testing.assert_allclose(ours(f"{name}:n_coeffs=13", spectra), expected, rtol=0, atol=2e-4)


class TestLpcc:
    ORDER = 12

    @pytest.fixture
    def lags(self, windowed):
        """Autocorrelation in the time domain, without pre-emphasis, with the white-noise correction."""
        r = np.array([[np.dot(x[: LENGTH - k], x[k:]) for k in range(self.ORDER + 1)] for x in windowed]) / LENGTH
        r[:, 0] *= 1 + 1e-6
        return r

    def test_levinson_durbin_solves_the_normal_equations(self, lags):
        predictor, error = levinson_durbin(lags)
        for r, a, e in zip(lags, predictor, error):
            direct = solve_toeplitz(r[:-1], r[1:])
            np.testing.assert_allclose(a, direct, rtol=1e-6, atol=1e-7)
            assert e == pytest.approx(r[0] - direct @ r[1:], rel=1e-6)

    def test_recursion_gives_the_cepstrum_of_the_all_pole_model(self, lags):
        predictor, error = levinson_durbin(lags)
        found = predictor_to_cepstrum(predictor, error, 20)
        size = 1 << 15
        for a, e, c in zip(predictor[::10], error[::10], found[::10]):
            response = np.fft.rfft(np.concatenate([[1.0], -a]), size)
            cepstrum = np.fft.irfft(np.log(e / np.abs(response) ** 2), size)
            # The real cepstrum of a minimum-phase power spectrum: c_0, then 2 c_m / 2.
            assert c[0] == pytest.approx(cepstrum[0], rel=1e-6)
            np.testing.assert_allclose(c[1:], cepstrum[1:20], rtol=1e-4, atol=1e-5)

    def test_whole_chain(self, spectra, lags):
        expected = predictor_to_cepstrum(*levinson_durbin(lags), 13)
        np.testing.assert_allclose(ours("lpcc:preemphasis=0", spectra), expected, rtol=1e-3, atol=1e-3)

    def test_preemphasis_is_that_of_the_signal_but_for_the_frames_first_sample(self, samples):
        """On noise, whose frames don't hang on one sample, the two ways agree closely."""
        noise = np.random.default_rng(6).standard_normal(RATE).astype(np.float32)
        emphasised = np.concatenate([noise[:1], noise[1:] - np.float32(0.97) * noise[:-1]])
        analysis = Analysis(RATE)
        in_time = ours("lpcc:preemphasis=0", Spectra(Signal(emphasised, RATE), analysis))
        in_frequency = ours("lpcc", Spectra(Signal(noise, RATE), analysis))
        assert np.abs(in_time - in_frequency).max() < 0.05
        assert np.abs(in_time - in_frequency).mean() < 0.01

    def test_finds_the_model_that_made_the_signal(self):
        """White noise through a known all-pole filter has that filter's cepstrum, within the estimate's spread."""
        from scipy.signal import lfilter

        a = [1.3, -0.8]
        noise = np.random.default_rng(7).standard_normal(20 * RATE)
        signal = lfilter([1.0], [1, -a[0], -a[1]], noise).astype(np.float32)
        found = ours("lpcc:order=2:n_coeffs=3:preemphasis=0", Spectra(Signal(signal, RATE), Analysis(RATE)))
        expected = predictor_to_cepstrum(np.array([a]), np.array([1.0]), 3)[0]
        np.testing.assert_allclose(found.mean(axis=0)[1:], expected[1:], atol=0.03)

    def test_silence_is_a_flat_model(self):
        found = ours("lpcc", Spectra(Signal(np.zeros(RATE, np.float32), RATE), Analysis(RATE)))
        np.testing.assert_array_equal(found[:, 1:], 0)
        np.testing.assert_allclose(found[:, 0], np.log(1e-10), rtol=1e-5)


def test_pncc_is_the_papers_equations_one_by_one(spectra, power):
    """Kim & Stern 2016, written as loops over frames m and channels l."""
    n_bands = 40
    h = filterbanks.gammatone(RATE, N_FFT, n_bands, 200.0, 8000.0).astype(np.float64)
    h[h < 0.005 * h.max(axis=1, keepdims=True)] = 0
    h = h**2 / (h**2).sum(axis=1, keepdims=True)
    emphasis = np.abs(1 - 0.97 * np.exp(-2j * np.pi * np.arange(N_FFT // 2 + 1) / N_FFT)) ** 2
    p = (power * emphasis) @ h.T / N_FFT
    n_frames = len(p)

    q = np.array([p[max(0, m - 2) : m + 3].mean(axis=0) for m in range(n_frames)])

    def lower_envelope(x):
        out = np.zeros_like(x)
        for band in range(n_bands):
            last = 0.9 * x[0, band]
            for m in range(n_frames):
                lam = 0.999 if x[m, band] >= last else 0.5
                last = out[m, band] = lam * last + (1 - lam) * x[m, band]
        return out

    q_le = lower_envelope(q)
    q_0 = np.maximum(q - q_le, 0)
    q_f = lower_envelope(q_0)
    q_tm, peak = q_0.copy(), q_0[0].copy()
    for m in range(1, n_frames):
        for band in range(n_bands):
            if q_0[m, band] < 0.85 * peak[band]:
                q_tm[m, band] = 0.2 * peak[band]
            peak[band] = max(0.85 * peak[band], q_0[m, band])
    r = np.where(q >= 2 * q_le, np.maximum(q_tm, q_f), q_f)
    s = np.array([[np.mean((r / q)[m, max(0, b - 4) : b + 5]) for b in range(n_bands)] for m in range(n_frames)])
    t = p * s
    mu, u = t.mean(), np.zeros_like(t)
    for m in range(n_frames):
        mu = 0.999 * mu + 0.001 * t[m].mean()
        u[m] = t[m] / mu
    expected = dct(u ** (1 / 15), type=2, norm="ortho", axis=1)[:, :13]
    np.testing.assert_allclose(ours("pncc", spectra), expected, rtol=0, atol=2e-4)


def test_pncc_hardly_heeds_the_level(samples):
    analysis = Analysis(RATE)
    loud = ours("pncc", Spectra(Signal(samples, RATE), analysis))
    quiet = ours("pncc", Spectra(Signal(samples * np.float32(0.01), RATE), analysis))
    np.testing.assert_allclose(loud, quiet, atol=1e-3)


def test_cubic_root_scales_with_the_level(samples):
    analysis = Analysis(RATE)
    loud = ours("gfcc", Spectra(Signal(samples, RATE), analysis))
    quiet = ours("gfcc", Spectra(Signal(samples * np.float32(0.125), RATE), analysis))
    np.testing.assert_allclose(quiet, loud / 4, rtol=1e-4, atol=1e-5)  # (1/8)² under a cubic root

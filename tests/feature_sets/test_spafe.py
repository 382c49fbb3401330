"""Parity with spafe where it computes the same, and a record of where it does not."""

from __future__ import annotations

import numpy as np
import pytest
import twins
from spafe.fbanks.bark_fbanks import bark_filter_banks
from spafe.fbanks.gammatone_fbanks import gammatone_filter_banks
from spafe.fbanks.linear_fbanks import linear_filter_banks
from spafe.features import bfcc as spafe_bfcc
from spafe.features import gfcc as spafe_gfcc
from spafe.features import lfcc as spafe_lfcc
from spafe.features import pncc as spafe_pncc
from spafe.utils.preprocessing import SlidingWindow

from audioclf.audio.signal import Signal
from audioclf.feature_sets.bfcc import BFCC
from audioclf.feature_sets.gfcc import GFCC
from audioclf.feature_sets.lfcc import LFCC
from audioclf.spectra import filterbanks
from audioclf.spectra.analysis import Analysis
from audioclf.spectra.spectra import Spectra

RATE, N_FFT = 16000, 1024


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(4)
    t = np.arange(2 * RATE) / RATE
    voice = sum(np.sin(2 * np.pi * 130 * k * t + k) / k for k in range(1, 25)) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))
    return (0.1 * voice + 0.01 * rng.standard_normal(len(t))).astype(np.float32)


@pytest.fixture(scope="module")
def spectra(samples):
    """spafe's window is symmetric; everything else is the default."""
    return Spectra(Signal(samples, RATE), Analysis(RATE, window="hamming-symmetric"))


def settings(extractor, **more):
    return {
        "fs": RATE,
        "num_ceps": extractor.n_coeffs,
        "pre_emph": False,
        "window": SlidingWindow(0.025, 0.010, "hamming"),
        "nfilts": extractor.n_bands,
        "nfft": N_FFT,
        **more,
    }


@pytest.mark.parametrize(("n_coeffs", "n_bands", "fmin", "fmax"), [(20, 40, 50, None), (13, 24, 100, 4000)])
def test_gfcc(samples, spectra, n_coeffs, n_bands, fmin, fmax):
    extractor = GFCC(n_coeffs=n_coeffs, n_bands=n_bands, fmin=fmin, fmax=fmax)
    # By itself spafe's gfcc takes order=4, an exponent in the bandwidth's formula that should be 1.
    weights, _ = gammatone_filter_banks(nfilts=n_bands, nfft=N_FFT, fs=RATE, low_freq=fmin, high_freq=fmax, order=1)
    expected = spafe_gfcc.gfcc(samples, low_freq=fmin, high_freq=fmax, fbanks=weights, **settings(extractor))
    np.testing.assert_allclose(extractor.frames(spectra), expected, rtol=0, atol=2e-6)


def test_gfcc_with_spafes_own_narrower_filters(samples, spectra, monkeypatch):
    extractor = GFCC()
    weights, _ = gammatone_filter_banks(nfilts=40, nfft=N_FFT, fs=RATE, low_freq=50)
    expected = spafe_gfcc.gfcc(samples, low_freq=50, **settings(extractor))
    monkeypatch.setattr(filterbanks, "gammatone", lambda *_: weights.astype(np.float32))
    found = extractor.frames(Spectra(Signal(samples, RATE), spectra.analysis))
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)


def test_bfcc_given_spafes_filters(samples, spectra, monkeypatch):
    """spafe applies Hermansky's curve of frequency to energies w: ln of it is 4/3 ln w plus a constant, to 5e-5."""
    extractor = BFCC(top_db=None)
    weights, _ = bark_filter_banks(nfilts=extractor.n_bands, nfft=N_FFT, fs=RATE, low_freq=extractor.fmin)
    expected = spafe_bfcc.bfcc(samples, fbanks=weights, **settings(extractor))
    monkeypatch.setattr(filterbanks, "bark", lambda *_: weights.astype(np.float32))
    found = extractor.frames(Spectra(Signal(samples, RATE), spectra.analysis)) * (np.log(10) / 10 * 4 / 3)
    np.testing.assert_allclose(found[:, 1:], expected[:, 1:], rtol=0, atol=5e-5)
    offset = found[:, 0] - expected[:, 0]
    np.testing.assert_allclose(offset, offset[0], rtol=0, atol=2e-4)  # the 0th is some 50 times larger


def test_bark_filters_are_spafes_but_for_the_bins(samples):
    """At a long FFT the shift of bins by 1 / n_fft vanishes; what spafe leaves out is the last and first bins."""
    n_fft = 1 << 15
    ours = filterbanks.bark(RATE, n_fft, 20, 100.0, 6000.0)
    theirs, _ = bark_filter_banks(nfilts=20, nfft=n_fft, fs=RATE, low_freq=100.0, high_freq=6000.0)
    inside = theirs.any(axis=0)
    apart = np.abs(ours - theirs)[:, inside]
    # The curve is steep and has steps at both ends: a bin's shift matters in a few bins per filter only.
    assert np.median(apart) < 1e-6
    assert np.mean(apart > 2e-3) < 5e-4


def test_lfcc_given_spafes_filters(samples, spectra, monkeypatch):
    """Logarithm of the periodogram there, decibels of the power here: the 0th differs by a constant."""
    extractor = LFCC(top_db=None)
    weights, _ = linear_filter_banks(nfilts=extractor.n_bands, nfft=N_FFT, fs=RATE, low_freq=0, high_freq=RATE / 2)
    expected = spafe_lfcc.lfcc(samples, fbanks=weights, **settings(extractor))
    monkeypatch.setattr(filterbanks, "linear", lambda *_: weights.astype(np.float32))
    found = extractor.frames(Spectra(Signal(samples, RATE), spectra.analysis)) * (np.log(10) / 10)
    np.testing.assert_allclose(found[:, 1:], expected[:, 1:], rtol=0, atol=5e-5)


@pytest.fixture(scope="module")
def medium(spectra):
    power = spectra.energies(filterbanks.gammatone, 40, 200.0, None).astype(np.float64) / N_FFT
    return twins.medium_time_power(power)


class TestPnccStages:
    """Stage by stage, for spafe's chain departs from the paper between them (see PNCC's docstring)."""

    def test_medium_time_power(self, spectra):
        power = spectra.energies(filterbanks.gammatone, 40, 200.0, None).astype(np.float64)
        expected = spafe_pncc.medium_time_power_calculation(power)
        found = twins.medium_time_power(power)
        np.testing.assert_allclose(found[2:-2], expected[2:-2], rtol=1e-12)
        np.testing.assert_allclose(found[0] * 3 / 5, expected[0], rtol=1e-12)  # it divides 3 frames by 5

    def test_asymmetric_filter(self, medium):
        expected = spafe_pncc.asymmetric_lowpass_filtering(medium, 0.999, 0.5)
        np.testing.assert_allclose(twins.asymmetric_filter(medium, start=0.0), expected, rtol=1e-10)

    def test_temporal_masking(self, medium):
        np.testing.assert_allclose(twins.temporal_masking(medium), spafe_pncc.temporal_masking(medium), rtol=1e-12)

    def test_weight_smoothing_over_inner_channels(self, medium):
        """spafe averages channels l - 4 ... l + 3 and divides by 9; put its missing channel back."""
        weights = 1 + np.sin(np.arange(medium.size)).reshape(medium.shape)
        expected = spafe_pncc.weight_smoothing(weights * medium, medium, nfilts=40, N=4)
        inner = slice(5, 35)
        found = twins.smooth_weights(weights)[:, inner] - weights[:, 9:39] / 9
        np.testing.assert_allclose(found, expected[:, inner], rtol=1e-9)

"""Parity with librosa, given the same parameters: float32 here, librosa's own precision there.

Tolerances are a few units in the last place of float32 (6e-8 relative) at the size of the quantity, and stay
below 1e-4 dB for levels.
"""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from audioclf.audio.signal import Signal
from audioclf.features.specs import build_extractors
from audioclf.spectra.analysis import Analysis
from audioclf.spectra.spectra import Spectra

RATE, FRAME, HOP = 16000, 512, 160


def _music(rate=RATE, seconds=2):
    """Decaying harmonics over noise, with a loud and a nearly silent part."""
    rng = np.random.default_rng(3)
    t = np.arange(seconds * rate) / rate
    tones = sum(np.sin(2 * np.pi * 220 * k * t) / k for k in range(1, 12)) * np.exp(-2 * (t % 0.5))
    x = 0.2 * tones + 0.01 * rng.standard_normal(len(t))
    x[rate : rate + rate // 4] *= 1e-3
    return x.astype(np.float32)


@pytest.fixture(scope="module")
def samples():
    return _music()


@pytest.fixture(scope="module")
def spectra(samples):
    analysis = Analysis(RATE, frame_length=FRAME / RATE, hop_length=HOP / RATE, n_fft=FRAME)
    return Spectra(Signal(samples, RATE), analysis)


def ours(spec, spectra):
    return build_extractors(spec)[0].frames(spectra).T


STFT = {"n_fft": FRAME, "hop_length": HOP, "window": "hamming", "center": False}


@pytest.mark.parametrize("n_mels", [40, 64])
@pytest.mark.parametrize("htk", [False, True])
@pytest.mark.parametrize("n_coeffs", [13, 20])
def test_mfcc(samples, spectra, n_mels, htk, n_coeffs):
    expected = librosa.feature.mfcc(y=samples, sr=RATE, n_mfcc=n_coeffs, n_mels=n_mels, htk=htk, **STFT)
    found = ours(f"mfcc:n_coeffs={n_coeffs}:n_mels={n_mels}:htk={htk}", spectra)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_mfcc_of_a_window_shorter_than_the_fft(samples):
    """librosa centres a short window in the FFT's frame: it sees the signal (1024 - 551) // 2 samples later."""
    rate, length, hop, n_fft = 22050, 551, 220, 1024
    signal = _music(rate)
    analysis = Analysis(rate, frame_length=length / rate, hop_length=hop / rate, n_fft=n_fft)
    shift = (n_fft - length) // 2
    found = ours("mfcc:n_mels=40:n_coeffs=20", Spectra(Signal(signal[shift:], rate), analysis))
    expected = librosa.feature.mfcc(
        y=signal,
        sr=rate,
        n_mfcc=20,
        n_mels=40,
        n_fft=n_fft,
        win_length=length,
        hop_length=hop,
        window="hamming",
        center=False,
    )
    np.testing.assert_allclose(found[:, : expected.shape[1]], expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize(("fmin", "fmax"), [(0, 8000), (300, 3400)])
def test_logmel(samples, spectra, fmin, fmax):
    mel = librosa.feature.melspectrogram(y=samples, sr=RATE, n_mels=40, fmin=fmin, fmax=fmax, **STFT)
    found = ours(f"logmel:n_mels=40:fmin={fmin}:fmax={fmax}", spectra)
    np.testing.assert_allclose(found, librosa.power_to_db(mel), rtol=0, atol=1e-4)


def test_logmel_without_a_limited_range(samples, spectra):
    mel = librosa.feature.melspectrogram(y=samples, sr=RATE, n_mels=40, **STFT)
    found = ours("logmel:n_mels=40:top_db=none", spectra)
    np.testing.assert_allclose(found, librosa.power_to_db(mel, top_db=None), rtol=0, atol=1e-4)


def test_centroid(samples, spectra):
    expected = librosa.feature.spectral_centroid(y=samples, sr=RATE, **STFT)
    np.testing.assert_allclose(ours("centroid", spectra), expected, rtol=2e-6)


def test_spread(samples, spectra):
    expected = librosa.feature.spectral_bandwidth(y=samples, sr=RATE, **STFT)
    np.testing.assert_allclose(ours("spread", spectra), expected, rtol=2e-6)


@pytest.mark.parametrize("percent", [50, 85, 95])
def test_rolloff(samples, spectra, percent):
    expected = librosa.feature.spectral_rolloff(y=samples, sr=RATE, roll_percent=percent / 100, **STFT)
    np.testing.assert_allclose(ours(f"rolloff:percent={percent}", spectra), expected, rtol=1e-6)


def test_flatness(samples, spectra):
    expected = librosa.feature.spectral_flatness(y=samples, **STFT)
    np.testing.assert_allclose(ours("flatness", spectra), expected, rtol=1e-5)


def test_zcr(samples, spectra):
    expected = librosa.feature.zero_crossing_rate(y=samples, frame_length=FRAME, hop_length=HOP, center=False)
    np.testing.assert_allclose(ours("zcr", spectra), expected, rtol=1e-6)


def test_energy(samples, spectra):
    rms = librosa.feature.rms(y=samples, frame_length=FRAME, hop_length=HOP, center=False)
    np.testing.assert_allclose(ours("energy", spectra), 20 * np.log10(rms), rtol=0, atol=1e-4)


def test_chroma(spectra):
    expected = librosa.feature.chroma_stft(S=spectra.power.T, sr=RATE, n_fft=FRAME, tuning=0)
    np.testing.assert_allclose(ours("chroma", spectra), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("width", [3, 5, 9])
def test_deltas(spectra, width):
    static = ours("mfcc:n_mels=40", spectra)
    first = librosa.feature.delta(static.astype(np.float64), width=width, mode="nearest")
    second = librosa.feature.delta(first, width=width, mode="nearest")
    found = ours(f"mfcc:n_mels=40:deltas=2:delta_width={width}", spectra)
    n = len(static)
    np.testing.assert_allclose(found[n : 2 * n], first, rtol=0, atol=1e-4)
    np.testing.assert_allclose(found[2 * n :], second, rtol=0, atol=1e-4)


def test_silence_gives_what_librosa_gives():
    samples = np.zeros(RATE, np.float32)
    silent = Spectra(
        Signal(samples, RATE), Analysis(RATE, frame_length=FRAME / RATE, hop_length=HOP / RATE, n_fft=FRAME)
    )
    np.testing.assert_array_equal(
        ours("centroid", silent), librosa.feature.spectral_centroid(y=samples, sr=RATE, **STFT)
    )
    np.testing.assert_array_equal(ours("rolloff", silent), librosa.feature.spectral_rolloff(y=samples, sr=RATE, **STFT))
    np.testing.assert_allclose(
        ours("flatness", silent), librosa.feature.spectral_flatness(y=samples, **STFT), rtol=1e-6
    )
    np.testing.assert_allclose(
        ours("mfcc:n_mels=40:n_coeffs=20", silent),
        librosa.feature.mfcc(y=samples, sr=RATE, n_mfcc=20, n_mels=40, **STFT),
        atol=1e-4,
    )

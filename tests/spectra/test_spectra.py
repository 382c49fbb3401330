"""Frames, power and autocorrelation against NumPy, SciPy and sums in the time domain."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.audio.signal import Signal
from audioclf.spectra import filterbanks
from audioclf.spectra.analysis import WINDOWS, Analysis, window
from audioclf.spectra.spectra import Spectra, preemphasis_response


def spectra(samples, rate=8000, **options):
    return Spectra(Signal(np.asarray(samples, np.float32), rate), Analysis(rate, **options))


def windowed(made):
    """The windowed frames in float64, cut by hand."""
    analysis = made.analysis
    length, hop = analysis.frame_samples, analysis.hop_samples
    count = 1 + (len(made.samples) - length) // hop
    weights = window(analysis.window, length).astype(np.float64)
    return np.stack([made.samples[t * hop : t * hop + length] * weights for t in range(count)])


def test_frames_begin_at_multiples_of_the_hop_and_leave_a_rest_out():
    made = spectra(np.arange(1000), frame_length=0.025, hop_length=0.010)
    assert made.frames.shape == (11, 200)
    for t in range(11):
        np.testing.assert_array_equal(made.frames[t], np.arange(80 * t, 80 * t + 200))
    assert len(made) == 11
    assert not made.padded
    assert len(spectra(np.zeros(200))) == 1
    assert len(spectra(np.zeros(279))) == 1
    assert len(spectra(np.zeros(280))) == 2


def test_a_hop_longer_than_a_frame_skips_samples():
    made = spectra(np.arange(1000), frame_length=0.01, hop_length=0.05)
    assert made.frames[:, 0].tolist() == [0, 400, 800]


@pytest.mark.parametrize("count", [0, 1, 7, 199])
def test_a_signal_shorter_than_a_frame_is_padded_to_one(count):
    made = spectra(np.ones(count))
    assert made.padded
    assert made.frames.shape == (1, 200)
    assert made.frames.sum() == count


def test_a_signal_at_another_rate_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="the signal is at 8000 Hz, the analysis at 16000 Hz"):
        Spectra(Signal(np.zeros(10, np.float32), 8000), Analysis(16000))


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("n_fft", [None, 200, 201, 255, 512])
def test_power_is_that_of_numpys_fft(rng, name, n_fft):
    made = spectra(rng.uniform(-1, 1, 3000), window=name, n_fft=n_fft)
    size = made.analysis.fft_size
    reference = np.abs(np.fft.rfft(windowed(made), size)) ** 2
    assert made.power.dtype == np.float32
    assert made.power.shape == (len(made), size // 2 + 1) == (36, len(made.frequencies))
    np.testing.assert_allclose(made.power, reference, rtol=1e-4, atol=1e-5 * reference.max())
    np.testing.assert_allclose(made.magnitude, np.sqrt(reference), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(made.frequencies, np.fft.rfftfreq(size, 1 / 8000))


def test_power_obeys_parseval_over_many_blocks_of_frames(rng):
    made = spectra(rng.uniform(-1, 1, 80000), n_fft=256)
    assert len(made) > 900
    both_sides = made.power.astype(np.float64)
    both_sides[:, 1:-1] *= 2
    np.testing.assert_allclose(both_sides.sum(axis=1) / 256, (windowed(made) ** 2).sum(axis=1), rtol=1e-5)


def test_a_long_clip_and_its_parts_have_the_same_frames(rng):
    samples = rng.uniform(-1, 1, 80000).astype(np.float32)
    whole = spectra(samples, n_fft=256)
    part = spectra(samples[80 * 500 : 80 * 500 + 200], n_fft=256)
    np.testing.assert_allclose(part.power[0], whole.power[500], rtol=1e-6)


@pytest.mark.parametrize("level", [0.0, 1e-20, 1e-4, 1.0, 2.0**31])
@pytest.mark.parametrize("kind", ["dc", "tone", "clipped", "impulse"])
def test_power_is_finite_and_never_negative_at_any_level(level, kind):
    t = np.arange(4000)
    samples = {
        "dc": np.ones(4000),
        "tone": np.sin(0.3 * t),
        "clipped": np.sign(np.sin(0.3 * t)),
        "impulse": (t == 1000).astype(float),
    }[kind]
    power = spectra(level * samples).power
    assert np.isfinite(power).all()
    assert (power >= 0).all()
    assert level == 0.0 or level < 1e-15 or power.max() > 0


def test_a_constant_has_its_power_at_zero_hertz():
    power = spectra(np.full(4000, 0.5), window="rectangular", n_fft=200).power
    np.testing.assert_allclose(power[:, 0], 100.0**2, rtol=1e-5)
    assert power[:, 1:].max() < 1e-5


def test_energies_are_power_summed_under_the_bands_and_computed_once(rng):
    made = spectra(rng.uniform(-1, 1, 2000), n_fft=256)
    calls = []

    def bands(rate, n_fft, n_bands):
        calls.append((rate, n_fft, n_bands))
        return np.arange(n_bands * (n_fft // 2 + 1), dtype=np.float32).reshape(n_bands, -1) % 7

    energies = made.energies(bands, 3)
    reference = np.einsum("fk,bk->fb", made.power.astype(np.float64), bands(8000, 256, 3))
    np.testing.assert_allclose(energies, reference, rtol=1e-5)
    assert energies.dtype == np.float32
    calls.clear()
    assert made.energies(bands, 3) is energies
    assert calls == []
    made.energies(bands, 4)
    assert calls == [(8000, 256, 4)]


def test_energies_of_different_banks_are_not_confused(rng):
    made = spectra(rng.uniform(-1, 1, 2000), n_fft=256)
    mel = made.energies(filterbanks.mel, 10, 0.0, None)
    linear = made.energies(filterbanks.linear, 10, 0.0, None)
    assert mel.shape == linear.shape
    assert not np.allclose(mel, linear)


def autocorrelation(frame, order):
    """Sums in the time domain."""
    return [sum(frame[i] * frame[i + lag] for i in range(len(frame) - lag)) if lag < len(frame) else 0.0
            for lag in range(order + 1)]  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "order", "n_fft"),
    [(40, 12, None), (40, 12, 64), (40, 12, 40), (40, 12, 41), (41, 12, 41), (40, 39, 40), (40, 12, 51), (40, 12, 52),
     (4, 12, 4), (4, 12, 5), (2, 30, 2)],
)  # fmt: skip
@pytest.mark.parametrize("preemphasis", [0.0, 0.97])
def test_autocorrelation_is_the_sum_over_time(rng, frame, order, n_fft, preemphasis):
    """Also where the FFT is shorter than frame + order, so that lags of the plain transform would wrap round."""
    made = spectra(rng.uniform(-1, 1, 200), 1000, frame_length=frame / 1000, hop_length=0.02, n_fft=n_fft)
    emphasised = [np.convolve(f, [1.0, -preemphasis]) for f in windowed(made)]
    reference = np.array([autocorrelation(f, order) for f in emphasised])
    found = made.autocorrelation(order, preemphasis)
    assert found.dtype == np.float32
    assert found.shape == reference.shape
    np.testing.assert_allclose(found, reference, rtol=0, atol=2e-6 * reference[:, 0].max())


def test_autocorrelation_of_a_long_clip_with_a_short_fft(rng):
    made = spectra(rng.uniform(-1, 1, 30000), 1000, frame_length=0.04, hop_length=0.04, n_fft=40)
    assert len(made) == 750
    reference = np.array([np.correlate(f, f, "full")[39 : 39 + 13] for f in windowed(made)])
    np.testing.assert_allclose(made.autocorrelation(12), reference, rtol=0, atol=1e-5 * reference.max())


@pytest.mark.parametrize("n_fft", [8, 9])
def test_preemphasis_response_is_the_filters(n_fft):
    response = np.abs(np.fft.rfft([1.0, -0.97], n_fft)) ** 2
    np.testing.assert_allclose(preemphasis_response(0.97, n_fft), response, rtol=1e-12)

"""The power spectrum is that of NumPy's FFT, whatever the frame's company."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.spectra.kernels.fft import power_spectrum

F32 = 6e-8  # half a unit in the last place


def plain_power(samples, starts, window, n_fft):
    """NumPy's FFT of each frame in float64, shape (n_frames, n_fft // 2 + 1)."""
    frames = np.stack([samples[at : at + len(window)].astype(np.float64) * window for at in starts])
    return np.abs(np.fft.rfft(frames, n_fft, axis=1)) ** 2


class TestPowerSpectrum:
    @pytest.mark.parametrize("n_fft", [8, 16, 32, 64, 256, 512, 1024, 4096])
    @pytest.mark.parametrize("n_frames", [1, 3, 64, 65, 200])
    def test_is_the_fft(self, rng, n_fft, n_frames):
        length = max(2, n_fft * 5 // 8 + 1)
        samples = rng.standard_normal(length + 7 * n_frames).astype(np.float32)
        window = rng.uniform(0.1, 1, length).astype(np.float32)
        starts = rng.integers(0, 7 * n_frames, n_frames)
        power = power_spectrum(samples, starts, window, n_fft).T
        expected = plain_power(samples, starts, window, n_fft)
        assert power.shape == expected.shape
        # The error of a single-precision FFT grows with its stages; relative to the frame's energy.
        scale = np.sqrt(expected.max(axis=1, keepdims=True))
        np.testing.assert_allclose(np.sqrt(power) / scale, np.sqrt(expected) / scale, rtol=0, atol=2e-6)

    @pytest.mark.parametrize("n_fft", [6, 1000, 1023])
    def test_of_other_lengths_is_scipys(self, rng, n_fft):
        samples = rng.standard_normal(3000).astype(np.float32)
        starts, window = np.arange(0, 1900, 17), np.ones(min(n_fft, 500), np.float32)
        power = power_spectrum(samples, starts, window, n_fft).T
        np.testing.assert_allclose(power, plain_power(samples, starts, window, n_fft), rtol=1e-3, atol=1e-3)

    def test_of_a_tone_holds_six_digits_of_its_peak(self):
        tone = np.cos(2 * np.pi * 100 * np.arange(1024) / 1024).astype(np.float32)
        power = power_spectrum(tone, np.array([0]), np.ones(1024, np.float32), 1024)[:, 0]
        assert power[100] == pytest.approx(512**2, rel=1e-6)
        assert np.delete(power, 100).max() < 512**2 * 1e-12

    def test_of_a_frame_is_the_same_in_any_company(self, rng):
        samples = rng.standard_normal(5000).astype(np.float32)
        starts, window = np.arange(0, 4000, 19), np.hamming(400).astype(np.float32)
        together = power_spectrum(samples, starts, window, 512)
        for i in (0, 1, 63, 64, 200):
            alone = power_spectrum(samples, starts[i : i + 1], window, 512)
            np.testing.assert_array_equal(together[:, i : i + 1], alone)

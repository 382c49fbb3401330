"""Resampling keeps what the new rate can hold, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from tones import RATE, tone

from audioclf.audio.resample import resample
from audioclf.audio.signal import Signal


@pytest.mark.parametrize("wanted", [8000, 16000, 22050, 48000, 96000, 11025])
def test_resampling_keeps_a_tone_its_level_and_its_length(wanted):
    signal = resample(Signal(tone(1000, seconds=2.0), RATE), wanted)
    assert signal.sample_rate == wanted
    assert signal.samples.dtype == np.float32
    assert abs(len(signal.samples) - 2 * wanted) <= 1
    middle = signal.samples[wanted // 2 : 3 * wanted // 2]
    expected = tone(1000, wanted, 2.0)[wanted // 2 : 3 * wanted // 2]
    np.testing.assert_allclose(middle, expected, atol=2e-4)


def test_resampling_removes_what_the_new_rate_cannot_hold():
    above = resample(Signal(tone(5000, seconds=1.0), RATE), 8000).samples[800:-800]
    assert np.abs(above).max() < 1e-4


def test_resampling_to_the_same_rate_or_none_changes_nothing():
    signal = Signal(tone(), RATE)
    assert resample(signal, RATE) is signal
    assert resample(signal, None) is signal

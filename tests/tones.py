"""A tone, and which tone a signal holds."""

from __future__ import annotations

import numpy as np

RATE = 44100


def tone(frequency=440.0, rate=RATE, seconds=1.0, level=0.4):
    """A sine, shape (rate * seconds,), float32."""
    t = np.arange(round(rate * seconds)) / rate
    return (level * np.sin(2 * np.pi * frequency * t)).astype(np.float32)


def loudest(samples, rate):
    """Frequency of the strongest bin of a Hann-windowed FFT, in Hz."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.fft.rfftfreq(len(samples), 1 / rate)[power.argmax()]

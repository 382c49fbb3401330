"""Noise at a random signal-to-noise ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from audioclf.augmentation.effect import signed
from audioclf.plugin import Effect, Samples, did_you_mean, param

_CORNER = 50.0  # Hz; brown noise would otherwise lie nearly all below what can be heard
_COLOURS = {"white": 0.0, "pink": 1.0, "brown": 2.0}  # power falls with frequency to the power of this


@dataclass(frozen=True)
class Noise(Effect):
    """Noise at a signal-to-noise ratio drawn between two, in dB: the clip's mean power over the noise's.

    White noise is as loud in each Hz, pink in each octave; brown noise falls by 6 dB an octave, as wind and traffic
    roughly do (both from 50 Hz; below, they are white). A silent clip stays silent.
    """

    name = "noise"
    title = "noise at a random signal-to-noise ratio"
    place = 5

    min_snr: float = param(5.0, "lowest signal-to-noise ratio in dB, -20 to 100")
    max_snr: float = param(30.0, "highest signal-to-noise ratio in dB, -20 to 100")
    colour: str = param("white", "white, pink or brown")

    def __post_init__(self) -> None:
        self.require_range("min_snr", "max_snr", -20.0, 100.0, "dB")
        self.require(self.colour in _COLOURS, f"unknown colour '{self.colour}'. {did_you_mean(self.colour, _COLOURS)}")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        return {"snr": rng.uniform(self.min_snr, self.max_snr)}

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        noise = rng.standard_normal(len(samples), np.float32)
        if self.colour != "white":
            noise = _coloured(noise, sample_rate, _COLOURS[self.colour])
        power = _power(noise)
        if not power:
            return samples
        level = math.sqrt(_power(samples) / power) * 10 ** (-drawn["snr"] / 20)
        return samples + np.float32(level) * noise

    def tell(self, **drawn: float) -> str:
        return f"noise {signed(drawn['snr'], 0, False)} dB"


def _coloured(noise: Samples, sample_rate: int, exponent: float) -> Samples:
    """White noise whose power is made to fall with frequency to the power of *exponent*, from `_CORNER` Hz."""
    from scipy import fft

    size = fft.next_fast_len(len(noise), real=True)
    frequencies = np.maximum(fft.rfftfreq(size, 1 / sample_rate), _CORNER)
    shape = (frequencies ** (-exponent / 2)).astype(np.float32)
    return fft.irfft(fft.rfft(noise, size) * shape, size)[: len(noise)]


def _power(samples: Samples) -> float:
    """Mean square, summed in double precision."""
    return float(np.mean(np.square(samples, dtype=np.float64)))

"""A synthetic room."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.augmentation.effect import signed
from audioclf.plugin import Effect, Samples, param


@dataclass(frozen=True)
class Reverb(Effect):
    """The clip in a room: convolved with an impulse response made up of noise that decays exponentially.

    This is Polack's model of late reverberation ("La transmission de l'énergie sonore dans les salles", 1988): white
    Gaussian noise times exp(-3 ln(10) t / RT60), after the direct sound. The length stays, so that the tail after the
    clip's end is cut off; the response has an energy of 1, so that the level stays much the same.
    """

    name = "reverb"
    title = "in a synthetic room"
    place = 4

    min_rt60: float = param(0.2, "shortest time in which the sound falls by 60 dB, in seconds, 0.02 to 10")
    max_rt60: float = param(0.8, "longest time in which the sound falls by 60 dB, in seconds, 0.02 to 10")
    min_drr: float = param(0.0, "lowest direct-to-reverberant ratio in dB, -20 to 40; lower is farther away")
    max_drr: float = param(15.0, "highest direct-to-reverberant ratio in dB, -20 to 40")

    def __post_init__(self) -> None:
        self.require_range("min_rt60", "max_rt60", 0.02, 10.0, "s")
        self.require_range("min_drr", "max_drr", -20.0, 40.0, "dB")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        return {"rt60": rng.uniform(self.min_rt60, self.max_rt60), "drr": rng.uniform(self.min_drr, self.max_drr)}

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        from scipy.signal import oaconvolve

        response = impulse_response(sample_rate, rng, **drawn)[: len(samples)]
        return oaconvolve(samples, response.astype(np.float32))[: len(samples)]

    def tell(self, **drawn: float) -> str:
        return f"reverb {drawn['rt60']:.2f} s ({signed(drawn['drr'], 0)} dB)"


def impulse_response(sample_rate: int, rng: np.random.Generator, rt60: float, drr: float) -> NDArray[np.float64]:
    """Return a room's impulse response after Polack's model, of an energy of 1.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    rng : Generator
    rt60 : float
        Seconds in which the sound falls by 60 dB; the response is as long.
    drr : float
        Energy of the direct sound, the first sample, over that of the reverberation, in dB.

    Returns
    -------
    ndarray, shape (1 + rt60 * sample_rate,)

    Examples
    --------
    >>> response = impulse_response(16000, np.random.default_rng(0), rt60=0.5, drr=6.0)
    >>> float(round(10 * np.log10(response[0] ** 2 / np.sum(response[1:] ** 2)), 3))
    6.0
    """
    time = np.arange(1, 1 + max(1, round(rt60 * sample_rate))) / sample_rate
    tail = rng.standard_normal(len(time)) * np.exp(-3 * math.log(10) / rt60 * time)
    tail *= 10 ** (-drr / 20) / math.sqrt(np.sum(tail**2))
    response = np.append(1.0, tail)
    return response / math.sqrt(np.sum(response**2))

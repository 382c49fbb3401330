"""Pitch up or down, length kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioclf.augmentation.effect import signed
from audioclf.plugin import Effect, Samples, param

from ._audiomentations import LOWEST_RATE, applied


@dataclass(frozen=True)
class Pitch(Effect):
    """The pitch up or down by up to so many semitones, drawn evenly; the length stays. By Signalsmith Stretch."""

    name = "pitch"
    title = "pitch up or down, length kept"
    place = 0

    semitones: float = param(2.0, "the farthest up or down in semitones, above 0 to 12")

    def __post_init__(self) -> None:
        self.require(0 < self.semitones <= 12, f"semitones={self.semitones:g}; it must be above 0 and at most 12")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        return {"semitones": rng.uniform(-self.semitones, self.semitones)}

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        from audiomentations import PitchShift

        rate = max(sample_rate, LOWEST_RATE)
        return applied(PitchShift(p=1.0), samples, rate, num_semitones=drawn["semitones"])

    def tell(self, **drawn: float) -> str:
        return f"pitch {signed(drawn['semitones'], 1)} semitones"

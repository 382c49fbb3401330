"""Faster or slower, pitch kept."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from audioclf.plugin import Effect, Samples, param

from ._audiomentations import LOWEST_RATE, applied


@dataclass(frozen=True)
class Stretch(Effect):
    """Faster or slower by a rate drawn evenly on a scale of ratios; the pitch stays. By Signalsmith Stretch.

    A clip of n samples becomes one of about n / rate.
    """

    name = "stretch"
    title = "faster or slower, pitch kept"
    place = 1

    # Below a rate of 0.5 the library adds random phases, from a generator that can't be seeded through Audiomentations.
    min_rate: float = param(0.8, "lowest rate, 0.6 to 2; below 1 is slower and longer")
    max_rate: float = param(1.25, "highest rate, 0.6 to 2; above 1 is faster and shorter")

    def __post_init__(self) -> None:
        self.require_range("min_rate", "max_rate", 0.6, 2.0, "")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        return {"rate": math.exp(rng.uniform(math.log(self.min_rate), math.log(self.max_rate)))}

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        from audiomentations import TimeStretch

        transform = TimeStretch(leave_length_unchanged=False, p=1.0)
        stretched = applied(transform, samples, max(sample_rate, LOWEST_RATE), rate=drawn["rate"])
        return stretched if len(stretched) else samples

    def tell(self, **drawn: float) -> str:
        return f"stretch × {drawn['rate']:.2f}"

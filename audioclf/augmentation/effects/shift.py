"""A clip rolled round in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioclf.augmentation.effect import signed
from audioclf.plugin import Effect, Samples, param

from ._audiomentations import applied


@dataclass(frozen=True)
class Shift(Effect):
    """The clip begins elsewhere: rolled round by up to a share of its length, and what leaves one end enters the other.

    The samples are the same ones; where the ends meet, a click may be heard.
    """

    name = "shift"
    title = "rolled round in time"
    place = 2

    share: float = param(0.5, "the farthest back or forth, as a share of the clip's length, above 0 to 0.5")

    def __post_init__(self) -> None:
        self.require(0 < self.share <= 0.5, f"share={self.share:g}; it must be above 0 and at most 0.5")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        return {"share": rng.uniform(-self.share, self.share)}

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        from audiomentations import Shift as Roll

        return applied(Roll(fade_duration=0.0, p=1.0), samples, sample_rate, shift_amount=drawn["share"])

    def tell(self, **drawn: float) -> str:
        return f"shift {signed(100 * drawn['share'], 0)} %"

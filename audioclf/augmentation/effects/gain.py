"""Louder or softer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioclf.augmentation.effect import signed
from audioclf.plugin import Effect, Samples, param

from ._audiomentations import applied


@dataclass(frozen=True)
class Gain(Effect):
    """Louder or softer by so many dB, drawn evenly; what would go over full scale is brought down to it."""

    name = "gain"
    title = "louder or softer"
    place = 6

    min_db: float = param(-12.0, "lowest gain in dB, -60 to 40")
    max_db: float = param(6.0, "highest gain in dB, -60 to 40")

    def __post_init__(self) -> None:
        self.require_range("min_db", "max_db", -60.0, 40.0, "dB")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        return {"db": rng.uniform(self.min_db, self.max_db)}

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        from audiomentations import Gain as Multiply

        return applied(Multiply(p=1.0), samples, sample_rate, amplitude_ratio=10 ** (drawn["db"] / 20))

    def tell(self, **drawn: float) -> str:
        return f"gain {signed(drawn['db'], 1)} dB"

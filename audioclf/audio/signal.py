"""Mono audio in memory: samples at a rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Signal:
    """Mono audio.

    Attributes
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Full scale is ±1. A floating-point recording or a resampled one may go over it and isn't clipped.
    sample_rate : int
        In Hz.
    """

    samples: NDArray[np.float32]
    sample_rate: int

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

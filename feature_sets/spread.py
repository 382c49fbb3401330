"""Spectral spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.spectra import Spectra

from ._descriptor import Descriptor, share
from .centroid import centroid


@dataclass(frozen=True)
class Spread(Descriptor):
    """Standard deviation of the magnitude spectrum about its centroid, in Hz; 0 for silence.

    √(Σ (f - centroid)² |X| / Σ |X|): Peeters 2004, "A large set of audio features", section 6.1.2. Equal to
    ``librosa.feature.spectral_bandwidth``.

    Examples
    --------
    >>> Spread().coefficient_names
    ['spread']
    """

    name = "spread"
    title = "spectral spread, Hz"

    def static(self, spectra: Spectra) -> NDArray[np.floating]:
        magnitude = spectra.magnitude
        total = magnitude.sum(axis=1, dtype=np.float64)
        # Σ (f - c)² m = Σ f² m - c² Σ m; in float64 the difference keeps nine digits.
        second = share(magnitude @ spectra.frequencies**2, total)
        return np.sqrt(np.maximum(second - centroid(spectra) ** 2, 0.0))[:, None]

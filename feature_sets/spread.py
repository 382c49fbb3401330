"""Spectral spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import LANES, Spectra, kernel, rows

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

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        magnitude = rows(spectra.magnitude)
        second = np.empty(len(spectra), np.float32)
        _second_moment(magnitude, spectra.frequencies.astype(np.float32), centroid(spectra), second)
        return np.sqrt(share(second, spectra.magnitude_moments[:, 0]))[:, None]


@kernel
def _second_moment(magnitude: Any, frequencies: Any, centre: Any, out: Any) -> None:
    """Σ (f - centre)² |X| over the bins of each frame."""
    total = np.empty(LANES, np.float32)
    for start in range(0, out.shape[0], LANES):
        end = min(start + LANES, out.shape[0])
        middle = centre[start:end]
        total[:] = 0
        for k in range(magnitude.shape[0]):
            row = magnitude[k, start:end]
            for f in range(end - start):
                distance = frequencies[k] - middle[f]
                total[f] += distance * distance * row[f]
        out[start:end] = total[: end - start]


@_second_moment.plain
def _second_moment_plain(magnitude: Any, frequencies: Any, centre: Any, out: Any) -> None:
    np.sum((frequencies[:, None] - centre) ** 2 * magnitude, axis=0, out=out)

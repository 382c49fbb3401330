"""Spectral centroid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Spectra

from ._descriptor import Descriptor, share


@dataclass(frozen=True)
class Centroid(Descriptor):
    """Centre of mass of the magnitude spectrum, in Hz: Σ f |X| / Σ |X|; 0 for silence.

    Tzanetakis & Cook 2002, "Musical genre classification of audio signals", eq. 1. Equal to
    ``librosa.feature.spectral_centroid``.

    Examples
    --------
    >>> Centroid().coefficient_names
    ['centroid']
    """

    name = "centroid"
    title = "spectral centroid, Hz"

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        return centroid(spectra)[:, None]


def centroid(spectra: Spectra) -> NDArray[np.floating]:
    """The centroid of each frame in Hz, shape (n_frames,)."""
    total, first = spectra.magnitude_moments.T
    return share(first, total)

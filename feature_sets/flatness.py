"""Spectral flatness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Spectra

from ._cepstra import FLOOR
from ._descriptor import Descriptor


@dataclass(frozen=True)
class Flatness(Descriptor):
    """Geometric over arithmetic mean of the power spectrum, in [0, 1]: near 0 for a tone, 1 for silence.

    Johnston 1988, "Transform coding of audio signals using perceptual noise criteria". Equal to
    ``librosa.feature.spectral_flatness``, with its floor of 1e-10 under the power.

    Examples
    --------
    >>> Flatness().coefficient_names
    ['flatness']
    """

    name = "flatness"
    title = "spectral flatness"

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        power = np.maximum(spectra.power, np.float32(FLOOR))
        geometric = np.exp(np.mean(np.log(power), axis=1, dtype=np.float64))
        return (geometric / power.mean(axis=1, dtype=np.float64))[:, None]

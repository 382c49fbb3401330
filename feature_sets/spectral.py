"""All spectral and time-domain descriptors together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Extractor, Spectra

from .centroid import Centroid
from .energy import Energy
from .energy_entropy import EnergyEntropy
from .entropy import Entropy
from .flatness import Flatness
from .flux import Flux
from .rolloff import Rolloff
from .spread import Spread
from .zcr import ZeroCrossingRate

_MEMBERS = (Flux, Rolloff, Centroid, Entropy, Spread, Flatness, Energy, EnergyEntropy, ZeroCrossingRate)


@dataclass(frozen=True)
class Spectral(Extractor):
    """Flux, roll-off, centroid, entropy, spread, flatness, energy, entropy of energy, zero-crossing rate.

    Each with its defaults, as in its own extractor; name them one by one to set their parameters.

    Examples
    --------
    >>> Spectral().coefficient_names[:3]
    ['flux', 'rolloff', 'centroid']
    """

    name = "spectral"
    title = "the nine descriptors: flux, rolloff, centroid, entropy, spread, flatness, energy, energy_entropy, zcr"

    def static_names(self) -> list[str]:
        return [name for member in _MEMBERS for name in member().static_names()]

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        return np.hstack([member().measure(spectra) for member in _MEMBERS])

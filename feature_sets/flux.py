"""Spectral flux."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.spectra import Spectra

from ._descriptor import Descriptor, share


@dataclass(frozen=True)
class Flux(Descriptor):
    """Squared change of the normalised magnitude spectrum since the frame before, in [0, 2].

    Σ_k (N_t[k] - N_{t-1}[k])² with N = |X| / Σ |X|: Tzanetakis & Cook 2002, eq. 3, normalised as in Giannakopoulos
    & Pikrakis 2014, "Introduction to Audio Analysis", section 4.4.3. 0 for the first frame. Blind to
    changes of level. librosa has no such quantity (its onset strength is another).

    Examples
    --------
    >>> Flux().coefficient_names
    ['flux']
    """

    name = "flux"
    title = "spectral flux"

    def static(self, spectra: Spectra) -> NDArray[np.floating]:
        magnitude = spectra.magnitude
        total = magnitude.sum(axis=1, keepdims=True)
        normalised = magnitude * share(np.ones_like(total), total)
        flux = np.zeros((len(magnitude), 1))
        flux[1:, 0] = np.sum(np.diff(normalised, axis=0) ** 2, axis=1)
        return flux

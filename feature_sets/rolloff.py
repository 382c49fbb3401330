"""Spectral roll-off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.spec import param
from audioclf.spectra import Spectra

from ._descriptor import Descriptor


@dataclass(frozen=True)
class Rolloff(Descriptor):
    """Frequency in Hz below which a share of the magnitude lies; 0 for silence.

    Tzanetakis & Cook 2002, eq. 2. Equal to ``librosa.feature.spectral_rolloff``.

    Examples
    --------
    >>> Rolloff(percent=95).spec
    'rolloff:percent=95'
    """

    name = "rolloff"
    title = "spectral roll-off, Hz"

    percent: float = param(85.0, "share of the magnitude below it, %")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 < self.percent < 100, "percent must lie between 0 and 100")

    def static(self, spectra: Spectra) -> NDArray[np.floating]:
        below = np.cumsum(spectra.magnitude, axis=1, dtype=np.float64)
        reached = below >= self.percent / 100 * below[:, -1:]
        return spectra.frequencies[reached.argmax(axis=1)][:, None]

"""Spectral roll-off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import kernels
from audioclf.kernels import LANES, kernel
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

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        bins = np.empty((1, len(spectra)), np.int64)
        _bins_below(kernels.rows(spectra.magnitude), self.percent / 100, bins)
        return spectra.frequencies[bins].T


@kernel
def _bins_below(magnitude: Any, part: float, out: Any) -> None:
    """How many bins lie before the one where the running sum reaches *part* of the whole, shape (1, n_frames)."""
    n_bins = magnitude.shape[0]
    total = np.empty(LANES, np.float64)
    below = np.empty(LANES, np.float64)
    bins = np.empty(LANES, np.float64)  # as wide as what is compared, so that the loop is vectorised
    for start in range(0, out.shape[1], LANES):
        end = min(start + LANES, out.shape[1])
        total[:] = 0
        below[:] = 0
        bins[:] = 0
        for k in range(n_bins):
            row = magnitude[k, start:end]
            for f in range(end - start):
                total[f] += row[f]
        for f in range(LANES):
            total[f] *= part
        for k in range(n_bins):
            row = magnitude[k, start:end]
            for f in range(end - start):
                below[f] += row[f]
                bins[f] += 1.0 if below[f] < total[f] else 0.0
        row_out = out[0, start:end]
        for f in range(end - start):
            row_out[f] = np.int64(bins[f])

"""Spectral roll-off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import LANES, Spectra, kernel, param, rows

from ._descriptor import Descriptor

_GROUP = 16  # bins


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
        _bins_below(rows(spectra.magnitude), self.percent / 100, bins)
        return spectra.frequencies[bins].T


@kernel
def _bins_below(magnitude: Any, part: float, out: Any) -> None:
    """How many bins lie before the one where the running sum reaches *part* of the whole, shape (1, n_frames).

    Running sums are taken over groups of bins first, then bin by bin within the group that holds the place.
    """
    n_bins = magnitude.shape[0]
    n_groups = (n_bins + _GROUP - 1) // _GROUP
    below = np.zeros((n_groups + 1, LANES), np.float64)
    some = np.empty(LANES, np.float32)
    for start in range(0, out.shape[1], LANES):
        end = min(start + LANES, out.shape[1])
        for group in range(n_groups):
            some[:] = 0
            for k in range(group * _GROUP, min(n_bins, (group + 1) * _GROUP)):
                row = magnitude[k, start:end]
                for f in range(end - start):
                    some[f] += row[f]
            before, after = below[group], below[group + 1]
            for f in range(LANES):
                after[f] = before[f] + some[f]
        for f in range(end - start):
            wanted = part * below[n_groups, f]
            low, high = 0, n_groups - 1  # the first group at whose end the sum is reached
            while low < high:
                middle = (low + high) // 2
                if below[middle + 1, f] >= wanted:
                    high = middle
                else:
                    low = middle + 1
            total, k = below[low, f], low * _GROUP
            last = min(n_bins, k + _GROUP) - 1
            total += magnitude[k, start + f]
            while total < wanted and k < last:
                k += 1
                total += magnitude[k, start + f]
            out[0, start + f] = k


@_bins_below.plain
def _bins_below_plain(magnitude: Any, part: float, out: Any) -> None:
    below = np.cumsum(magnitude, axis=0, dtype=np.float64)
    np.argmax(below >= part * below[-1], axis=0, out=out[0])

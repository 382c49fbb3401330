"""Spectral flux."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import LANES, Spectra, kernel, rows

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

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        total = spectra.magnitude_moments[:, 0]
        flux = np.empty((1, len(spectra)), np.float32)
        _flux(rows(spectra.magnitude), share(np.ones_like(total), total), flux)
        flux[0, spectra.begins] = 0
        return flux.T


@kernel
def _flux(magnitude: Any, scale: Any, out: Any) -> None:
    total = np.empty(LANES, np.float32)
    for start in range(1, out.shape[1], LANES):
        end = min(start + LANES, out.shape[1])
        scale_now, scale_before = scale[start:end], scale[start - 1 : end - 1]
        total[:] = 0
        for k in range(magnitude.shape[0]):
            now, before = magnitude[k, start:end], magnitude[k, start - 1 : end - 1]
            for f in range(end - start):
                change = now[f] * scale_now[f] - before[f] * scale_before[f]
                total[f] += change * change
        out[0, start:end] = total[: end - start]


@_flux.plain
def _flux_plain(magnitude: Any, scale: Any, out: Any) -> None:
    out[:] = 0
    np.sum(np.diff(magnitude * scale, axis=1) ** 2, axis=0, out=out[0, 1:])

"""Chroma: energy per pitch class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Extractor, Spectra, filterbanks, param

from ._cepstra import numbered


@dataclass(frozen=True)
class Chroma(Extractor):
    """Power summed over octaves into pitch classes from C on, each frame divided by its largest class.

    Ellis 2007, "Chroma feature analysis and synthesis". Equal to
    ``librosa.feature.chroma_stft(S=power, tuning=0)``. In [0, 1]; a silent frame is all 0. Short frames can't tell low
    notes apart: for music use a longer one (``--frame-length 0.1``).

    Examples
    --------
    >>> len(Chroma().coefficient_names)
    12
    """

    name = "chroma"
    title = "energy per pitch class"

    n_bands: int = param(12, "pitch classes per octave")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.n_bands >= 1, "n_bands must be at least 1")

    def static_names(self) -> list[str]:
        return numbered(self.name, self.n_bands)

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        energies = spectra.energies(filterbanks.chroma, self.n_bands)
        largest = energies.max(axis=1, keepdims=True)
        return energies / np.where(largest > np.finfo(np.float32).tiny, largest, 1.0)

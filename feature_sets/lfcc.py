"""Linear-frequency cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Extractor, Passage, Spectra, filterbanks, param

from ._cepstra import cosine_transform, decibels, limit_range, numbered


@dataclass(frozen=True)
class LFCC(Extractor):
    """Triangular filters spaced evenly in Hz, decibels, DCT-II.

    Zhou et al. 2011, "Linear versus mel frequency cepstral coefficients for speaker recognition". Finer
    than MFCC at high frequencies, where birds and fricatives are.

    Examples
    --------
    >>> LFCC(n_coeffs=2).coefficient_names
    ['lfcc_0', 'lfcc_1']
    """

    name = "lfcc"
    title = "linear-frequency cepstral coefficients"

    n_coeffs: int = param(20, "coefficients kept, from the 0th on")
    n_bands: int = param(40, "linear bands")
    fmin: float = param(0.0, "lowest edge, Hz")
    fmax: float | None = param(None, "highest edge, Hz; none is half the analysis rate")
    top_db: float | None = param(80.0, "dynamic range kept below the clip's maximum, dB; none keeps all")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(1 <= self.n_coeffs <= self.n_bands, "n_coeffs must lie between 1 and n_bands")

    def static_names(self) -> list[str]:
        return numbered(self.name, self.n_coeffs)

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        return decibels(spectra.energies(filterbanks.linear, self.n_bands, self.fmin, self.fmax))

    def combine(self, measured: NDArray[np.floating], passage: Passage) -> NDArray[np.floating]:
        return cosine_transform(limit_range(measured, self.top_db, passage), self.n_coeffs)

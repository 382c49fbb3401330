"""Bark-frequency cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Extractor, Passage, Spectra, filterbanks, param

from ._cepstra import cosine_transform, decibels, limit_range, numbered


@dataclass(frozen=True)
class BFCC(Extractor):
    """Critical bands of Hermansky (1990) on the Bark scale, decibels, DCT-II.

    Kaminska, Sapinski & Anbarjafari 2017, "Efficiency of chosen speech descriptors in relation to emotion
    recognition". An equal-loudness weight per band would add a constant to each coefficient; there is none.

    spafe 0.3.3 differs in three ways, all shown in the tests: it puts the band *energies* w into Hermansky's
    equal-loudness curve, which is a function of frequency; for recordings within full scale that
    comes to w^(4/3), so its coefficients are 4/3 of these but for the 0th's offset; its logarithm is natural; and its
    filters sit on slightly shifted bins (see `audioclf.spectra.filterbanks`). With its filters and these factors the
    two agree to 5e-5.

    Examples
    --------
    >>> BFCC(n_coeffs=2).coefficient_names
    ['bfcc_0', 'bfcc_1']
    """

    name = "bfcc"
    title = "Bark-frequency cepstral coefficients"

    n_coeffs: int = param(20, "coefficients kept, from the 0th on")
    n_bands: int = param(24, "Bark bands")
    fmin: float = param(50.0, "centre of the lowest band, Hz")
    fmax: float | None = param(None, "centre of the highest band, Hz; none is half the analysis rate")
    top_db: float | None = param(80.0, "dynamic range kept below the clip's maximum, dB; none keeps all")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(1 <= self.n_coeffs <= self.n_bands, "n_coeffs must lie between 1 and n_bands")

    def static_names(self) -> list[str]:
        return numbered(self.name, self.n_coeffs)

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        return decibels(spectra.energies(filterbanks.bark, self.n_bands, self.fmin, self.fmax))

    def combine(self, measured: NDArray[np.floating], passage: Passage) -> NDArray[np.floating]:
        return cosine_transform(limit_range(measured, self.top_db, passage), self.n_coeffs)

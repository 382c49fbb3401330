"""Mel-frequency cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Extractor, Passage, Spectra, filterbanks, param

from ._cepstra import cosine_transform, decibels, limit_range, numbered


@dataclass(frozen=True)
class MFCC(Extractor):
    """Mel filterbank, decibels, DCT-II.

    Davis & Mermelstein 1980, "Comparison of parametric representations for monosyllabic word recognition",
    with Slaney's mel filters. Equal to ``librosa.feature.mfcc`` given the same parameters (window
    ``hamming``, ``center=False``). Coefficient 0 is the level.

    Examples
    --------
    >>> MFCC(deltas=1).coefficient_names[12:14]
    ['mfcc_12', 'mfcc_0_delta']
    """

    name = "mfcc"
    title = "mel-frequency cepstral coefficients"

    n_coeffs: int = param(13, "coefficients kept, from the 0th on")
    n_mels: int = param(128, "mel bands")
    fmin: float = param(0.0, "lowest edge, Hz")
    fmax: float | None = param(None, "highest edge, Hz; none is half the analysis rate")
    htk: bool = param(False, "HTK's mel formula in place of Slaney's")
    top_db: float | None = param(80.0, "dynamic range kept below the clip's maximum, dB; none keeps all")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(1 <= self.n_coeffs <= self.n_mels, "n_coeffs must lie between 1 and n_mels")

    def static_names(self) -> list[str]:
        return numbered(self.name, self.n_coeffs)

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        return decibels(spectra.energies(filterbanks.mel, self.n_mels, self.fmin, self.fmax, self.htk))

    def combine(self, measured: NDArray[np.floating], passage: Passage) -> NDArray[np.floating]:
        return cosine_transform(limit_range(measured, self.top_db, passage), self.n_coeffs)

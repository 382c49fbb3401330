"""Gammatone-frequency cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf import filterbanks
from audioclf.extractor import Extractor
from audioclf.spec import param
from audioclf.spectra import Spectra

from ._cepstra import cosine_transform, numbered


@dataclass(frozen=True)
class GFCC(Extractor):
    """Gammatone filterbank on the ERB scale, cubic root, DCT-II.

    Shao, Jin, Wang & Srinivasan 2009, "An auditory-based feature for robust speech recognition", with the
    filters applied to the periodogram |FFT|² / n_fft. Equal to ``spafe.features.gfcc.gfcc`` given the same parameters
    and filters (window ``hamming-symmetric``, no pre-emphasis). spafe's own filters are narrower than the
    formula's (see `audioclf.filterbanks.gammatone`), and its default puts the lowest at 0 Hz, where it measures the
    offset only.

    Examples
    --------
    >>> GFCC(n_coeffs=2).coefficient_names
    ['gfcc_0', 'gfcc_1']
    """

    name = "gfcc"
    title = "gammatone-frequency cepstral coefficients"

    n_coeffs: int = param(20, "coefficients kept, from the 0th on")
    n_bands: int = param(40, "gammatone filters")
    fmin: float = param(50.0, "centre of the lowest filter, Hz")
    fmax: float | None = param(None, "upper end of the centres, Hz; none is half the analysis rate")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(1 <= self.n_coeffs <= self.n_bands, "n_coeffs must lie between 1 and n_bands")

    def static_names(self) -> list[str]:
        return numbered(self.name, self.n_coeffs)

    def static(self, spectra: Spectra) -> NDArray[np.floating]:
        energies = spectra.energies(filterbanks.gammatone, self.n_bands, self.fmin, self.fmax)
        return cosine_transform(np.cbrt(energies / np.float32(spectra.analysis.fft_size)), self.n_coeffs)

"""Linear-frequency cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.plugin import Frames, Spectra, filterbanks, param

from ._cepstra import DecibelCepstra, dynamic_range, highest_edge


@dataclass(frozen=True)
class LFCC(DecibelCepstra):
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

    n_bands: int = param(40, "linear bands")
    fmin: float = param(0.0, "lowest edge, Hz")
    fmax: float | None = highest_edge()
    top_db: float | None = dynamic_range()

    def energies(self, spectra: Spectra) -> Frames:
        return spectra.energies(filterbanks.linear, self.n_bands, self.fmin, self.fmax)

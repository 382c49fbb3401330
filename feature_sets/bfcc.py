"""Bark-frequency cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.plugin import Frames, Spectra, filterbanks, param

from ._cepstra import DecibelCepstra, dynamic_range


@dataclass(frozen=True)
class BFCC(DecibelCepstra):
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

    n_bands: int = param(24, "Bark bands")
    fmin: float = param(50.0, "centre of the lowest band, Hz")
    fmax: float | None = param(None, "centre of the highest band, Hz; none is half the analysis rate")
    top_db: float | None = dynamic_range()

    def energies(self, spectra: Spectra) -> Frames:
        return spectra.energies(filterbanks.bark, self.n_bands, self.fmin, self.fmax)

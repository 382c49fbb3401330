"""Mel-frequency cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.plugin import Frames, Spectra, filterbanks, param

from ._cepstra import DecibelCepstra, dynamic_range, highest_edge


@dataclass(frozen=True)
class MFCC(DecibelCepstra):
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
    bands = "n_mels"

    n_coeffs: int = param(13, "coefficients kept, from the 0th on")
    n_mels: int = param(128, "mel bands")
    fmin: float = param(0.0, "lowest edge, Hz")
    fmax: float | None = highest_edge()
    htk: bool = param(False, "HTK's mel formula in place of Slaney's")
    top_db: float | None = dynamic_range()

    def energies(self, spectra: Spectra) -> Frames:
        return spectra.energies(filterbanks.mel, self.n_mels, self.fmin, self.fmax, self.htk)

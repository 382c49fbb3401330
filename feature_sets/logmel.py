"""Log-mel energies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Extractor, Passage, Spectra, filterbanks, param

from ._cepstra import decibels, dynamic_range, highest_edge, limit_range, numbered


@dataclass(frozen=True)
class LogMel(Extractor):
    """Energies of mel bands in decibels: an MFCC before its DCT.

    Equal to ``librosa.power_to_db(librosa.feature.melspectrogram(...))`` given the same parameters.

    Examples
    --------
    >>> len(LogMel(n_mels=64).coefficient_names)
    64
    """

    name = "logmel"
    title = "log-mel energies, dB"

    n_mels: int = param(40, "mel bands")
    fmin: float = param(0.0, "lowest edge, Hz")
    fmax: float | None = highest_edge()
    htk: bool = param(False, "HTK's mel formula in place of Slaney's")
    top_db: float | None = dynamic_range()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.n_mels >= 1, "n_mels must be at least 1")

    def static_names(self) -> list[str]:
        return numbered(self.name, self.n_mels)

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        return decibels(spectra.energies(filterbanks.mel, self.n_mels, self.fmin, self.fmax, self.htk))

    def combine(self, measured: NDArray[np.floating], passage: Passage) -> NDArray[np.floating]:
        return limit_range(measured, self.top_db, passage)

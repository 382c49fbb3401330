"""Bases of the cepstral families, and their steps: decibels, a limited range, the discrete cosine transform."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Extractor, Frames, Passage, Spectra, param, rows
from audioclf.spectra.kernels.logarithm import log
from audioclf.spectra.kernels.matrices import Weights, weigh, weights

FLOOR = 1e-10


@dataclass(frozen=True)
class BandCepstra(Extractor):
    """Cepstral coefficients of energies in bands of frequency.

    A subclass adds its bands and what becomes of their energies.

    Attributes
    ----------
    bands : str
        Which parameter says how many bands there are.
    """

    bands: ClassVar[str] = "n_bands"

    n_coeffs: int = param(20, "coefficients kept, from the 0th on")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(1 <= self.n_coeffs <= getattr(self, self.bands), f"n_coeffs must lie between 1 and {self.bands}")

    def static_names(self) -> list[str]:
        return numbered(self.name, self.n_coeffs)


class DecibelCepstra(BandCepstra):
    """Cepstral coefficients of energies in decibels, over a range below the clip's maximum.

    A subclass names its bands' energies, and ends its parameters with `dynamic_range`.
    """

    top_db: float | None  # no field here, for it would come before the subclass's own

    @abstractmethod
    def energies(self, spectra: Spectra) -> Frames:
        """The energy of each band in each frame, shape (n_frames, n_bands), float32."""

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        return decibels(self.energies(spectra))

    def combine(self, measured: NDArray[np.floating], passage: Passage) -> NDArray[np.floating]:
        return cosine_transform(limit_range(measured, self.top_db, passage), self.n_coeffs)


def dynamic_range() -> Any:
    """Declare the parameter ``top_db`` of `limit_range`."""
    return param(80.0, "dynamic range kept below the clip's maximum, dB; none keeps all")


def highest_edge() -> Any:
    """Declare the parameter ``fmax`` of triangular filters."""
    return param(None, "highest edge, Hz; none is half the analysis rate")


def decibels(energies: Frames) -> Frames:
    """Return 10 log10 of energies, at least -100 dB, shape as *energies*.

    >>> decibels(np.array([[1.0, 0.0]], np.float32)).round(3)
    array([[   0., -100.]], dtype=float32)
    """
    return log(rows(energies), FLOOR, 10 / np.log(10)).T


def limit_range(level: NDArray[np.floating], top_db: float | None, passage: Passage) -> NDArray[np.floating]:
    """Raise levels to at most *top_db* below the clip's maximum, shape as *level*.

    With `decibels` before it, the same as ``librosa.power_to_db(energies, ref=1.0, amin=1e-10, top_db=top_db)``.

    Parameters
    ----------
    level : ndarray, shape (n_frames, n_bands)
        In dB.
    top_db : float or None
        Dynamic range kept, in dB; None keeps all.
    passage : Passage
        The clips that the frames belong to.

    >>> limit_range(np.array([[0.0, -100.0]]), 80.0, Passage(np.array([0, 1])))
    array([[  0., -80.]])
    """
    if top_db is None:
        return level
    lowest = passage.for_frames(passage.maximum(level) - level.dtype.type(top_db))
    return np.maximum(level, lowest[:, None])


def cosine_transform(bands: NDArray[np.floating], n_coeffs: int) -> Frames:
    """Return the first *n_coeffs* of the orthonormal DCT-II along the bands, shape (n_frames, n_coeffs), float32."""
    return weigh(rows(bands), _cosines(bands.shape[1], n_coeffs)).T


@lru_cache(maxsize=64)
def _cosines(n_bands: int, n_coeffs: int) -> Weights:
    """The orthonormal DCT-II as a matrix."""
    angle = np.pi / n_bands * np.outer(np.arange(n_coeffs), np.arange(n_bands) + 0.5)
    matrix = np.cos(angle) * np.sqrt(2 / n_bands)
    matrix[0] /= np.sqrt(2)
    return weights(matrix)


def numbered(name: str, count: int) -> list[str]:
    """Return ``name_0`` ... ``name_<count - 1>``.

    >>> numbered("mfcc", 2)
    ['mfcc_0', 'mfcc_1']
    """
    return [f"{name}_{i}" for i in range(count)]

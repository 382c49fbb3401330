"""What the cepstral families share: decibels, a floor, and the discrete cosine transform."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Frames, Passage, rows
from audioclf.spectra.kernels import compiler

FLOOR = 1e-10


def decibels(energies: Frames) -> Frames:
    """Return 10 log10 of energies, at least -100 dB, shape as *energies*.

    >>> decibels(np.array([[1.0, 0.0]], np.float32)).round(3)
    array([[   0., -100.]], dtype=float32)
    """
    return compiler.log(rows(energies), FLOOR, 10 / np.log(10)).T


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
    return compiler.weigh(rows(bands), _cosines(bands.shape[1], n_coeffs)).T


@lru_cache(maxsize=64)
def _cosines(n_bands: int, n_coeffs: int) -> compiler.Weights:
    """The orthonormal DCT-II as a matrix."""
    angle = np.pi / n_bands * np.outer(np.arange(n_coeffs), np.arange(n_bands) + 0.5)
    matrix = np.cos(angle) * np.sqrt(2 / n_bands)
    matrix[0] /= np.sqrt(2)
    return compiler.weights(matrix)


def numbered(name: str, count: int) -> list[str]:
    """Return ``name_0`` ... ``name_<count - 1>``.

    >>> numbered("mfcc", 2)
    ['mfcc_0', 'mfcc_1']
    """
    return [f"{name}_{i}" for i in range(count)]

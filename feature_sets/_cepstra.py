"""What the cepstral families share: decibels, a floor, and the discrete cosine transform."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audioclf.spectra import Frames

FLOOR = 1e-10


def decibels(energies: Frames, top_db: float | None) -> Frames:
    """Return 10 log10 of energies, at least -100 dB and at most *top_db* below the clip's maximum.

    The same as ``librosa.power_to_db(energies, ref=1.0, amin=1e-10, top_db=top_db)``.

    Parameters
    ----------
    energies : ndarray, shape (n_frames, n_bands)
    top_db : float or None
        Dynamic range kept, in dB; None keeps all.

    >>> decibels(np.array([[1.0, 0.0]], np.float32), 80.0)
    array([[  0., -80.]], dtype=float32)
    """
    level = np.float32(10.0) * np.log10(np.maximum(energies, np.float32(FLOOR)))
    return level if top_db is None else np.maximum(level, level.max() - np.float32(top_db))


def cosine_transform(bands: NDArray[np.floating], n_coeffs: int) -> NDArray[np.floating]:
    """Return the first *n_coeffs* of the orthonormal DCT-II along the bands, shape (n_frames, n_coeffs)."""
    from scipy.fft import dct

    return dct(bands, type=2, norm="ortho", axis=1)[:, :n_coeffs]


def numbered(name: str, count: int) -> list[str]:
    """Return ``name_0`` ... ``name_<count - 1>``.

    >>> numbered("mfcc", 2)
    ['mfcc_0', 'mfcc_1']
    """
    return [f"{name}_{i}" for i in range(count)]

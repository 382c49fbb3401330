"""Lists of sequences, as classifiers of frames take them: checked, and the scale of their coefficients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def center_and_scale(sequences: Sequence[NDArray[np.floating]]) -> tuple[Array, Array]:
    """Return mean and standard deviation of each coefficient over all frames, each of shape (n_coefficients,).

    The deviation of one that doesn't vary is 1.

    >>> center_and_scale([np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([[2.0, 5.0]])])[0]
    array([2., 5.])
    """
    frames = np.concatenate(sequences)
    center = frames.mean(axis=0, dtype=np.float64)
    spread = frames.std(axis=0, dtype=np.float64)
    # Rounding leaves a deviation of about eps * mean where there is none.
    return center, np.where(spread > 1e-6 * np.abs(center) + 1e-30, spread, 1.0)


def as_sequences(X: Sequence[ArrayLike], n_coefficients: int | None = None) -> list[NDArray[np.floating]]:
    """Check a list of sequences and return it as arrays (n_frames, n_coefficients).

    Raises
    ------
    ValueError
        If it is empty, a sequence isn't a matrix of at least one finite frame, or the numbers of
        coefficients differ from each other or from *n_coefficients*.
    """
    if isinstance(X, (str, bytes)) or not hasattr(X, "__len__") or len(X) == 0:
        raise ValueError("no sequences given; a list of arrays (n_frames, n_coefficients) is needed")
    sequences = []
    for i, item in enumerate(X):
        try:
            sequence = np.asarray(item)
            if sequence.dtype.kind != "f":
                sequence = sequence.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"sequence {i} isn't an array of numbers: {error}") from error
        if sequence.ndim != 2 or 0 in sequence.shape:
            raise ValueError(f"sequence {i} has shape {sequence.shape}; (n_frames, n_coefficients) is needed")
        n_coefficients = sequence.shape[1] if n_coefficients is None else n_coefficients
        if sequence.shape[1] != n_coefficients:
            raise ValueError(f"sequence {i} has {sequence.shape[1]} coefficients; {n_coefficients} expected")
        if not np.isfinite(sequence).all():
            raise ValueError(f"sequence {i} holds NaN or infinity")
        sequences.append(sequence)
    return sequences

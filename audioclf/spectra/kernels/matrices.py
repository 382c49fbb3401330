"""Products of matrices with frames, such as a filterbank's with a power spectrum; what is zero is skipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audioclf.spectra.kernels.compiler import kernel
from audioclf.spectra.kernels.rows import LANES, Rows

_GROUP = 8  # rows of input per pass over an output row


class Weights(NamedTuple):
    """A matrix made ready for `weigh`, or several below each other; see `weights` and `stacked`."""

    values: Rows  # (n_inputs rounded up to whole groups, n_outputs)
    first: NDArray[np.int64]  # (n_matrices, n_groups): of each group of inputs, the first output that it reaches
    last: NDArray[np.int64]  # and the one after the last


def weights(matrix: NDArray[np.floating]) -> Weights:
    """Make a matrix (n_outputs, n_inputs) ready for `weigh`, which skips what is zero beside a filter's band."""
    n_outputs, n_inputs = matrix.shape
    padded = np.zeros((n_inputs + -n_inputs % _GROUP, n_outputs), np.float32)
    padded[:n_inputs] = matrix.T
    used: NDArray[np.bool_] = (padded.reshape(-1, _GROUP, n_outputs) != 0).any(axis=1)
    first = np.where(used.any(axis=1), used.argmax(axis=1), 0)
    last = np.where(used.any(axis=1), n_outputs - used[:, ::-1].argmax(axis=1), 0)
    return Weights(padded, first[None], last[None])


def stacked(parts: Sequence[Weights]) -> Weights:
    """Put matrices of the same inputs below each other: `weigh` then reads its input once for all."""
    offsets = np.cumsum([0, *(part.values.shape[1] for part in parts[:-1])])
    return Weights(
        np.ascontiguousarray(np.hstack([part.values for part in parts])),
        np.concatenate([part.first + at for part, at in zip(parts, offsets)]),
        np.concatenate([part.last + at for part, at in zip(parts, offsets)]),
    )


@kernel
def _weigh(values: Rows, matrix: Rows, first: Any, last: Any, out: Rows) -> None:
    n_inputs, n_outputs = values.shape[0], out.shape[0]
    total = np.empty((n_outputs, LANES), np.float32)
    part = np.zeros((_GROUP, LANES), np.float32)
    for start in range(0, values.shape[1], LANES):
        count = min(LANES, values.shape[1] - start)
        total[:] = 0
        for group in range(first.shape[1]):
            k = group * _GROUP
            for i in range(_GROUP):
                if k + i < n_inputs:
                    row = values[k + i, start : start + count]
                    for f in range(count):
                        part[i, f] = row[f]
                else:
                    part[i, :] = 0
            for m in range(first.shape[0]):
                for o in range(first[m, group], last[m, group]):
                    w0, w1, w2, w3 = matrix[k, o], matrix[k + 1, o], matrix[k + 2, o], matrix[k + 3, o]
                    w4, w5, w6, w7 = matrix[k + 4, o], matrix[k + 5, o], matrix[k + 6, o], matrix[k + 7, o]
                    for f in range(LANES):
                        some = w0 * part[0, f] + w1 * part[1, f] + w2 * part[2, f] + w3 * part[3, f]
                        total[o, f] += some + w4 * part[4, f] + w5 * part[5, f] + w6 * part[6, f] + w7 * part[7, f]
        for o in range(n_outputs):
            row = out[o, start : start + count]
            for f in range(count):
                row[f] = total[o, f]


@_weigh.plain
def _weigh_plain(values: Rows, matrix: Rows, first: Any, last: Any, out: Rows) -> None:
    np.matmul(matrix[: len(values)].T, values, out=out)


def weigh(values: Rows, by: Weights) -> Rows:
    """Return ``matrix @ values``, shape (n_outputs, n_frames), float32.

    Parameters
    ----------
    values : ndarray of float32, shape (n_inputs, n_frames)
    by : Weights
        The matrix, as `weights` gives it.

    Examples
    --------
    >>> weigh(np.ones((3, 2), np.float32), weights(np.array([[1.0, 2.0, 3.0]])))
    array([[6., 6.]], dtype=float32)
    """
    out = np.empty((by.values.shape[1], values.shape[1]), np.float32)
    _weigh(values, *by, out)
    return out

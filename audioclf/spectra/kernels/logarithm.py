"""The natural logarithm of frames, without a call that would keep a loop from being vectorised."""

from __future__ import annotations

from typing import Any

import numpy as np

from audioclf.spectra.kernels.compiler import kernel
from audioclf.spectra.kernels.rows import LANES, Rows


@kernel(inline=True)
def log_lanes(bits: Any, scratch: Any, mantissa: Rows, out: Rows) -> None:
    """Natural logarithm of LANES positive float32 numbers, given by their bits, to two units in the last place.

    A call of the library's logarithm would keep a loop from being vectorised. x = m 2^e with m in [√½, √2), and
    ln m = 2 artanh t with t = (m - 1) / (m + 1), |t| < 0.172, by its series to t⁹. 0 counts as 2^-127.

    Parameters
    ----------
    bits : ndarray of int32, shape (LANES,)
    scratch : ndarray of int32, shape (LANES,)
    mantissa : ndarray of float32, shape (LANES,)
        The same memory as *scratch*.
    out : ndarray of float32, shape (LANES,)
    """
    sqrt_half, shift = np.int32(0x3F3504F3), np.int32(23)
    one, two, log_2 = np.float32(1), np.float32(2), np.float32(np.log(2))
    c3, c5, c7, c9 = np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7), np.float32(1 / 9)
    for f in range(LANES):
        exponent = np.int32(np.int32(bits[f] - sqrt_half) >> shift)
        scratch[f] = np.int32(bits[f] - np.int32(exponent << shift))
        out[f] = np.float32(exponent)
    for f in range(LANES):
        t = (mantissa[f] - one) / (mantissa[f] + one)
        square = t * t
        series = one + square * (c3 + square * (c5 + square * (c7 + square * c9)))
        out[f] = out[f] * log_2 + two * t * series


@kernel
def _scaled_log(values: Rows, lowest: float, factor: float, out: Rows) -> None:
    bits, scratch = np.zeros(LANES, np.int32), np.empty(LANES, np.int32)
    numbers, mantissa = bits.view(np.float32), scratch.view(np.float32)
    numbers[:] = 1
    logarithm = np.empty(LANES, np.float32)
    least, times = np.float32(lowest), np.float32(factor)
    for i in range(values.shape[0]):
        for start in range(0, values.shape[1], LANES):
            end = min(start + LANES, values.shape[1])
            row, result = values[i, start:end], out[i, start:end]
            for f in range(end - start):
                numbers[f] = max(row[f], least)
            log_lanes(bits, scratch, mantissa, logarithm)
            for f in range(end - start):
                result[f] = times * logarithm[f]


@_scaled_log.plain
def _scaled_log_plain(values: Rows, lowest: float, factor: float, out: Rows) -> None:
    np.log(np.maximum(values, np.float32(lowest)), out=out)
    out *= np.float32(factor)


def log(values: Rows, lowest: float, factor: float = 1.0) -> Rows:
    """Return *factor* times the natural logarithm of *values*, or of *lowest* where they lie below it, float32.

    Examples
    --------
    >>> log(np.array([[100.0, 0.0]], np.float32), lowest=1e-10, factor=10 / np.log(10)).round(4)
    array([[  20., -100.]], dtype=float32)
    """
    out = np.empty_like(values)
    _scaled_log(values, lowest, factor, out)
    return out

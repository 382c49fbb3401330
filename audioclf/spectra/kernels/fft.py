"""The power spectrum of frames, by a real FFT of radix 4 in single precision."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.spectra.kernels.compiler import kernel
from audioclf.spectra.kernels.rows import LANES, Rows

FFT_LANES = 128  # frames transformed together: few enough for the second-level cache


@kernel
def _radix2(re: Rows, im: Rows) -> None:
    """The first stage, on neighbours."""
    for a in range(0, re.shape[0], 2):
        for f in range(FFT_LANES):
            br, bi = re[a + 1, f], im[a + 1, f]
            re[a + 1, f], im[a + 1, f] = re[a, f] - br, im[a, f] - bi
            re[a, f] += br
            im[a, f] += bi


@kernel
def _radix4(re: Rows, im: Rows, cosines: Rows, sines: Rows, size: int) -> None:
    """Two stages at once, on blocks of *size*: half the traffic to memory."""
    step = cosines.shape[0] // size
    for first in range(0, re.shape[0], 4 * size):
        for j in range(size):
            c1, s1 = cosines[j * step], sines[j * step]
            c2, s2 = cosines[j * step // 2], sines[j * step // 2]
            a = first + j
            b, c, d = a + size, a + 2 * size, a + 3 * size
            for f in range(FFT_LANES):
                br, bi = c1 * re[b, f] - s1 * im[b, f], c1 * im[b, f] + s1 * re[b, f]
                dr, di = c1 * re[d, f] - s1 * im[d, f], c1 * im[d, f] + s1 * re[d, f]
                pr, pi, qr, qi = re[a, f] + br, im[a, f] + bi, re[a, f] - br, im[a, f] - bi
                rr, ri, tr, ti = re[c, f] + dr, im[c, f] + di, re[c, f] - dr, im[c, f] - di
                ur, ui = c2 * rr - s2 * ri, c2 * ri + s2 * rr
                vr, vi = c2 * ti + s2 * tr, s2 * ti - c2 * tr
                re[a, f], im[a, f] = pr + ur, pi + ui
                re[c, f], im[c, f] = pr - ur, pi - ui
                re[b, f], im[b, f] = qr + vr, qi + vi
                re[d, f], im[d, f] = qr - vr, qi - vi


@kernel
def _power(
    samples: Rows, starts: Any, window: Rows, cosines: Rows, sines: Rows, order: Any, log_size: int, out: Rows
) -> None:
    half, length = order.shape[0], window.shape[0]
    one_half = np.float32(0.5)
    one, two = np.uint64(1), np.uint64(2)  # unsigned: indices that numba needn't test for being negative
    at = np.empty(FFT_LANES, np.uint64)
    part = min(half, 32 if log_size % 2 else 16)
    # Rows a power of two apart would fall on the same lines of the cache.
    re = np.empty((half, FFT_LANES + 16), np.float32)
    im = np.empty((half, FFT_LANES + 16), np.float32)
    for first in range(0, starts.shape[0], FFT_LANES):
        count = min(FFT_LANES, starts.shape[0] - first)
        for f in range(FFT_LANES):  # a frame stands in where there are fewer
            at[f] = starts[first + min(f, count - 1)]
        for i in range(half):
            row_re, row_im = re[order[i]], im[order[i]]
            if 2 * i + 1 < length:
                w0, w1 = window[2 * i], window[2 * i + 1]
                for f in range(FFT_LANES):
                    row_re[f] = samples[at[f]] * w0
                    row_im[f] = samples[at[f] + one] * w1
                    at[f] += two
            else:
                w0 = window[2 * i] if 2 * i < length else np.float32(0)
                for f in range(FFT_LANES):
                    row_re[f] = samples[at[f]] * w0 if w0 != 0 else np.float32(0)
                    row_im[f] = 0
        # The first stages part by part: a part stays in the first-level cache.
        size = part
        for begin in range(0, half, part):
            some_re, some_im = re[begin : begin + part], im[begin : begin + part]
            size = 1
            if log_size % 2:
                _radix2(some_re, some_im)
                size = 2
            while size < part:
                _radix4(some_re, some_im, cosines, sines, size)
                size *= 4
        while size < half:
            _radix4(re, im, cosines, sines, size)
            size *= 4
        # From the transform of even samples + i odd samples to the spectrum, two bins at once.
        low, high = out[0, first : first + count], out[half, first : first + count]
        for f in range(count):
            low[f] = (re[0, f] + im[0, f]) ** 2
            high[f] = (re[0, f] - im[0, f]) ** 2
        for k in range(1, half // 2 + 1):
            j = half - k
            c, s = cosines[k], sines[k]
            low, high = out[k, first : first + count], out[j, first : first + count]
            for f in range(count):
                er, ei = one_half * (re[k, f] + re[j, f]), one_half * (im[k, f] - im[j, f])
                dr, di = one_half * (re[k, f] - re[j, f]), one_half * (im[k, f] + im[j, f])
                tr, ti = c * di + s * dr, s * di - c * dr
                low[f] = (er + tr) ** 2 + (ei + ti) ** 2
                high[f] = (er - tr) ** 2 + (ti - ei) ** 2


@_power.plain
def _power_plain(
    samples: Rows, starts: Any, window: Rows, cosines: Rows, sines: Rows, order: Any, log_size: int, out: Rows
) -> None:
    frames = np.lib.stride_tricks.sliding_window_view(samples, len(window))
    for first in range(0, len(starts), FFT_LANES):
        block = np.fft.rfft(frames[starts[first : first + FFT_LANES]] * window, 2 * len(order), axis=1)
        out[:, first : first + FFT_LANES] = (block.real**2 + block.imag**2).T


@lru_cache(maxsize=16)
def _tables(half: int) -> tuple[Rows, Rows, NDArray[np.int64]]:
    """cos and sin of -π k / half, and the bit-reversed order of *half* points."""
    angle = -np.pi * np.arange(half) / half
    bits = half.bit_length() - 1
    order = np.zeros(half, np.int64)
    for bit in range(bits):
        order |= (np.arange(half) >> bit & 1) << (bits - 1 - bit)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32), order


def power_spectrum(samples: Rows, starts: NDArray[np.int64], window: Rows, n_fft: int) -> Rows:
    """|FFT|² of windowed frames, shape (n_fft // 2 + 1, n_frames), float32.

    A real FFT of radix 4 in single precision where *n_fft* is a power of two, else SciPy's.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
    starts : ndarray of int64, shape (n_frames,)
        First sample of each frame; ``starts + len(window)`` must not exceed n_samples.
    window : ndarray of float32, shape (frame_samples,)
        At most *n_fft* long.
    n_fft : int

    Examples
    --------
    >>> tone = np.cos(2 * np.pi * 8 * np.arange(64) / 64).astype(np.float32)
    >>> power_spectrum(tone, np.array([0]), np.ones(64, np.float32), 64).argmax().item()
    8
    """
    out = np.empty((n_fft // 2 + 1, len(starts)), np.float32)
    if n_fft >= 8 and n_fft & (n_fft - 1) == 0:
        half = n_fft // 2
        _power(samples, starts, window, *_tables(half), half.bit_length() - 1, out)
        return out
    from scipy.fft import rfft

    frames = np.lib.stride_tricks.sliding_window_view(samples, len(window))
    for first in range(0, len(starts), LANES):
        block = rfft(frames[starts[first : first + LANES]] * window, n_fft, axis=1)
        out[:, first : first + LANES] = (block.real**2 + block.imag**2).T
    return out

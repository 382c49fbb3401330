"""Compiled inner loops, kept on disk between runs.

Arrays are laid out with one frame to a column, shape (rows, n_frames), C-contiguous: every inner loop then runs
along frames, which don't depend on each other, and the compiler vectorises it by itself. What a kernel gives for
a frame doesn't depend on the frame's place among others, so numbers don't depend on how clips were batched.

Inside a kernel, take a row first (``row = values[k, start:end]``) and index that by the loop's own variable:
for an index that is a sum, numba also handles negative ones, and the compiler gives up.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audioclf.files import cache_folder

Rows = NDArray[np.float32]

LANES = 64  # frames worked on together: enough to hide the loops' overhead, few enough for the first-level cache
FFT_LANES = 128  # and for the second-level cache
_GROUP = 8  # rows of input per pass over an output row
_log = logging.getLogger("audioclf")
_compiling = threading.RLock()
_job = threading.local()


class Kernel:
    """A function that numba compiles when it is first called; make one with `kernel`.

    Attributes
    ----------
    python : callable
        The function as written, for looking at and for tests.
    """

    def __init__(self, function: Callable[..., Any], settings: dict[str, Any]) -> None:
        self.python = function
        self.settings = {"nogil": True, "error_model": "numpy", **settings}
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self._compiled: Any = None
        self._plain: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        if self._compiled is None and self._plain is not None and getattr(_job, "small", False):
            return self._plain(*arguments)
        return (self._compiled or self.compiled())(*arguments)

    def plain(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Name the function that does the same in NumPy, in a `small_job`; a decorator."""
        self._plain = function
        return function

    def compiled(self) -> Any:
        """The function as numba's dispatcher."""
        with _compiling:
            if self._compiled is None:
                self._compiled = self._compile()
            return self._compiled

    def _compile(self) -> Any:
        import numba

        written = self.python
        names = dict(written.__globals__)
        for name in written.__code__.co_names:
            if isinstance(names.get(name), Kernel):
                names[name] = names[name].compiled()
        function = types.FunctionType(written.__code__, names, written.__name__, written.__defaults__)
        function.__module__, function.__qualname__ = written.__module__, written.__qualname__
        folder = _folder(written.__code__.co_filename)
        if folder is None:
            return numba.njit(**self.settings)(function)
        if not any(folder.rglob("*.nbc")):
            _announce()
        # numba looks at its folder when it decorates; other packages' functions must not end up in ours.
        config: Any = numba.config
        before = config.CACHE_DIR
        config.CACHE_DIR = str(folder)
        try:
            return numba.njit(cache=True, **self.settings)(function)
        finally:
            config.CACHE_DIR = before


def kernel(function: Callable[..., Any] | None = None, *, reorder: bool = False, inline: bool = False) -> Any:
    """Mark a function to be compiled by numba when it is first called.

    It may call other kernels, of its own module or of this one, and NumPy functions that numba knows. The compiled
    form is kept under the cache folder, in a folder named by a hash of both modules' source: numba itself
    doesn't notice a change in what a function calls. Where that folder can't be written, it is compiled in
    every process.

    Parameters
    ----------
    function : callable
    reorder : bool
        Sums may be taken in another order, for a loop that sums along a row.
    inline : bool
        Put into the kernels that call it, in place of a call.

    Examples
    --------
    >>> @kernel
    ... def double(x):
    ...     return x + x
    >>> double(2.0)
    4.0
    """
    if function is None:
        return lambda f: kernel(f, reorder=reorder, inline=inline)
    fastmath = {"contract", "reassoc", "nsz"} if reorder else {"contract"}
    return Kernel(function, {"fastmath": fastmath, "forceinline": inline})


@contextlib.contextmanager
def small_job() -> Iterator[None]:
    """A context for work that isn't worth waiting for numba, which takes half a second to start.

    Kernels that aren't compiled yet, and have a plain form, take that. The two agree to about one part in a million,
    not to the bit; so this is for predicting a few clips, never for results that are kept.
    """
    before = getattr(_job, "small", False)
    _job.small = True
    try:
        yield
    finally:
        _job.small = before


@cache
def _folder(source: str) -> Path | None:
    """Where the compiled forms of one source file's kernels are kept; None if nothing can be kept."""
    import numba

    digest = hashlib.blake2b(f"{numba.__version__} {sys.version_info[:3]}".encode(), digest_size=12)
    try:
        for path in (__file__, source):
            digest.update(Path(path).read_bytes())
        folder = cache_folder() / "kernels" / digest.hexdigest()
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{threading.get_ident()}"
        probe.touch()
        probe.unlink()
    except OSError:
        _announce()
        return None
    return folder


@cache
def _announce() -> None:
    _log.warning("compiling feature kernels for this machine: up to 20 seconds, kept for the next time")


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


def rows(frames: NDArray[np.floating]) -> Rows:
    """Frames (n_frames, n) as float32 rows (n, n_frames), C-contiguous; not copied if they lie so already."""
    return np.ascontiguousarray(frames.T, dtype=np.float32)

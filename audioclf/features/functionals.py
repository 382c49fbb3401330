"""Frames to one vector per clip: mean, standard deviation, percentiles ... of every coefficient."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.errors import SpecError, did_you_mean
from audioclf.spectra.kernels.compiler import kernel
from audioclf.spectra.kernels.rows import Rows, rows
from audioclf.spectra.spectra import Frames

MOMENTS = ("mean", "std", "skewness", "kurtosis")
RANGE = ("min", "max", "median")
DEFAULT = ("mean", "std", "min", "max", "median")
_PERCENTILE = re.compile(r"p(\d{1,2}|100)$")


def parse(functionals: str | Iterable[str]) -> tuple[str, ...]:
    """Check a list of functionals, given as names or as text with commas.

    Known are ``mean``, ``std``, ``skewness``, ``kurtosis``, ``min``, ``max``, ``median`` and percentiles
    ``p0`` to ``p100``.

    Raises
    ------
    SpecError
        If one is unknown or stands twice, or none is given.

    Examples
    --------
    >>> parse("mean, std,p95")
    ('mean', 'std', 'p95')
    """
    if isinstance(functionals, str):
        functionals = functionals.split(",")
    names = tuple(name.strip() for name in functionals if name.strip())
    if not names:
        raise SpecError("no functionals given; write for example mean,std,p5,p95")
    for i, name in enumerate(names):
        if name not in MOMENTS + RANGE and not _PERCENTILE.match(name):
            hint = did_you_mean(name, (*MOMENTS, *RANGE, "p5", "p95"))
            raise SpecError(f"unknown functional '{name}'. {hint}")
        if name in names[:i]:
            raise SpecError(f"the functional '{name}' stands twice")
    return names


def pool(frames: Frames, functionals: Iterable[str] = DEFAULT) -> NDArray[np.float32]:
    """Pool frames to one vector, shape (n_functionals * n_coefficients,), float32.

    The first n_coefficients values are those of the first functional, and so on. Standard deviation is that
    of the population; skewness and kurtosis (excess) are the biased moments g1 and g2, 0 for a coefficient
    that doesn't vary; percentiles interpolate linearly.

    Parameters
    ----------
    frames : ndarray of float32, shape (n_frames, n_coefficients)
        At least one frame.
    functionals : iterable of str
        As checked by `parse`.

    Examples
    --------
    >>> pool(np.array([[1.0], [3.0]], np.float32), ["mean", "std", "max", "p25"])
    array([2. , 1. , 3. , 1.5], dtype=float32)
    """
    return pool_clips(frames, np.array([0, len(frames)]), functionals)[0]


def pool_clips(frames: Frames, bounds: NDArray[np.int64], functionals: Iterable[str] = DEFAULT) -> NDArray[np.float32]:
    """Pool the frames of several clips, shape (n_clips, n_functionals * n_coefficients), float32.

    Parameters
    ----------
    frames : ndarray of float32, shape (n_frames, n_coefficients)
    bounds : ndarray of int, shape (n_clips + 1,)
        Clip *i* has the frames ``bounds[i]`` to ``bounds[i + 1]``, at least one.
    functionals : iterable of str

    Examples
    --------
    >>> pool_clips(np.array([[1.0], [3.0], [5.0]], np.float32), np.array([0, 2, 3]), ["mean", "max"])
    array([[2., 3.],
           [5., 5.]], dtype=float32)
    """
    functionals = tuple(functionals)
    values, bounds = rows(frames), np.asarray(bounds, np.int64)
    ranks = [_rank(name) for name in functionals]
    pooled: dict[str, NDArray[np.floating]] = {}
    if any(rank is not None for rank in ranks):
        ordered = np.empty_like(values)
        for a, b in itertools.pairwise(bounds):
            ordered[:, a:b] = np.sort(values[:, a:b], axis=1)
        pooled = {
            name: _percentile(ordered, bounds, rank) for name, rank in zip(functionals, ranks) if rank is not None
        }
    if any(rank is None for rank in ranks):
        pooled.update(_moments(values, bounds, functionals))
    return np.concatenate([pooled[name] for name in functionals]).T.astype(np.float32)


def _rank(name: str) -> float | None:
    """The percentile that a functional is, or None if it is a moment."""
    fixed = {"min": 0.0, "median": 50.0, "max": 100.0}
    match = _PERCENTILE.match(name)
    return float(match.group(1)) if match else fixed.get(name)


def _percentile(ordered: Rows, bounds: NDArray[np.int64], percent: float) -> NDArray[np.float64]:
    """One percentile of rows that are in order within each clip, shape (n_coefficients, n_clips)."""
    last = np.diff(bounds) - 1
    position = percent / 100 * last
    below = position.astype(np.int64)
    low = ordered[:, bounds[:-1] + below].astype(np.float64)
    high = ordered[:, bounds[:-1] + np.minimum(below + 1, last)]
    return low + (position - below) * (high - low)


def _moments(values: Rows, bounds: NDArray[np.int64], functionals: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
    """The moments that are wanted, by name, each of shape (n_coefficients, n_clips)."""
    shape = (len(values), len(bounds) - 1)
    mean, second, third, fourth = (np.empty(shape) for _ in range(4))
    higher = not {"skewness", "kurtosis"}.isdisjoint(functionals)
    _central_moments(values, bounds, higher, mean, second, third, fourth)
    moments = {"mean": mean, "std": np.sqrt(second)}
    if higher:
        # Rounding leaves a variance of about (eps * mean)² where there is none.
        varies = second > (1e-6 * np.abs(mean)) ** 2 + 1e-30
        scale = np.where(varies, second, 1.0)
        moments["skewness"] = np.where(varies, third / scale**1.5, 0.0)
        moments["kurtosis"] = np.where(varies, fourth / scale**2 - 3.0, 0.0)
    return moments


@kernel(reorder=True)
def _central_moments(values: Any, bounds: Any, higher: bool, mean: Any, second: Any, third: Any, fourth: Any) -> None:
    for row in range(values.shape[0]):
        for clip in range(bounds.shape[0] - 1):
            first, last = bounds[clip], bounds[clip + 1]
            count = last - first
            total = 0.0
            for t in range(first, last):
                total += values[row, t]
            centre = total / count
            squares = cubes = fourths = 0.0
            if higher:
                for t in range(first, last):
                    d = values[row, t] - centre
                    squares += d * d
                    cubes += d * d * d
                    fourths += d * d * d * d
            else:
                for t in range(first, last):
                    d = values[row, t] - centre
                    squares += d * d
            mean[row, clip] = centre
            second[row, clip] = squares / count
            third[row, clip] = cubes / count
            fourth[row, clip] = fourths / count


@_central_moments.plain
def _central_moments_plain(
    values: Any, bounds: Any, higher: bool, mean: Any, second: Any, third: Any, fourth: Any
) -> None:
    for clip, (first, last) in enumerate(itertools.pairwise(bounds)):
        clips = values[:, first:last].astype(np.float64)
        mean[:, clip] = clips.mean(axis=1)
        centred = clips - mean[:, clip, None]
        for power, out in ((2, second), (3, third), (4, fourth)):
            out[:, clip] = np.mean(centred**power, axis=1)

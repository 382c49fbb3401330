"""Frames to one vector per clip: mean, standard deviation, percentiles ... of every coefficient."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from audioclf.errors import SpecError, did_you_mean
from audioclf.spectra import Frames

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
    functionals = tuple(functionals)
    ranks = [_rank(name) for name in functionals]
    values = {}
    if any(rank is not None for rank in ranks):
        ordered = np.sort(frames, axis=0)
        values = {name: _percentile(ordered, rank) for name, rank in zip(functionals, ranks) if rank is not None}
    if any(rank is None for rank in ranks):
        values.update(_moments(frames, functionals))
    return np.concatenate([values[name] for name in functionals]).astype(np.float32)


def _rank(name: str) -> float | None:
    """The percentile that a functional is, or None if it is a moment."""
    fixed = {"min": 0.0, "median": 50.0, "max": 100.0}
    match = _PERCENTILE.match(name)
    return float(match.group(1)) if match else fixed.get(name)


def _percentile(ordered: Frames, percent: float) -> NDArray[np.float64]:
    position = percent / 100 * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    low = ordered[below].astype(np.float64)
    return low + (position - below) * (ordered[above] - low)


def _moments(frames: Frames, functionals: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
    mean = frames.mean(axis=0, dtype=np.float64)
    values = {"mean": mean}
    if {"std", "skewness", "kurtosis"}.isdisjoint(functionals):
        return values
    centred = frames - mean
    variance = np.mean(centred**2, axis=0)
    values["std"] = np.sqrt(variance)
    # Rounding leaves a variance of about (eps * mean)² where there is none.
    varies = variance > (1e-6 * np.abs(mean)) ** 2 + 1e-30
    scale = np.sqrt(np.where(varies, variance, 1.0))
    if "skewness" in functionals:
        values["skewness"] = np.where(varies, np.mean((centred / scale) ** 3, axis=0), 0.0)
    if "kurtosis" in functionals:
        values["kurtosis"] = np.where(varies, np.mean((centred / scale) ** 4, axis=0) - 3.0, 0.0)
    return values

"""The contract of a feature family: what can follow ``--features``."""

from __future__ import annotations

import dataclasses
import itertools
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from audioclf.spec import Configurable, param
from audioclf.spectra.kernels.compiler import kernel
from audioclf.spectra.kernels.rows import Rows, rows
from audioclf.spectra.spectra import Frames, Spectra


@dataclass(frozen=True)
class Extractor(Configurable):
    """A family of coefficients per frame; its dataclass fields are its parameters.

    A subclass gives `static_names` and `measure`; one whose coefficients depend on more of the clip than the frame
    and the one before it also gives `combine`. Deltas and their names are added here.

    Attributes
    ----------
    name : str
        The word after ``--features``; the same as the entry point's.
    title : str
        One line for ``audioclf list``.
    version : int
        Raised whenever the numbers change, so that stored features are computed anew.
    reach : int
        Frames before and after a frame whose measurements `combine` looks at, beyond what a `Passage` offers.
    """

    title: ClassVar[str]
    version: ClassVar[int] = 1
    reach: ClassVar[int] = 0

    deltas: int = param(0, "orders of time derivatives appended: 0, 1 or 2")
    delta_width: int = param(9, "frames in the regression of a delta, odd")

    def __post_init__(self) -> None:
        self.require(self.deltas in (0, 1, 2), f"deltas={self.deltas}; it must be 0, 1 or 2")
        odd = self.delta_width >= 3 and self.delta_width % 2 == 1
        self.require(odd, f"delta_width={self.delta_width}; it must be odd and at least 3")

    @abstractmethod
    def static_names(self) -> list[str]:
        """Names of the static coefficients, unique within all extractors (``mfcc_0`` ...)."""

    @abstractmethod
    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        """What is taken from each frame by itself or with the one before, shape (n_frames, n_measured).

        The run of frames may hold several clips or a part of one; see `Spectra.begins`.
        """

    def combine(self, measured: NDArray[np.floating], passage: Passage) -> NDArray[np.floating]:
        """The static coefficients from what was measured, shape (n_frames, n_static), finite for finite signals.

        By default that is what was measured. Whatever depends on the whole clip is asked of *passage*.
        """
        return measured

    @property
    def base(self) -> Extractor:
        """The same extractor without deltas: what the feature store keeps."""
        return dataclasses.replace(self, deltas=0, delta_width=9) if self.deltas or self.delta_width != 9 else self

    @property
    def coefficient_names(self) -> list[str]:
        """Names of all coefficients: statics, then deltas (``mfcc_0_delta``), then ``mfcc_0_delta2``."""
        static = self.static_names()
        suffixes = ["", "_delta", "_delta2"][: self.deltas + 1]
        return [name + suffix for suffix in suffixes for name in static]

    def static(self, spectra: Spectra) -> Frames:
        """The static coefficients of whole clips, shape (n_frames, n_static), float32."""
        bounds = np.append(spectra.begins, len(spectra))
        return rows(self.combine(self.measure(spectra), Passage(bounds))).T

    def frames(self, spectra: Spectra) -> Frames:
        """All coefficients of every frame, shape (n_frames, n_coefficients), float32."""
        return self.with_deltas(self.static(spectra), np.append(spectra.begins, len(spectra)))

    def with_deltas(self, static: Frames, bounds: NDArray[np.int64] | None = None) -> Frames:
        """Append this extractor's deltas to static coefficients, shape (n_frames, n_coefficients), float32.

        *bounds* are the frames between which clips lie, as in a `Passage`; by default all is one clip.
        """
        if not self.deltas:
            return static
        orders = [rows(static)]
        for _ in range(self.deltas):
            orders.append(_delta_rows(orders[-1], self.delta_width, bounds))
        return np.concatenate(orders).T


@dataclass
class Passage:
    """The clips whose frames `Extractor.combine` is given, and what it may ask of them.

    Attributes
    ----------
    bounds : ndarray of int64, shape (n_clips + 1,)
        Clip *i* has the frames ``bounds[i]`` to ``bounds[i + 1]`` of what was measured.
    lead, trail : int
        Frames at both ends that are there to be looked at only (at most `Extractor.reach`); no coefficients
        are wanted for them. 0 for whole clips.
    state : dict
        Empty for whole clips. Where a long clip comes piece by piece, what is put here is there for the next one.

    Examples
    --------
    >>> two = Passage(np.array([0, 3, 5]))
    >>> two.maximum(np.array([[1.0], [4.0], [2.0], [0.0], [7.0]]))
    array([4., 7.])
    >>> two.for_frames(np.array([4.0, 7.0]))
    array([4., 4., 4., 7., 7.])
    """

    bounds: NDArray[np.int64]
    lead: int = 0
    trail: int = 0
    state: dict[str, Any] = field(default_factory=dict)

    def maximum(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """The largest of *values*, shape (n_frames, n), in each whole clip, shape (n_clips,)."""
        return np.maximum.reduceat(values.max(axis=1), self.bounds[:-1])

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean of *values*, shape (n_frames,), over each whole clip, shape (n_clips,).

        Summed one by one, so that it is the same when a clip comes in pieces.
        """
        totals = [running_sum(values[a:b]) for a, b in zip(self.bounds[:-1], self.bounds[1:])]
        return np.array(totals) / np.diff(self.bounds)

    def for_frames(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Repeat one value a clip, shape (n_clips,), for each of its frames, shape (n_frames,)."""
        return np.repeat(values, np.diff(self.bounds))


def running_sum(values: NDArray[np.float64], start: float = 0.0) -> float:
    """Return *start* plus *values*, added one after the other.

    >>> running_sum(np.array([1.0, 2.0]), 0.5)
    3.5
    """
    return float(np.add.accumulate(np.concatenate([[start], values]))[-1])


def delta(frames: Frames, width: int = 9) -> Frames:
    """Return the slope over time by linear regression, shape as *frames*, float32.

    d_t = Σ_n n (c_{t+n} - c_{t-n}) / (2 Σ_n n²), n = 1 ... (width - 1) / 2, with the first and last frame
    repeated beyond the ends (Young et al., The HTK Book 3.4, eq. 5.16). The same as
    ``librosa.feature.delta(frames.T, width=width, mode="nearest").T``.

    Parameters
    ----------
    frames : ndarray, shape (n_frames, n_coefficients)
    width : int
        Odd number of frames.

    Examples
    --------
    >>> delta(np.array([[0.0], [1.0], [2.0], [3.0], [4.0]], np.float32), width=3)[2]
    array([1.], dtype=float32)
    """
    return _delta_rows(rows(frames), width, None).T


def _delta_rows(values: Rows, width: int, bounds: NDArray[np.int64] | None) -> Rows:
    """`delta` of rows (n_coefficients, n_frames), clip by clip."""
    bounds = np.array([0, values.shape[1]]) if bounds is None else bounds
    out = np.empty_like(values)
    _delta(values, np.asarray(bounds, np.int64), width // 2, out)
    return out


@kernel
def _delta(values: Rows, bounds: Any, reach: int, out: Rows) -> None:
    longest = 0
    for clip in range(bounds.shape[0] - 1):
        longest = max(longest, bounds[clip + 1] - bounds[clip])
    around = np.empty(longest + 2 * reach, np.float32)
    slope = np.empty(longest, np.float32)
    norm = np.float32(0)
    for n in range(1, reach + 1):
        norm += np.float32(2 * n * n)
    for row in range(values.shape[0]):
        for clip in range(bounds.shape[0] - 1):
            first = bounds[clip]
            count = bounds[clip + 1] - first
            around[:reach] = values[row, first]
            around[reach : reach + count] = values[row, first : first + count]
            around[reach + count : reach + count + reach] = values[row, first + count - 1]
            slope[:] = 0
            for n in range(1, reach + 1):
                weight, later, earlier = np.float32(n), around[reach + n :], around[reach - n :]
                for t in range(count):
                    slope[t] += weight * (later[t] - earlier[t])
            result = out[row, first : first + count]
            for t in range(count):
                result[t] = slope[t] / norm


@_delta.plain
def _delta_plain(values: Rows, bounds: Any, reach: int, out: Rows) -> None:
    norm = np.float32(sum(2 * n * n for n in range(1, reach + 1)))
    for first, last in itertools.pairwise(bounds):
        count = last - first
        around = np.pad(values[:, first:last], ((0, 0), (reach, reach)), mode="edge")
        slope = np.zeros((len(values), count), np.float32)
        for n in range(1, reach + 1):
            later, earlier = around[:, reach + n : reach + n + count], around[:, reach - n : reach - n + count]
            slope += np.float32(n) * (later - earlier)
        out[:, first:last] = slope / norm

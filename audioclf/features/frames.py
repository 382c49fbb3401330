"""Signals to static coefficients: many short clips at once, or a long one piece by piece."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.audio.signal import Signal
from audioclf.errors import AudioclfError
from audioclf.features.extractor import Extractor, Passage, running_sum
from audioclf.spectra.analysis import Analysis, frame_starts
from audioclf.spectra.kernels.rows import Rows, rows
from audioclf.spectra.spectra import Bank, Frames, Spectra

STRETCH = 1024  # frames whose spectra are held at once: 2 MB for an FFT of 1024 samples


@dataclass
class Statics:
    """The static coefficients of some clips.

    Attributes
    ----------
    rows : dict
        By extractor: float32 array (n_static, n_frames), clips one after the other.
    bounds : ndarray of int64, shape (n_clips + 1,)
        Clip *i* has the frames ``bounds[i]`` to ``bounds[i + 1]``.
    """

    rows: dict[Extractor, Rows]
    bounds: NDArray[np.int64]


def static_frames(signals: Sequence[Signal], analysis: Analysis, extractors: Iterable[Extractor]) -> Statics:
    """Return the static coefficients of whole signals at the analysis rate; short ones are padded to one frame.

    Examples
    --------
    >>> from audioclf.features.specs import build_extractors
    >>> signals = [Signal(np.ones(n, np.float32), 16000) for n in (16000, 100)]
    >>> statics = static_frames(signals, Analysis(16000), build_extractors("zcr"))
    >>> statics.bounds
    array([ 0, 98, 99])
    """
    parts = [np.asarray(signal.samples, np.float32) for signal in signals]
    short = analysis.frame_samples
    parts = [part if len(part) >= short else np.pad(part, (0, short - len(part))) for part in parts]
    extractors = tuple(dict.fromkeys(extractor.base for extractor in extractors))
    samples = np.ascontiguousarray(parts[0] if len(parts) == 1 else np.concatenate(parts))
    offsets = np.cumsum([0, *(len(part) for part in parts)])
    starts = [frame_starts(len(part), analysis) + at for part, at in zip(parts, offsets)]
    bounds = np.cumsum([0, *(len(part) for part in starts)])
    every = np.concatenate(starts)
    measured: dict[Extractor, Rows] = {}
    banks = _banks(analysis, extractors)
    for first in range(0, len(every), STRETCH):
        last = min(first + STRETCH, len(every))
        inside = bounds[(bounds >= first) & (bounds < last)]
        before = int(len(inside) == 0 or inside[0] != first)  # the clip goes on: flux looks at the frame before
        begins = inside - (first - before)
        spectra = Spectra.of(samples, every[first - before : last], np.r_[0, begins] if before else begins, analysis)
        spectra.prepare(banks)
        for extractor in extractors:
            values = extractor.measure(spectra).T
            if extractor not in measured:
                measured[extractor] = np.empty((len(values), len(every)), np.float32)
            measured[extractor][:, first:last] = values[:, before:]
    passage = Passage(bounds)
    return Statics(
        {extractor: rows(extractor.combine(values.T, passage)) for extractor, values in measured.items()},
        bounds,
    )


@lru_cache(maxsize=32)
def _banks(analysis: Analysis, extractors: tuple[Extractor, ...]) -> tuple[Bank, ...]:
    """The filterbanks that extractors ask for, found out on a frame of silence."""
    silence = np.zeros(analysis.frame_samples, np.float32)
    spectra = Spectra.of(silence, np.zeros(1, np.int64), np.zeros(1, np.int64), analysis)
    for extractor in extractors:
        extractor.measure(spectra)
    return spectra.prepared


def static_frames_of_blocks(
    blocks: Callable[[], Iterable[NDArray[np.float32]]], analysis: Analysis, extractors: Iterable[Extractor]
) -> dict[Extractor, Spool]:
    """Return the static coefficients of one signal that comes in blocks; the same numbers as in one piece.

    Neither the signal nor the coefficients are held in memory. The signal is gone through once, and a second time
    for extractors that must know all of it (such as its loudest band) before they can give the first frame.

    Parameters
    ----------
    blocks : callable
        Gives the samples at the analysis rate from the beginning, each time it is called, in arrays of any length.
    analysis : Analysis
    extractors : iterable of Extractor

    Returns
    -------
    dict
        By extractor: a `Spool` of shape (n_static, n_frames).
    """
    pieces = {extractor.base: _Piece() for extractor in extractors}
    spools: dict[Extractor, Spool] = {}
    for _ in range(2):
        waiting = {extractor: piece for extractor, piece in pieces.items() if extractor not in spools or piece.asked}
        if not waiting:
            break
        for extractor, piece in waiting.items():
            spools[extractor] = Spool()
            piece.restart()
        _sweep(blocks(), analysis, waiting, spools)
    return spools


def _sweep(
    blocks: Iterable[NDArray[np.float32]],
    analysis: Analysis,
    pieces: dict[Extractor, _Piece],
    spools: dict[Extractor, Spool],
) -> None:
    samples = np.empty(0, np.float32)
    before = 0  # 1 once the first of the frames in hand is one that was done, kept for flux
    for block in blocks:
        samples = np.concatenate([samples, block])
        starts = frame_starts(len(samples), analysis)
        for first in range(before, len(starts), STRETCH):
            these = starts[first - before : first + STRETCH]
            spectra = Spectra.of(samples, these, np.zeros(1, np.int64), analysis)
            for extractor, piece in pieces.items():
                piece.add(extractor, extractor.measure(spectra)[before:], spools[extractor])
            before = 1
        if before and len(starts):
            samples = samples[starts[-1] :]
    if not before:  # shorter than a frame
        samples = np.pad(samples, (0, max(0, analysis.frame_samples - len(samples))))
        spectra = Spectra.of(samples, np.zeros(1, np.int64), np.zeros(1, np.int64), analysis)
        for extractor, piece in pieces.items():
            piece.add(extractor, extractor.measure(spectra), spools[extractor])
    for extractor, piece in pieces.items():
        piece.finish(extractor, spools[extractor])


@dataclass
class _Piece(Passage):
    """A `Passage` over the pieces of one long clip.

    The first pass collects what is asked of the whole clip; the second pass has the answers.
    """

    bounds: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    asked: bool = False
    _knows: bool = False
    _answers: list[Any] = field(default_factory=list)  # in the order of the questions
    _question: int = 0
    _waiting: Frames | None = None  # measured: frames that were combined, to be looked at, then frames that weren't

    def restart(self) -> None:
        self._knows = self.asked
        self.state, self.lead, self.trail, self._waiting = {}, 0, 0, None

    def add(self, extractor: Extractor, measured: NDArray[np.floating], spool: Spool) -> None:
        waiting = measured if self._waiting is None else np.concatenate([self._waiting, measured])
        fresh = len(waiting) - self.lead - extractor.reach
        if fresh <= 0:
            self._waiting = waiting
            return
        self.trail = extractor.reach
        self._combine(extractor, waiting, spool)
        lead = min(extractor.reach, self.lead + fresh)
        self._waiting = waiting[len(waiting) - extractor.reach - lead :] if extractor.reach else None
        self.lead = lead

    def finish(self, extractor: Extractor, spool: Spool) -> None:
        if self._waiting is not None and len(self._waiting) > self.lead:
            self.trail = 0
            self._combine(extractor, self._waiting, spool)

    def _combine(self, extractor: Extractor, measured: Frames, spool: Spool) -> None:
        self.bounds = np.array([0, len(measured)])
        self._question = 0
        spool.append(rows(extractor.combine(measured, self)))

    def _ask(self, first: Callable[[], Any], more: Callable[[Any], Any]) -> Any:
        """The answer to the next question: known, or what is known of it so far."""
        number = self._question
        self._question += 1
        if not self._knows:
            self.asked = True
            if number == len(self._answers):
                self._answers.append(first())
            else:
                self._answers[number] = more(self._answers[number])
        return self._answers[number]

    def maximum(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        return self._ask(
            lambda: values.max(keepdims=True).reshape(1),
            lambda so_far: np.maximum(so_far, values.max()),
        )

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        total, count = self._ask(
            lambda: (running_sum(values), len(values)),
            lambda so_far: (running_sum(values, so_far[0]), so_far[1] + len(values)),
        )
        return np.array([total / count])


class Spool:
    """Rows of coefficients that grow along frames, kept in a temporary file.

    Raises
    ------
    AudioclfError
        By `append`, if the disk is full.

    Examples
    --------
    >>> spool = Spool()
    >>> spool.append(np.array([[1, 2], [3, 4]], np.float32))
    >>> spool.append(np.array([[5], [6]], np.float32))
    >>> spool.row(1)
    array([3., 4., 6.], dtype=float32)
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed with this object)
        self._lengths: list[int] = []
        self.n_rows = 0

    def append(self, values: Rows) -> None:
        """Add frames: (n_rows, any number of frames)."""
        self.n_rows = len(values)
        self._lengths.append(values.shape[1])
        try:
            self._file.write(np.ascontiguousarray(values, np.float32).data)
        except OSError as error:
            raise AudioclfError(
                f"can't keep the features of a long recording in {tempfile.gettempdir()}: {error.strerror}; "
                "make room there, or set TMPDIR to another folder"
            ) from error

    def row(self, number: int) -> NDArray[np.float32]:
        """One coefficient over all frames, shape (n_frames,)."""
        out = np.empty(sum(self._lengths), np.float32)
        at = done = 0
        for length in self._lengths:
            self._file.seek(at + 4 * number * length)
            self._file.readinto(out[done : done + length].data)  # type: ignore[attr-defined]
            at += 4 * self.n_rows * length
            done += length
        return out

    def all(self) -> Rows:
        """All of it, shape (n_rows, n_frames)."""
        return np.stack([self.row(number) for number in range(self.n_rows)])

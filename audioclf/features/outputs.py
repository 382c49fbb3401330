"""What is computed of a clip, vectors or frames by several extractors: from its signal, or piece by piece."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audioclf.audio import decode
from audioclf.audio.signal import Signal
from audioclf.dataset.clips import Clip
from audioclf.features.extractor import Extractor
from audioclf.features.frames import static_frames, static_frames_of_blocks
from audioclf.features.functionals import pool, pool_clips
from audioclf.features.timing import Seconds
from audioclf.spectra.analysis import Analysis
from audioclf.spectra.spectra import Frames

_LONG = 1 << 23  # decoded samples of a clip that is analysed piece by piece


class Output(NamedTuple):
    """What is computed of a clip.

    Attributes
    ----------
    extractor : Extractor
    functionals : tuple of str or None
        What pools its frames to a vector; None for the frames themselves.
    """

    extractor: Extractor
    functionals: tuple[str, ...] | None


def is_long(samples: float) -> bool:
    """Return whether a clip of so many decoded samples is one for `outputs_of_long_clip`."""
    return samples > _LONG


def outputs_of_signals(signals: Sequence[Signal], analysis: Analysis, outputs: Sequence[Output]) -> list[list[Frames]]:
    """Return, for each signal at the analysis rate, an array for each of *outputs*.

    That is a vector, shape (1, n_functionals * n_coefficients), where functionals are given, else frames, shape
    (n_frames, n_coefficients); float32.
    """
    statics = static_frames(signals, analysis, [output.extractor for output in outputs])
    bounds = statics.bounds
    columns: list[list[Frames]] = []
    for extractor, functionals in outputs:
        frames = extractor.with_deltas(statics.rows[extractor.base].T, bounds)
        if functionals is None:
            columns.append([np.ascontiguousarray(frames[a:b]) for a, b in itertools.pairwise(bounds)])
        else:
            columns.append(list(pool_clips(frames, bounds, functionals)[:, None]))
    return [[column[i] for column in columns] for i in range(len(signals))]


def outputs_of_long_clip(
    clip: Clip, analysis: Analysis, outputs: Sequence[Output], spent: Seconds | None = None
) -> list[Frames]:
    """Return what `outputs_of_signals` returns for one clip, without holding its samples in memory.

    *spent* takes the seconds of the stages "decode" and "extract".

    Raises
    ------
    AudioError
        If the recording can't be read, or breaks off.
    """
    spent = defaultdict(float) if spent is None else spent
    began = perf_counter()
    decoding = 0.0

    def blocks() -> Iterator[NDArray[np.float32]]:
        nonlocal decoding
        parts = decode.blocks(clip.path, analysis.sample_rate, clip.start, clip.end)
        while True:
            start = perf_counter()
            part = next(parts, None)
            decoding += perf_counter() - start
            if part is None:
                return
            yield part

    spools = static_frames_of_blocks(blocks, analysis, [output.extractor for output in outputs])
    arrays = []
    for extractor, functionals in outputs:
        spool = spools[extractor.base]
        if functionals is None:
            arrays.append(np.ascontiguousarray(extractor.with_deltas(spool.all().T)))
            continue
        each = [
            pool(extractor.with_deltas(spool.row(i)[:, None]), functionals).reshape(len(functionals), -1)
            for i in range(spool.n_rows)
        ]
        arrays.append(np.stack(each, axis=-1).reshape(1, -1))
    spent["decode"] += decoding
    spent["extract"] += perf_counter() - began - decoding
    return arrays

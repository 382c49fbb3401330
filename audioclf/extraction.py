"""Clips × extractors to vectors and sequences: each computed once, kept in the store, spread over workers."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import audio, functionals, parallel, store
from audioclf.dataset import Clip
from audioclf.errors import AudioError
from audioclf.extractor import Extractor
from audioclf.parallel import Progress
from audioclf.spectra import Analysis, Frames, Spectra
from audioclf.store import FeatureStore

_Wanted = tuple[Extractor, "tuple[str, ...] | None"]  # the functionals that pool it; None for its frames
_BATCH = 16  # clips per task and per store transaction


@dataclass
class Survey:
    """What the recordings' headers say.

    Attributes
    ----------
    clips : list of Clip
        Those that can be read, in the given order.
    rates : dict
        Native rate in Hz by path.
    durations : list of float
        Length of each of the clips, in seconds.
    skipped : list of (str, str)
        Name and reason of each clip that can't be read.
    """

    clips: list[Clip]
    rates: dict[Path, int]
    durations: list[float]
    skipped: list[tuple[str, str]]

    def rates_by_label(self) -> dict[str, set[int]]:
        """The native rates found in each class, in Hz."""
        rates: dict[str, set[int]] = defaultdict(set)
        for clip in self.clips:
            rates[clip.label].add(self.rates[clip.path])
        return dict(rates)


def survey(clips: Iterable[Clip], progress: Progress = parallel.silent) -> Survey:
    """Read the header of every recording once."""
    clips = list(clips)
    infos: dict[Path, audio.AudioInfo | AudioError] = {}
    kept: list[Clip] = []
    durations: list[float] = []
    skipped: list[tuple[str, str]] = []
    for done, clip in enumerate(clips, 1):
        if clip.path not in infos:
            try:
                infos[clip.path] = audio.probe(clip.path)
            except AudioError as error:
                infos[clip.path] = error
        info = infos[clip.path]
        if isinstance(info, AudioError):
            skipped.append((clip.name, str(info)))
        else:
            kept.append(clip)
            end = info.duration if clip.end is None else min(clip.end, info.duration)
            durations.append(max(0.0, end - (clip.start or 0.0)))
        if done % 50 == 0 or done == len(clips):
            progress("headers", done, len(clips), "")
    rates = {path: info.sample_rate for path, info in infos.items() if isinstance(info, audio.AudioInfo)}
    return Survey(kept, rates, durations, skipped)


@dataclass
class Extraction:
    """Features of the clips that could be analysed.

    Attributes
    ----------
    clips : list of Clip
        Those that could be, in the given order; rows of every array below.
    vectors : dict
        By extractor: pooled features, float32 array (n_clips, n_functionals * n_coefficients).
    sequences : dict
        By extractor: the frames of all clips, one after the other, float32 array (total frames, n_coefficients).
    lengths : ndarray of int, shape (n_clips,)
        Frames of each clip; empty if no sequences were asked for.
    hashes : dict
        Content hash of each recording by path.
    skipped : list of (str, str)
        Name and reason of each clip that could not be analysed.
    """

    clips: list[Clip]
    vectors: dict[Extractor, NDArray[np.float32]]
    sequences: dict[Extractor, Frames]
    lengths: NDArray[np.int64]
    hashes: dict[Path, str]
    skipped: list[tuple[str, str]]

    def inputs(self, extractors: Iterable[Extractor], takes: str) -> NDArray[np.float32]:
        """What a classifier that *takes* "vectors" or "sequences" learns from, extractors side by side.

        Shape (n_clips, n_features), or all clips' frames one after the other, (total frames, n_coefficients).
        """
        source = self.vectors if takes == "vectors" else self.sequences
        return np.hstack([source[extractor] for extractor in extractors])


@dataclass
class _ClipFeatures:
    content: str = ""
    vectors: list[NDArray[np.float32]] = field(default_factory=list)
    sequences: list[Frames] = field(default_factory=list)
    error: str = ""


def extract(
    clips: Sequence[Clip],
    analysis: Analysis,
    vectors: Iterable[Extractor] = (),
    sequences: Iterable[Extractor] = (),
    pooled: tuple[str, ...] = functionals.DEFAULT,
    features: FeatureStore | None = None,
    workers: int = 1,
    progress: Progress = parallel.silent,
) -> Extraction:
    """Analyse *clips* with every extractor, taking from the store what is there and keeping there what isn't.

    Parameters
    ----------
    clips : sequence of Clip
    analysis : Analysis
    vectors, sequences : iterable of Extractor
        Which to pool by *pooled*, and whose frames to keep.
    pooled : tuple of str
        Functionals.
    features : FeatureStore, optional
        By default nothing is kept.
    workers : int
        Number of processes.
    progress : callable
        Called with "features", clips done, clips in all, and a note.
    """
    vectors, sequences = list(dict.fromkeys(vectors)), list(dict.fromkeys(sequences))
    features = features or store.NoStore()
    batches = [list(clips[i : i + _BATCH]) for i in range(0, len(clips), _BATCH)]
    workers = min(workers, max(1, len(batches) // 2))  # starting a process costs more than a batch or two
    calls = ((batch, analysis, vectors, sequences, pooled, features) for batch in batches)
    done: list[_ClipFeatures] = []
    for batch, caught in parallel.run(_analyse_batch, calls, workers):
        done += batch
        for message in caught:
            warnings.warn(message, stacklevel=2)
        progress("features", len(done), len(clips), "")
    good = [(clip, result) for clip, result in zip(clips, done) if not result.error]
    return Extraction(
        clips=[clip for clip, _ in good],
        vectors={
            extractor: np.stack([result.vectors[i] for _, result in good])
            for i, extractor in enumerate(vectors)
            if good
        },
        sequences={
            extractor: np.concatenate([result.sequences[i] for _, result in good])
            for i, extractor in enumerate(sequences)
            if good
        },
        lengths=np.array([len(result.sequences[0]) for _, result in good] if sequences else [], dtype=np.int64),
        hashes={clip.path: result.content for clip, result in good},
        skipped=[(clip.name, result.error) for clip, result in zip(clips, done) if result.error],
    )


def _analyse_batch(
    batch: list[Clip],
    analysis: Analysis,
    vectors: list[Extractor],
    sequences: list[Extractor],
    pooled: tuple[str, ...],
    features: FeatureStore,
) -> tuple[list[_ClipFeatures], list[str]]:
    """Analyse a few clips; the second value holds warnings, for another process can't raise them here."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = [_ClipFeatures() for _ in batch]
        wanted: list[_Wanted] = [(extractor, pooled) for extractor in vectors]
        wanted += [(extractor.base, None) for extractor in sequences]
        keys: list[list[str]] = []
        hashes: dict[Path, str] = {}  # many clips may lie in one long recording
        for clip, result in zip(batch, results):
            try:
                if clip.path not in hashes:
                    hashes[clip.path] = audio.content_hash(clip.path)
                result.content = hashes[clip.path]
            except AudioError as error:
                result.error = str(error)
            facts = (result.content, clip.start, clip.end, analysis)
            keys.append([store.key(*facts, extractor, how) for extractor, how in wanted])
        stored = features.get([name for names in keys for name in names])
        fresh: dict[str, Frames] = {}
        for clip, result, names in zip(batch, results, keys):
            if result.error:
                continue
            try:
                arrays = _analyse_clip(clip, analysis, wanted, [stored.get(name) for name in names])
            except AudioError as error:
                result.error = str(error)
                continue
            fresh.update({name: array for name, array in zip(names, arrays) if name not in stored})
            result.vectors = [array[0] for array in arrays[: len(vectors)]]
            statics = arrays[len(vectors) :]
            result.sequences = [e.with_deltas(static) for e, static in zip(sequences, statics)]
        features.put(fresh)
    return results, sorted({str(w.message) for w in caught if issubclass(w.category, UserWarning)})


def _analyse_clip(
    clip: Clip,
    analysis: Analysis,
    wanted: list[_Wanted],
    stored: list[Frames | None],
) -> list[Frames]:
    """Return the wanted arrays of one clip, computing what isn't stored."""
    arrays: list[Frames] = []
    spectra: Spectra | None = None
    statics: dict[Extractor, Frames] = {}
    for (extractor, how), kept in zip(wanted, stored):
        if kept is not None:
            arrays.append(kept)
            continue
        if spectra is None:
            signal = audio.read(clip.path, analysis.sample_rate, clip.start, clip.end)
            spectra = Spectra(signal, analysis)
        if extractor.base not in statics:
            statics[extractor.base] = extractor.base.frames(spectra)
        static = statics[extractor.base]
        frames = static if how is None else functionals.pool(extractor.with_deltas(static), how)[None, :]
        arrays.append(frames)
    return arrays


def select(data: NDArray[np.float32], lengths: NDArray[np.int64] | None, rows: NDArray[np.int64]) -> Any:
    """Return the clips *rows* of `Extraction.inputs`: a matrix for vectors (*lengths* None), else a list of arrays.

    >>> parts = select(np.zeros((5, 2), np.float32), np.array([2, 3]), np.array([1]))
    >>> [part.shape for part in parts]
    [(3, 2)]
    """
    if lengths is None:
        return data[rows]
    ends = np.cumsum(lengths)
    return [data[ends[i] - lengths[i] : ends[i]] for i in rows]

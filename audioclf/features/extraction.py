"""Clips and extractors to vectors and sequences: each computed once, kept in the store, spread over threads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from audioclf import parallel
from audioclf.audio import decode
from audioclf.audio.signal import Signal
from audioclf.dataset.clips import Clip
from audioclf.errors import AudioError
from audioclf.features.extractor import Extractor
from audioclf.features.inputs import Inputs, inputs_of
from audioclf.features.outputs import Output, is_long, outputs_of_long_clip, outputs_of_signals
from audioclf.features.survey import count_samples, identify
from audioclf.features.timing import Seconds, timed
from audioclf.features.wanted import Wanted
from audioclf.progress import Progress, silent
from audioclf.spectra.analysis import Analysis
from audioclf.spectra.spectra import Frames
from audioclf.store.recipe import clip_key, recipe
from audioclf.store.recordings import FileFacts
from audioclf.store.store import FeatureStore, NoStore

_MOST_CLIPS = 64  # in a batch: what is analysed together and kept in one page of the store
_MOST_SAMPLES = 1 << 21  # decoded samples in a batch


class CopyMaker(Protocol):
    """What makes changed copies of clips, such as `audioclf.augmentation.copies.Augmentation`."""

    def check_installed(self) -> None:
        """Raise `MissingExtraError` if a package that it needs isn't installed."""

    def copy(self, samples: NDArray[np.float32], sample_rate: int, key: bytes, number: int) -> NDArray[np.float32]:
        """Return copy *number* of a clip's *samples*, shape (n,) to (m,); *key* is the clip's key in the store."""
        ...

    def copy_key(self, key: bytes, number: int) -> bytes:
        """Return the store's key of copy *number* of the clip of this *key*."""
        ...


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
    timing : dict
        Seconds, summed over workers: "decode" (reading, decoding, resampling), "extract" (features and
        functionals, with augmented copies the making of them), "store" (looking up and keeping).
    """

    clips: list[Clip]
    vectors: dict[Extractor, NDArray[np.float32]]
    sequences: dict[Extractor, Frames]
    lengths: NDArray[np.int64]
    hashes: dict[Path, str]
    skipped: list[tuple[str, str]]
    timing: dict[str, float]

    def inputs(self, extractors: Iterable[Extractor], takes: str) -> Inputs:
        """Return what a classifier that *takes* "vectors" or "sequences" learns from, extractors side by side."""
        return inputs_of(takes, np.hstack(self._arrays(extractors, takes)), self.lengths)

    def n_features(self, extractors: Iterable[Extractor], takes: str) -> int:
        """Return the columns of these `inputs`: numbers of a clip's vector, or of one of its frames."""
        return sum(array.shape[1] for array in self._arrays(extractors, takes))

    def _arrays(self, extractors: Iterable[Extractor], takes: str) -> list[NDArray[np.float32]]:
        source = {"vectors": self.vectors, "sequences": self.sequences}[takes]
        return [source[extractor] for extractor in extractors]


def extract(
    clips: Sequence[Clip],
    analysis: Analysis,
    wanted: Wanted,
    *,
    store: FeatureStore | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
    facts: Mapping[Path, FileFacts] | None = None,
    copy: tuple[CopyMaker, int] | None = None,
) -> Extraction:
    """Analyse *clips* with every extractor, taking from the store what is there and keeping there what isn't.

    Parameters
    ----------
    clips : sequence of Clip
    analysis : Analysis
    wanted : Wanted
        Which extractors to pool, by which functionals, and whose frames to keep.
    store : FeatureStore, optional
        By default nothing is kept.
    workers : int or None
        Number of threads; None is one per core. The numbers don't depend on it.
    progress : callable
        Called with "features", clips done, clips in all, and a note.
    facts : mapping, optional
        What is known of the recordings, such as `Survey.facts`; by default it is found out.
    copy : (CopyMaker, int), optional
        Analyse instead of each clip its copy of this number, 1 to the augmentation's factor. Copies are made at the
        analysis rate, of whole clips: also of long ones, that are otherwise analysed piece by piece.

    Raises
    ------
    MissingExtraError
        If a copy is asked for and Audiomentations isn't installed.
    """
    if copy is not None:
        copy[0].check_installed()
    timing: Seconds = defaultdict(float, decode=0.0, extract=0.0, store=0.0)
    job = _Job.of(analysis, wanted, store or NoStore(), copy)
    known, errors = identify(clips, job.store, facts, workers, timing)
    items = [_Item.of(number, clip, known[clip.path]) for number, clip in enumerate(clips) if clip.path in known]
    failed = {number: errors[clip.path] for number, clip in enumerate(clips) if clip.path in errors}
    with timed(timing, "store"):
        columns = job.store.get_many(job.recipes, [job.kept_as(item) for item in items])
    # By number of the clip: an array for each of the job's outputs.
    done: dict[int, list[Any]] = {item.number: [column[i] for column in columns] for i, item in enumerate(items)}

    batches = list(_batches(items, done))
    left = sum(len(batch.items) for batch in batches)
    progress("features", len(clips) - left, len(clips), "")
    with parallel.single_threaded():  # for other packages' extractors; the kernels here have one thread anyway
        threads = parallel.workers_for(len(batches), workers)
        computed = parallel.in_threads(_compute, ((job, batch) for batch in batches), threads)
        for batch, (results, spent) in zip(batches, computed):
            for stage, seconds in spent.items():
                timing[stage] += seconds
            for item, result in zip(batch.items, results):
                if isinstance(result, str):
                    failed[item.number] = result
                    del done[item.number]
                    continue
                for i, array in zip(batch.missing, result):
                    done[item.number][i] = array
            left -= len(batch.items)
            progress("features", len(clips) - left, len(clips), "")
    good = [item for item in items if item.number in done]
    vectors, sequences, lengths = _joined(wanted, job.outputs, [done[item.number] for item in good])
    return Extraction(
        clips=[item.clip for item in good],
        vectors=vectors,
        sequences=sequences,
        lengths=lengths,
        hashes={item.clip.path: known[item.clip.path].content or "" for item in good},
        skipped=[(clips[number].name, failed[number]) for number in sorted(failed)],
        timing=dict(timing),
    )


@dataclass(frozen=True)
class _Job:
    """What all batches of an extraction have in common; a recipe for each of the outputs."""

    analysis: Analysis
    outputs: tuple[Output, ...]
    recipes: tuple[str, ...]
    store: FeatureStore
    copy: tuple[CopyMaker, int] | None

    @classmethod
    def of(cls, analysis: Analysis, wanted: Wanted, store: FeatureStore, copy: tuple[CopyMaker, int] | None) -> _Job:
        outputs = [Output(extractor, wanted.pooled) for extractor in wanted.vectors]
        outputs += [Output(base, None) for base in dict.fromkeys(extractor.base for extractor in wanted.sequences)]
        return cls(analysis, tuple(outputs), tuple(recipe(analysis, *output) for output in outputs), store, copy)

    def kept_as(self, item: _Item) -> bytes:
        """The store's key of what is analysed in place of a clip."""
        return item.key if self.copy is None else self.copy[0].copy_key(item.key, self.copy[1])


class _Item(NamedTuple):
    """A clip that can be read."""

    number: int  # among all clips
    clip: Clip
    key: bytes
    samples: float  # decoded, all channels

    @classmethod
    def of(cls, number: int, clip: Clip, facts: FileFacts) -> _Item:
        key = clip_key(facts.content or "", clip.start, clip.end)
        return cls(number, clip, key, count_samples(clip, facts))


class _Batch(NamedTuple):
    """Clips of which the same outputs are missing, given by their position among the job's."""

    missing: tuple[int, ...]
    items: list[_Item]


def _batches(items: Iterable[_Item], done: Mapping[int, list[Any]]) -> Iterator[_Batch]:
    """Divide the clips of which something is missing; how doesn't depend on the number of threads."""
    waiting: dict[tuple[int, ...], list[_Item]] = defaultdict(list)
    for item in items:
        missing = tuple(i for i, array in enumerate(done[item.number]) if array is None)
        if missing:
            waiting[missing].append(item)
    for missing, alike in waiting.items():
        batch: list[_Item] = []
        samples = 0.0
        for item in alike:
            if batch and (len(batch) == _MOST_CLIPS or samples + item.samples > _MOST_SAMPLES):
                yield _Batch(missing, batch)
                batch, samples = [], 0.0
            batch.append(item)
            samples += item.samples
        yield _Batch(missing, batch)


def _compute(job: _Job, batch: _Batch) -> tuple[list[list[Frames] | str], Seconds]:
    """Return the missing arrays of each clip, or what is wrong with it; and the seconds that each stage took."""
    spent: Seconds = defaultdict(float)
    outputs = [job.outputs[i] for i in batch.missing]
    results: list[list[Frames] | str] = [[] for _ in batch.items]
    signals: dict[int, Signal] = {}
    for i, item in enumerate(batch.items):
        try:
            if job.copy is None and is_long(item.samples):
                results[i] = outputs_of_long_clip(item.clip, job.analysis, outputs, spent)
                continue
            with timed(spent, "decode"):
                signals[i] = decode.read(item.clip.path, job.analysis.sample_rate, item.clip.start, item.clip.end)
        except AudioError as error:
            results[i] = str(error)
    with timed(spent, "extract"):
        if job.copy is not None:
            signals = {i: _copied(signal, batch.items[i].key, *job.copy) for i, signal in signals.items()}
        if signals:
            for i, arrays in zip(signals, outputs_of_signals(list(signals.values()), job.analysis, outputs)):
                results[i] = arrays
    good = [(job.kept_as(item), arrays) for item, arrays in zip(batch.items, results) if not isinstance(arrays, str)]
    if good:
        with timed(spent, "store"):
            job.store.put_many(
                (job.recipes[i], [key for key, _ in good], [arrays[at] for _, arrays in good])
                for at, i in enumerate(batch.missing)
            )
    return results, spent


def _copied(signal: Signal, key: bytes, maker: CopyMaker, number: int) -> Signal:
    return Signal(maker.copy(signal.samples, signal.sample_rate, key, number), signal.sample_rate)


def _joined(
    wanted: Wanted, outputs: Sequence[Output], arrays: Sequence[list[Frames]]
) -> tuple[dict[Extractor, NDArray[np.float32]], dict[Extractor, Frames], NDArray[np.int64]]:
    """Put the arrays of single clips, one for each of *outputs*, together: vectors, sequences and lengths."""
    if not arrays:
        return {}, {}, np.empty(0, np.int64)
    vectors = {e: np.concatenate([each[i] for each in arrays]) for i, e in enumerate(wanted.vectors)}
    statics = {e: [each[i] for each in arrays] for i, (e, functionals) in enumerate(outputs) if functionals is None}
    lengths = np.array([len(frames) for frames in next(iter(statics.values()), [])], dtype=np.int64)
    bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    sequences = {
        e: np.ascontiguousarray(e.with_deltas(np.concatenate(statics[e.base]), bounds), dtype=np.float32)
        for e in wanted.sequences
    }
    return vectors, sequences, lengths

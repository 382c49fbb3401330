"""Clips × extractors to vectors and sequences: each computed once, kept in the store, spread over workers."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audioclf import parallel
from audioclf.audio import decode
from audioclf.audio.recordings import content_hash
from audioclf.audio.signal import Signal
from audioclf.dataset.clips import Clip
from audioclf.errors import AudioError
from audioclf.features import frames as engine
from audioclf.features import functionals
from audioclf.features.extractor import Extractor
from audioclf.features.wanted import Wanted
from audioclf.progress import Progress, silent
from audioclf.spectra.spectra import Analysis, Frames
from audioclf.store.store import FeatureStore, FileFacts, NoStore, clip_key, recipe

if TYPE_CHECKING:
    from audioclf.augmentation.copies import Augmentation

Seconds = defaultdict[str, float]  # by stage
Output = tuple[Extractor, "tuple[str, ...] | None"]
"""What is computed of a clip: an extractor, and the functionals that pool it; None for its frames."""

_MOST_CLIPS = 64  # in a batch: what is analysed together and kept in one page of the store
_MOST_SAMPLES = 1 << 21  # decoded samples in a batch
_LONG = 1 << 23  # decoded samples of a clip that is analysed piece by piece


@dataclass
class Survey:
    """What the recordings' headers say.

    Attributes
    ----------
    clips : list of Clip
        Those that can be read, in the given order.
    facts : dict
        Rate, channels and duration of each recording that can be read, by path; the hash of its content where
        the store knows it.
    durations : list of float
        Length of each of the clips, in seconds.
    skipped : list of (str, str)
        Name and reason of each clip that can't be read.
    """

    clips: list[Clip]
    facts: dict[Path, FileFacts]
    durations: list[float]
    skipped: list[tuple[str, str]]

    @property
    def rates(self) -> dict[Path, int]:
        """Native rate in Hz by path."""
        return {path: facts.sample_rate for path, facts in self.facts.items()}

    def rates_by_label(self) -> dict[str, set[int]]:
        """The native rates found in each class, in Hz."""
        rates: dict[str, set[int]] = defaultdict(set)
        for clip in self.clips:
            rates[clip.label].add(self.facts[clip.path].sample_rate)
        return dict(rates)


def survey(clips: Iterable[Clip], progress: Progress = silent, store: FeatureStore | None = None) -> Survey:
    """Read the header of every recording once, unless *store* remembers the recording."""
    clips = list(clips)
    paths = list(dict.fromkeys(clip.path for clip in clips))
    facts = (store or NoStore()).files(paths)
    errors: dict[Path, str] = {}
    unknown = [path for path in paths if path not in facts]
    for done, path in enumerate(unknown, 1):
        try:
            info = decode.probe(path)
            facts[path] = FileFacts(None, info.sample_rate, info.channels, info.duration)
        except AudioError as error:
            errors[path] = str(error)
        if done % 50 == 0 or done == len(unknown):
            progress("headers", done, len(unknown), "")
    kept = [clip for clip in clips if clip.path not in errors]
    durations = [_duration(clip, facts[clip.path]) for clip in kept]
    skipped = [(clip.name, errors[clip.path]) for clip in clips if clip.path in errors]
    return Survey(kept, facts, durations, skipped)


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

    def inputs(self, extractors: Iterable[Extractor], takes: str) -> NDArray[np.float32]:
        """What a classifier that *takes* "vectors" or "sequences" learns from, extractors side by side.

        Shape (n_clips, n_features), or all clips' frames one after the other, (total frames, n_coefficients).
        """
        source = self.vectors if takes == "vectors" else self.sequences
        return np.hstack([source[extractor] for extractor in extractors])


def extract(
    clips: Sequence[Clip],
    analysis: Analysis,
    wanted: Wanted,
    *,
    store: FeatureStore | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
    facts: Mapping[Path, FileFacts] | None = None,
    copy: tuple[Augmentation, int] | None = None,
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
    copy : (Augmentation, int), optional
        Analyse instead of each clip its copy of this number, 1 to the augmentation's factor. Copies are made at the
        analysis rate, of whole clips: also of long ones, that are otherwise analysed piece by piece.

    Raises
    ------
    MissingExtraError
        If a copy is asked for and Audiomentations isn't installed.
    """
    if copy is not None:
        copy[0].check_installed()
    outputs: list[Output] = [(extractor, wanted.pooled) for extractor in wanted.vectors]
    outputs += [(base, None) for base in dict.fromkeys(extractor.base for extractor in wanted.sequences)]
    store = store or NoStore()
    timing: Seconds = defaultdict(float, decode=0.0, extract=0.0, store=0.0)
    known, errors = _look(clips, store, facts, workers, timing)
    good = [number for number, clip in enumerate(clips) if clip.path in known]
    keys = [_kept_as(_key(clips[number], known), copy) for number in good]
    recipes = [recipe(analysis, extractor, how) for extractor, how in outputs]
    began = perf_counter()
    columns = store.get_many(recipes, keys)
    timing["store"] += perf_counter() - began
    # By number of the clip: an array for each of *outputs*.
    done: dict[int, list[Any]] = {number: [column[i] for column in columns] for i, number in enumerate(good)}
    failed: dict[int, str] = {}
    waiting: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for number, arrays in done.items():
        missing = tuple(i for i, array in enumerate(arrays) if array is None)
        if missing:
            waiting[missing].append(number)
    left = sum(map(len, waiting.values()))
    progress("features", len(clips) - left, len(clips), "")
    tasks = [(missing, batch) for missing, group in waiting.items() for batch in _batches(group, clips, known)]
    calls = (
        (
            [clips[number] for number in batch],
            [copy is None and _samples(clips[number], known) > _LONG for number in batch],
            analysis,
            [outputs[i] for i in missing],
            [recipes[i] for i in missing],
            [_key(clips[number], known) for number in batch],
            store,
            copy,
        )
        for missing, batch in tasks
    )
    for (missing, batch), (results, spent) in zip(tasks, _run(calls, _threads(workers, tasks))):
        for stage, seconds in spent.items():
            timing[stage] += seconds
        for number, result in zip(batch, results):
            if isinstance(result, str):
                failed[number] = result
                del done[number]
                continue
            for i, array in zip(missing, result):
                done[number][i] = array
        left -= len(batch)
        progress("features", len(clips) - left, len(clips), "")
    failed.update({number: errors[clip.path] for number, clip in enumerate(clips) if clip.path in errors})
    return _gathered(clips, wanted, outputs, done, known, failed, timing)


def _run(calls: Iterable[tuple[Any, ...]], workers: int) -> Iterator[tuple[list[Any], Seconds]]:
    with parallel.single_threaded():  # for other packages' extractors; the kernels here have one thread anyway
        yield from parallel.in_threads(_analyse_batch, calls, workers)


def _threads(workers: int | None, tasks: Sequence[Any]) -> int:
    return parallel.count_workers(workers) if len(tasks) > 1 else 1


def _look(
    clips: Sequence[Clip],
    store: FeatureStore,
    facts: Mapping[Path, FileFacts] | None,
    workers: int | None,
    timing: Seconds,
) -> tuple[dict[Path, FileFacts], dict[Path, str]]:
    """The facts of all recordings, with hashes of their content, and what is wrong with those without."""
    paths = list(dict.fromkeys(clip.path for clip in clips))
    began = perf_counter()
    known = dict(store.files(paths) if facts is None else facts)
    timing["store"] += perf_counter() - began
    errors: dict[Path, str] = {}
    fresh: dict[Path, FileFacts] = {}
    unknown = [path for path in paths if path not in known or known[path].content is None]
    began = perf_counter()
    parts = [unknown[i : i + _MOST_CLIPS] for i in range(0, len(unknown), _MOST_CLIPS)]
    for found in parallel.in_threads(_look_at, ((part, known) for part in parts), _threads(workers, parts)):
        for path, fact in found.items():
            if isinstance(fact, str):
                errors[path] = fact
                known.pop(path, None)
            else:
                fresh[path] = known[path] = fact
    timing["decode"] += perf_counter() - began
    if fresh:
        began = perf_counter()
        store.remember(fresh)
        timing["store"] += perf_counter() - began
    return known, errors


def _look_at(paths: list[Path], known: Mapping[Path, FileFacts]) -> dict[Path, FileFacts | str]:
    found: dict[Path, FileFacts | str] = {}
    for path in paths:
        try:
            info = known.get(path) or decode.probe(path)
            found[path] = FileFacts(content_hash(path), info.sample_rate, info.channels, info.duration)
        except AudioError as error:
            found[path] = str(error)
    return found


def _key(clip: Clip, known: Mapping[Path, FileFacts]) -> bytes:
    return clip_key(known[clip.path].content or "", clip.start, clip.end)


def _kept_as(key: bytes, copy: tuple[Augmentation, int] | None) -> bytes:
    """The store's key of what is analysed in place of the clip *key*."""
    return key if copy is None else copy[0].copy_key(key, copy[1])


def _duration(clip: Clip, facts: FileFacts) -> float:
    """Length of a clip in seconds."""
    end = facts.duration if clip.end is None else min(clip.end, facts.duration)
    return max(0.0, end - (clip.start or 0.0))


def _samples(clip: Clip, known: Mapping[Path, FileFacts]) -> float:
    """Decoded samples of a clip, all channels."""
    facts = known[clip.path]
    return _duration(clip, facts) * facts.sample_rate * facts.channels


def _batches(numbers: Iterable[int], clips: Sequence[Clip], known: Mapping[Path, FileFacts]) -> Iterator[list[int]]:
    """Divide clips into batches; how doesn't depend on the number of workers."""
    batch: list[int] = []
    samples = 0.0
    for number in numbers:
        more = _samples(clips[number], known)
        if batch and (len(batch) == _MOST_CLIPS or samples + more > _MOST_SAMPLES):
            yield batch
            batch, samples = [], 0.0
        batch.append(number)
        samples += more
    if batch:
        yield batch


def _analyse_batch(
    clips: list[Clip],
    long: list[bool],
    analysis: Analysis,
    wanted: list[Output],
    recipes: list[str],
    keys: list[bytes],
    store: FeatureStore,
    copy: tuple[Augmentation, int] | None,
) -> tuple[list[list[Frames] | str], Seconds]:
    """Return the wanted arrays of each clip, or what is wrong with it; and the seconds that each stage took."""
    spent: Seconds = defaultdict(float)
    results: list[list[Frames] | str] = [[] for _ in clips]
    signals: list[tuple[int, Signal]] = []
    for i, clip in enumerate(clips):
        began = perf_counter()
        try:
            if long[i]:
                results[i] = analyse_long(clip, analysis, wanted, spent)
                continue
            signals.append((i, decode.read(clip.path, analysis.sample_rate, clip.start, clip.end)))
        except AudioError as error:
            results[i] = str(error)
        spent["decode"] += perf_counter() - began
    began = perf_counter()
    if copy is not None:
        signals = [(i, _copied(signal, keys[i], *copy)) for i, signal in signals]
    if signals:
        for (i, _), arrays in zip(signals, analyse([signal for _, signal in signals], analysis, wanted)):
            results[i] = arrays
    analysed = perf_counter()
    spent["extract"] += analysed - began
    good = [(_kept_as(key, copy), result) for key, result in zip(keys, results) if not isinstance(result, str)]
    if good:
        store.put_many(
            (recipe, [key for key, _ in good], [arrays[i] for _, arrays in good]) for i, recipe in enumerate(recipes)
        )
    spent["store"] += perf_counter() - analysed
    return results, spent


def _copied(signal: Signal, key: bytes, augmentation: Augmentation, number: int) -> Signal:
    return Signal(augmentation.copy(signal.samples, signal.sample_rate, key, number), signal.sample_rate)


def analyse(signals: Sequence[Signal], analysis: Analysis, wanted: Sequence[Output]) -> list[list[Frames]]:
    """Return, for each signal at the analysis rate, an array for each of *wanted*.

    That is a vector, shape (1, n_features), where functionals are given, else frames, (n_frames, n_coefficients).
    """
    statics = engine.analyse(signals, analysis, [extractor for extractor, _ in wanted])
    bounds = statics.bounds
    columns: list[list[Frames]] = []
    for extractor, how in wanted:
        frames = extractor.with_deltas(statics.rows[extractor.base].T, bounds)
        if how is None:
            columns.append([np.ascontiguousarray(frames[a:b]) for a, b in itertools.pairwise(bounds)])
        else:
            columns.append(list(functionals.pool_clips(frames, bounds, how)[:, None]))
    return [[column[i] for column in columns] for i in range(len(signals))]


def is_long(clip: Clip) -> bool:
    """Whether a clip is one for `analyse_long`."""
    info = decode.probe(clip.path)
    return _samples(clip, {clip.path: FileFacts(None, info.sample_rate, info.channels, info.duration)}) > _LONG


def analyse_long(
    clip: Clip, analysis: Analysis, wanted: Sequence[Output], spent: Seconds | None = None
) -> list[Frames]:
    """Return what `analyse` returns for one clip, without holding its samples in memory.

    *spent* takes the seconds of the stages "decode" and "extract".
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

    spools = engine.analyse_long(blocks, analysis, [extractor for extractor, _ in wanted])
    arrays = []
    for extractor, how in wanted:
        spool = spools[extractor.base]
        if how is None:
            arrays.append(np.ascontiguousarray(extractor.with_deltas(spool.all().T)))
            continue
        each = [
            functionals.pool(extractor.with_deltas(spool.row(i)[:, None]), how).reshape(len(how), -1)
            for i in range(spool.n_rows)
        ]
        arrays.append(np.stack(each, axis=-1).reshape(1, -1))
    spent["decode"] += decoding
    spent["extract"] += perf_counter() - began - decoding
    return arrays


def _gathered(
    clips: Sequence[Clip],
    wanted: Wanted,
    outputs: list[Output],
    done: dict[int, list[Frames]],
    known: Mapping[Path, FileFacts],
    failed: Mapping[int, str],
    timing: Mapping[str, float],
) -> Extraction:
    """Put the arrays of single clips together."""
    good = [number for number in range(len(clips)) if number in done]
    statics = {e: [done[number][i] for number in good] for i, (e, how) in enumerate(outputs) if how is None and good}
    lengths = np.array([len(frames) for frames in next(iter(statics.values()), [])], dtype=np.int64)
    bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Extraction(
        clips=[clips[number] for number in good],
        vectors={e: np.concatenate([done[number][i] for number in good]) for i, e in enumerate(wanted.vectors) if good},
        sequences={
            extractor: np.ascontiguousarray(
                extractor.with_deltas(np.concatenate(statics[extractor.base]), bounds), dtype=np.float32
            )
            for extractor in wanted.sequences
            if good
        },
        lengths=lengths,
        hashes={clips[number].path: known[clips[number].path].content or "" for number in good},
        skipped=[(clips[number].name, failed[number]) for number in sorted(failed)],
        timing=dict(timing),
    )


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

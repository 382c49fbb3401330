"""Measuring of clips for the audit: how each was made, and which hold the same sound. Nothing is judged here."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import parallel
from audioclf.audio import decode
from audioclf.audit import fingerprints, soundness
from audioclf.audit.candidates import Match
from audioclf.audit.evidence import SILENT, Measured
from audioclf.audit.fingerprints import Print
from audioclf.audit.matches import same_sounds
from audioclf.audit.recipes import recipe
from audioclf.audit.soundness import Sound
from audioclf.dataset.clips import Clip
from audioclf.errors import AudioError
from audioclf.features.survey import identify
from audioclf.progress import Progress, silent
from audioclf.store.recipe import clip_key
from audioclf.store.recordings import FileFacts
from audioclf.store.store import FeatureStore, NoStore

_BATCH = 32  # clips measured and kept together


def measure(
    clips: Sequence[Clip],
    facts: Mapping[Path, FileFacts] | None = None,
    store: FeatureStore | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
) -> Measured:
    """Measure every clip and find those that hold the same sound; unreadable clips are left out, with the reason.

    Parameters
    ----------
    clips : sequence of Clip
    facts : mapping, optional
        What is known of the recordings, such as `Survey.facts`; by default it is found out.
    store : FeatureStore, optional
        Where measurements are kept; by default nowhere.
    workers : int or None
        Number of threads; None is one per core. The numbers don't depend on it.
    progress : callable
        Called with "audit", clips done, clips in all, and a note.
    """
    began = time.perf_counter()
    store = store or NoStore()
    workers = parallel.count_workers(workers)
    known, errors = identify(clips, store, facts, workers, defaultdict(float))
    contents = {path: fact.content for path, fact in known.items() if fact.content is not None}
    keys = [clip_key(contents[c.path], c.start, c.end) if c.path in contents else b"" for c in clips]
    places = {key: clip for key, clip in zip(keys, clips) if key}
    found, failed = _arrays(places, store, workers, progress)
    sounds = {key: Sound.from_row(row) for key, (row, _) in found.items()}
    good = [i for i, key in enumerate(keys) if key in sounds]
    return Measured(
        clips=[clips[i] for i in good],
        sounds=[sounds[keys[i]] for i in good],
        contents=[contents[clips[i].path] for i in good],
        matches=_matches([keys[i] for i in good], places, sounds, found, store),
        skipped=[
            (clip.name, errors.get(clip.path) or failed[key])
            for clip, key in zip(clips, keys)
            if clip.path in errors or key in failed
        ],
        seconds=time.perf_counter() - began,
    )


def _arrays(
    places: Mapping[bytes, Clip], store: FeatureStore, workers: int, progress: Progress
) -> tuple[dict[bytes, tuple[Any, Any]], dict[bytes, str]]:
    """By their keys, what the store keeps of each clip and what is wrong with those that couldn't be measured."""
    recipes = [
        recipe("audit: level, DC, silence, bandwidth", soundness.VERSION),
        recipe("audit: fingerprint", fingerprints.VERSION),
    ]
    found = dict(zip(places, zip(*store.get_many(recipes, list(places)))))
    missing = [key for key in places if any(array is None for array in found[key])]
    failed: dict[bytes, str] = {}
    done = len(places) - len(missing)
    progress("audit", done, len(places), "")
    batches = [missing[i : i + _BATCH] for i in range(0, len(missing), _BATCH)]
    calls = (([places[key] for key in batch],) for batch in batches)
    for batch, results in zip(batches, parallel.in_threads(_measure_batch, calls, workers)):
        good = [(key, result) for key, result in zip(batch, results) if not isinstance(result, str)]
        failed.update((key, result) for key, result in zip(batch, results) if isinstance(result, str))
        found.update(good)
        if good:
            columns = zip(*[result for _, result in good])
            store.put_many((recipe_, [key for key, _ in good], list(c)) for recipe_, c in zip(recipes, columns))
        done += len(batch)
        progress("audit", done, len(places), "")
    return {key: arrays for key, arrays in found.items() if key not in failed}, failed


def _measure_batch(clips: list[Clip]) -> list[tuple[NDArray[np.float32], NDArray[np.float32]] | str]:
    """For each clip the arrays that the store keeps, or what is wrong with it."""
    results: list[tuple[NDArray[np.float32], NDArray[np.float32]] | str] = []
    for clip in clips:
        try:
            sound, words = _measure_clip(clip)
        except AudioError as error:
            results.append(str(error))
            continue
        # The store keeps float32; the words' bits pass through it as they are.
        results.append((sound.as_row(), words.view(np.float32)))
    return results


def _measure_clip(clip: Clip) -> tuple[Sound, Print]:
    header = soundness.read_header(clip.path)
    meter, taker = soundness.Meter(header.sample_rate), fingerprints.Taker(header.sample_rate)
    for block in decode.blocks(clip.path, None, clip.start, clip.end):
        meter.add(block)
        taker.add(block)
    promised = header.duration if clip.end is None else clip.end
    sound = meter.sound(header.channels, header.format, max(0.0, promised - (clip.start or 0.0)))
    return sound, taker.finish()


def _matches(
    keys: Sequence[bytes],
    places: Mapping[bytes, Clip],
    sounds: Mapping[bytes, Sound],
    found: Mapping[bytes, tuple[Any, Any]],
    store: FeatureStore,
) -> list[Match]:
    """Pairs of clips with the same sound, by their index in *keys*.

    Of clips with the same samples one stands for all: the others are exact duplicates.
    """
    representative: dict[str, bytes] = {}
    for key, sound in sounds.items():
        if sound.level > SILENT:
            representative.setdefault(sound.samples, key)
    chosen = list(representative.values())
    prints: list[Print] = [np.ascontiguousarray(found[key][1]).view(np.uint32) for key in chosen]
    first: dict[bytes, int] = {}
    for i, key in enumerate(keys):
        first.setdefault(key, i)
    at = [first[key] for key in chosen]
    pairs = same_sounds([places[key] for key in chosen], chosen, prints, store)
    return [Match(at[m.first], at[m.second], m.offset, m.error, m.bits, m.share) for m in pairs]

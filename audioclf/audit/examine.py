"""What is wrong with a data set before anything is learnt from it: leakage, shortcuts, quality.

`measure` looks at every clip once; `examine` draws findings from that. What each check sees, by which rule, and what it
can't see is in docs/audit.md.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audioclf import parallel
from audioclf.audio import decode
from audioclf.audio.recordings import content_hash
from audioclf.audit import fingerprints, soundness
from audioclf.audit.evidence import SILENT, Data, Measured, Sets
from audioclf.audit.finding import Finding
from audioclf.audit.fingerprints import Match, Print
from audioclf.audit.leakage import auto_groups, find_leakage
from audioclf.audit.quality import find_bad_clips, likely_wrong_labels
from audioclf.audit.shortcuts import find_shortcuts
from audioclf.audit.soundness import Sound
from audioclf.dataset.clips import Clip
from audioclf.errors import AudioError
from audioclf.progress import Progress, silent
from audioclf.store import store
from audioclf.store.store import FeatureStore, FileFacts, Recipe

__all__ = ["Finding", "Measured", "auto_groups", "examine", "likely_wrong_labels", "measure"]

_BATCH = 32  # clips measured and kept together
_TRIES = 6  # comparisons of a clip's waveform with others' that may fail
_HIGHEST_ERROR = 0.22  # of fingerprints' bits
_COPIES = ((0.75, _HIGHEST_ERROR, 0), (0.6, 0.06, 400))
"""What copies show: coherence at least, share of differing bits at most, of so many bits at least."""
_SEVERITIES = ("serious", "note")
_TOPICS = ("leakage", "shortcuts", "quality")


def measure(
    clips: Sequence[Clip],
    facts: Mapping[Path, FileFacts] | None = None,
    features: FeatureStore | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
) -> Measured:
    """Measure every clip and find those that hold the same sound; unreadable clips are left out, with the reason.

    Parameters
    ----------
    clips : sequence of Clip
    facts : mapping, optional
        What is known of the recordings, such as `Survey.facts`; by default it is found out.
    features : FeatureStore, optional
        Where measurements are kept; by default nowhere.
    workers : int or None
        Number of threads; None is one per core. The numbers don't depend on it.
    progress : callable
        Called with "audit", clips done, clips in all, and a note.
    """
    began = time.perf_counter()
    features = features or store.NoStore()
    workers = parallel.count_workers(workers)
    contents, errors = _contents(clips, facts, features, workers)
    keys = [store.clip_key(contents[c.path], c.start, c.end) if c.path in contents else b"" for c in clips]
    places = {key: clip for key, clip in zip(keys, clips) if key}
    wanted = list(places)
    recipes = [_recipe("audit: level, DC, silence, bandwidth", soundness.VERSION)]
    recipes.append(_recipe("audit: fingerprint", fingerprints.VERSION))
    found = dict(zip(wanted, zip(*features.get_many(recipes, wanted))))
    missing = [key for key in wanted if any(array is None for array in found[key])]
    failed: dict[bytes, str] = {}
    done = len(wanted) - len(missing)
    progress("audit", done, len(wanted), "")
    batches = [missing[i : i + _BATCH] for i in range(0, len(missing), _BATCH)]
    calls = (([places[key] for key in batch],) for batch in batches)
    for batch, results in zip(batches, parallel.in_threads(_measure_batch, calls, workers)):
        good = [(key, result) for key, result in zip(batch, results) if not isinstance(result, str)]
        failed.update((key, result) for key, result in zip(batch, results) if isinstance(result, str))
        found.update(good)
        if good:
            columns = zip(*[result for _, result in good])
            features.put_many((recipe, [key for key, _ in good], list(c)) for recipe, c in zip(recipes, columns))
        done += len(batch)
        progress("audit", done, len(wanted), "")

    kept = [key for key in wanted if key not in failed]
    prints = [np.ascontiguousarray(found[key][1]).view(np.uint32) for key in kept]
    sounds = {key: Sound.from_row(found[key][0]) for key in kept}
    # Of clips with the same samples one stands for all: the others are exact duplicates.
    representative: dict[str, int] = {}
    for i, key in enumerate(kept):
        if sounds[key].level > SILENT:
            representative.setdefault(sounds[key].samples, i)
    chosen = list(representative.values())
    pairs = _matches(
        [places[kept[i]] for i in chosen], [kept[i] for i in chosen], [prints[i] for i in chosen], features
    )
    good_clips = [i for i, key in enumerate(keys) if key in sounds]
    first: dict[bytes, int] = {}
    for at, i in enumerate(good_clips):
        first.setdefault(keys[i], at)
    index = [first[kept[i]] for i in chosen]
    return Measured(
        clips=[clips[i] for i in good_clips],
        sounds=[sounds[keys[i]] for i in good_clips],
        contents=[contents[clips[i].path] for i in good_clips],
        matches=[Match(index[m.first], index[m.second], m.offset, m.error, m.bits, m.share) for m in pairs],
        skipped=[
            (clip.name, errors.get(clip.path) or failed[key])
            for clip, key in zip(clips, keys)
            if clip.path in errors or key in failed
        ],
        seconds=time.perf_counter() - began,
    )


def _recipe(what: str, version: int) -> Recipe:
    made = Recipe(hashlib.blake2b(repr((what, version, *_libraries())).encode(), digest_size=16).hexdigest())
    made.feature = what
    return made


def _libraries() -> tuple[tuple[str, str], ...]:
    """The versions of what decodes and resamples: with others, numbers may differ."""
    import soundfile
    import soxr

    return ("soundfile", soundfile.__version__), ("soxr", soxr.__version__)


def _contents(
    clips: Sequence[Clip], facts: Mapping[Path, FileFacts] | None, features: FeatureStore, workers: int
) -> tuple[dict[Path, str], dict[Path, str]]:
    """The hash of every recording's content, and what is wrong with those that have none; both by path."""
    paths = list(dict.fromkeys(clip.path for clip in clips))
    known = dict(features.files(paths)) if facts is None else dict(facts)
    unknown = [path for path in paths if path not in known or known[path].content is None]
    fresh: dict[Path, FileFacts] = {}
    errors: dict[Path, str] = {}
    for path, fact in zip(
        unknown, parallel.in_threads(_look_at, ((path, known.get(path)) for path in unknown), workers)
    ):
        if isinstance(fact, str):
            errors[path] = fact
        else:
            fresh[path] = fact
    if fresh:
        features.remember(fresh)
    contents = {path: fact.content for path, fact in {**known, **fresh}.items() if fact.content is not None}
    return contents, errors


def _look_at(path: Path, known: FileFacts | None) -> FileFacts | str:
    try:
        info = known or decode.probe(path)
        return FileFacts(content_hash(path), info.sample_rate, info.channels, info.duration)
    except AudioError as error:
        return str(error)


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


def _matches(clips: list[Clip], keys: list[bytes], prints: list[Print], features: FeatureStore) -> list[Match]:
    """Pairs of clips, by their index, that hold the same sound; kept in the store for the very same clips."""
    recipe = _recipe(f"audit: pairs of clips with the same sound {_COPIES}", fingerprints.VERSION)
    key = hashlib.blake2b(b"".join(keys), digest_size=16).digest()
    [kept] = features.get(recipe, [key])
    if kept is not None:
        return [Match(int(a), int(b), int(o), float(e), int(n), float(s)) for a, b, o, e, n, s in kept.tolist()]
    candidates = sorted(fingerprints.find_matches(prints, _HIGHEST_ERROR), key=lambda m: (m.error, m.first, m.second))
    sets = Sets(len(clips))
    tries: Counter[int] = Counter()
    matches = []
    for match in candidates:
        a, b = match.first, match.second
        if sets.find(a) == sets.find(b) or max(tries[a], tries[b]) >= _TRIES:
            continue
        wave = _coherence(clips[a], clips[b], match.offset)
        if any(wave >= least and match.error <= most and match.bits >= bits for least, most, bits in _COPIES):
            sets.join(a, b)
            matches.append(match)
        else:
            tries[a] += 1
            tries[b] += 1
    rows = [[m.first, m.second, m.offset, m.error, m.bits, m.share] for m in matches]
    features.put(recipe, [key], [np.array(rows, np.float32).reshape(-1, 6)])
    return sorted(matches, key=lambda m: (m.first, m.second))


def _coherence(first: Clip, second: Clip, offset: int) -> float:
    seconds = offset * fingerprints.HOP / fingerprints.RATE
    try:
        a = _stretch(first, max(0.0, seconds))
        b = _stretch(second, max(0.0, -seconds))
    except AudioError:  # gone since it was measured
        return 0.0
    return fingerprints.coherence(a, b)


def _stretch(clip: Clip, begin: float) -> NDArray[np.float32]:
    """A clip's samples from *begin* seconds on, as many as are compared."""
    start = (clip.start or 0.0) + begin
    end = start + fingerprints.LONGEST / fingerprints.RATE
    return decode.read(clip.path, fingerprints.RATE, start, end if clip.end is None else min(end, clip.end)).samples


def examine(clips: Sequence[Clip], measured: Measured, seed: int = 0) -> list[Finding]:
    """Return what is wrong with a data set, the serious first.

    Parameters
    ----------
    clips : sequence of Clip
        Those that are to be learnt from. Their labels and groups count; clips that weren't measured are passed over.
    measured : Measured
        Of these clips or more.
    seed : int
        Of the folds and permutations behind the shortcuts.
    """
    data = Data.of(clips, measured)
    if not data.clips:
        return []
    findings = [*find_leakage(data), *find_shortcuts(data, seed), *find_bad_clips(data)]
    return sorted(findings, key=lambda f: (_SEVERITIES.index(f.severity), _TOPICS.index(f.topic)))

"""Survey of recordings: rate, channels, length and a hash of the content, known without analysing them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audioclf import parallel
from audioclf.audio import decode
from audioclf.audio.recordings import content_hash
from audioclf.dataset.clips import Clip
from audioclf.errors import AudioError
from audioclf.features.timing import Seconds, timed
from audioclf.progress import Progress, silent
from audioclf.store.recordings import FileFacts
from audioclf.store.store import FeatureStore, NoStore

_AT_ONCE = 64  # recordings that a thread hashes in one go


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
        """The native rates that occur in each class, in Hz."""
        rates: dict[str, set[int]] = defaultdict(set)
        for clip in self.clips:
            rates[clip.label].add(self.facts[clip.path].sample_rate)
        return dict(rates)


def survey(clips: Iterable[Clip], progress: Progress = silent, store: FeatureStore | None = None) -> Survey:
    """Read the header of every recording once, unless *store* remembers the recording.

    Parameters
    ----------
    clips : iterable of Clip
    progress : callable
        Called with "headers", recordings done, recordings in all, and a note.
    store : FeatureStore, optional
    """
    clips = list(clips)
    paths = list(dict.fromkeys(clip.path for clip in clips))
    facts = (store or NoStore()).files(paths)
    errors: dict[Path, str] = {}
    unknown = [path for path in paths if path not in facts]
    for done, path in enumerate(unknown, 1):
        try:
            facts[path] = header_of(path)
        except AudioError as error:
            errors[path] = str(error)
        if done % 50 == 0 or done == len(unknown):
            progress("headers", done, len(unknown), "")
    kept = [clip for clip in clips if clip.path not in errors]
    durations = [duration(clip, facts[clip.path]) for clip in kept]
    skipped = [(clip.name, errors[clip.path]) for clip in clips if clip.path in errors]
    return Survey(kept, facts, durations, skipped)


def header_of(path: Path) -> FileFacts:
    """Return what the header of a recording says, without a hash of its content.

    Raises
    ------
    AudioError
        If it can't be read.
    """
    info = decode.probe(path)
    return FileFacts(None, info.sample_rate, info.channels, info.duration)


def duration(clip: Clip, facts: FileFacts) -> float:
    """Return the length of a clip in seconds."""
    end = facts.duration if clip.end is None else min(clip.end, facts.duration)
    return max(0.0, end - (clip.start or 0.0))


def count_samples(clip: Clip, facts: FileFacts) -> float:
    """Return how many samples of a clip are decoded, all channels together."""
    return duration(clip, facts) * facts.sample_rate * facts.channels


def identify(
    clips: Sequence[Clip],
    store: FeatureStore,
    facts: Mapping[Path, FileFacts] | None,
    workers: int | None,
    spent: Seconds,
) -> tuple[dict[Path, FileFacts], dict[Path, str]]:
    """Return the facts of all recordings, with hashes of their content, and what is wrong with those without.

    Parameters
    ----------
    clips : sequence of Clip
    store : FeatureStore
        Remembers what had to be found out.
    facts : mapping or None
        What is known already; None asks the store.
    workers : int or None
        Number of threads; None is one per core.
    spent : Seconds
        Takes the seconds of the stages "store" and "decode".
    """
    paths = list(dict.fromkeys(clip.path for clip in clips))
    with timed(spent, "store"):
        known = dict(store.files(paths) if facts is None else facts)
    errors: dict[Path, str] = {}
    fresh: dict[Path, FileFacts] = {}
    with timed(spent, "decode"):
        unknown = [path for path in paths if path not in known or known[path].content is None]
        parts = [unknown[i : i + _AT_ONCE] for i in range(0, len(unknown), _AT_ONCE)]
        threads = parallel.workers_for(len(parts), workers)
        for hashed, unreadable in parallel.in_threads(_hash, ((part, known) for part in parts), threads):
            fresh.update(hashed)
            errors.update(unreadable)
    known.update(fresh)
    for path in errors:
        known.pop(path, None)
    if fresh:
        with timed(spent, "store"):
            store.remember(fresh)
    return known, errors


def _hash(paths: list[Path], known: Mapping[Path, FileFacts]) -> tuple[dict[Path, FileFacts], dict[Path, str]]:
    """Facts with a hash, by path, and what is wrong with the others."""
    hashed: dict[Path, FileFacts] = {}
    errors: dict[Path, str] = {}
    for path in paths:
        try:
            header = known.get(path) or header_of(path)
            hashed[path] = FileFacts(content_hash(path), header.sample_rate, header.channels, header.duration)
        except AudioError as error:
            errors[path] = str(error)
    return hashed, errors

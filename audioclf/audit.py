"""What is wrong with a data set before anything is learnt from it: leakage, shortcuts, quality.

`measure` looks at every clip once; `examine` draws findings from that. What each check sees, by which rule, and what it
can't see is in docs/audit.md.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import audio, fingerprints, parallel, soundness, store
from audioclf.dataset import Clip
from audioclf.errors import AudioError
from audioclf.fingerprints import Match, Print
from audioclf.parallel import Progress
from audioclf.soundness import Sound
from audioclf.store import FeatureStore, FileFacts, Recipe

_MOST_SETS = 100  # of clips named in a finding
_BATCH = 32  # clips measured and kept together
_TRIES = 6  # comparisons of a clip's waveform with others' that may fail
_HIGHEST_ERROR = 0.22  # of fingerprints' bits
_SAME_WAVE = 0.75  # coherence
_SAME_BITS, _LIKELY_WAVE = 0.06, 0.6  # or nearly no error in many bits, and a likely waveform
_MANY_BITS = 400
_WHOLE = 0.8  # of the shorter clip is shared by duplicates; less by overlapping cuts
_SILENT = -70.0  # dBFS

_SEVERITIES = ("serious", "note")
_TOPICS = ("leakage", "shortcuts", "quality")


@dataclass(frozen=True)
class Finding:
    """One thing that a reader of the scores should know.

    Attributes
    ----------
    topic : str
        "leakage", "shortcuts" or "quality".
    kind : str
        Which check, as in docs/audit.md.
    severity : str
        "serious": scores can't be trusted before it is mended; or "note".
    sentence, advice : str
        What was found, with figures; what to do, empty where there is nothing.
    clips : list of list of str
        Names of clips that belong together, single ones as lists of one. At most 100 lists.
    rows : list of dict
        A small table, all rows with the same keys.
    score, chance : float or None
        Of a classifier, where there is one.
    """

    topic: str
    kind: str
    severity: str
    sentence: str
    advice: str = ""
    clips: list[list[str]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    score: float | None = None
    chance: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as it stands in results.json."""
        return asdict(self)


@dataclass
class Measured:
    """What `measure` found out.

    Attributes
    ----------
    clips : list of Clip
        Those that could be measured, in the given order.
    sounds : list of Sound
        One for each.
    contents : list of str
        Hash of each one's recording.
    matches : list of Match
        Pairs of clips, by their index, that hold the same sound, exact duplicates apart.
    skipped : list of (str, str)
        Name and reason of each clip that couldn't be measured.
    seconds : float
        Time taken.
    """

    clips: list[Clip]
    sounds: list[Sound]
    contents: list[str]
    matches: list[Match]
    skipped: list[tuple[str, str]]
    seconds: float = 0.0


def measure(
    clips: Sequence[Clip],
    facts: Mapping[Path, FileFacts] | None = None,
    features: FeatureStore | None = None,
    workers: int | None = 1,
    progress: Progress = parallel.silent,
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
        if sounds[key].level > _SILENT:
            representative.setdefault(sounds[key].samples, i)
    chosen = list(representative.values())
    pairs = _matches(
        [places[kept[i]] for i in chosen], [kept[i] for i in chosen], [prints[i] for i in chosen], features
    )
    good_clips = [i for i, key in enumerate(keys) if key in sounds]
    first = {}
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
        info = known or audio.probe(path)
        return FileFacts(audio.content_hash(path), info.sample_rate, info.channels, info.duration)
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
    for block in audio.blocks(clip.path, None, clip.start, clip.end):
        meter.add(block)
        taker.add(block)
    promised = header.duration if clip.end is None else clip.end
    sound = meter.sound(header.channels, header.format, max(0.0, promised - (clip.start or 0.0)))
    return sound, taker.finish()


def _matches(clips: list[Clip], keys: list[bytes], prints: list[Print], features: FeatureStore) -> list[Match]:
    """Pairs of clips, by their index, that hold the same sound; kept in the store for the very same clips."""
    recipe = _recipe("audit: pairs of clips with the same sound", fingerprints.VERSION)
    key = hashlib.blake2b(b"".join(keys), digest_size=16).digest()
    [kept] = features.get(recipe, [key])
    if kept is not None:
        return [Match(int(a), int(b), int(o), float(e), int(n), float(s)) for a, b, o, e, n, s in kept.tolist()]
    candidates = sorted(fingerprints.find_matches(prints, _HIGHEST_ERROR), key=lambda m: (m.error, m.first, m.second))
    sets = _Sets(len(clips))
    tries: Counter[int] = Counter()
    matches = []
    for match in candidates:
        a, b = match.first, match.second
        if sets.find(a) == sets.find(b) or max(tries[a], tries[b]) >= _TRIES:
            continue
        wave = _coherence(clips[a], clips[b], match.offset)
        if wave >= _SAME_WAVE or (wave >= _LIKELY_WAVE and match.error <= _SAME_BITS and match.bits >= _MANY_BITS):
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
    return audio.read(clip.path, fingerprints.RATE, start, end if clip.end is None else min(end, clip.end)).samples


class _Sets:
    """Numbers from 0 that are joined into sets."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def find(self, i: int) -> int:
        """The least number of the set that *i* is in."""
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def join(self, i: int, j: int) -> None:
        a, b = sorted((self.find(i), self.find(j)))
        self._parent[b] = a

    def several(self) -> list[list[int]]:
        """The sets with more than one member, each in order."""
        members = defaultdict(list)
        for i in range(len(self._parent)):
            members[self.find(i)].append(i)
        return [part for part in members.values() if len(part) > 1]


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
    data = _Data.of(clips, measured)
    if not data.clips:
        return []
    findings = [*_leakage(data), *_shortcuts(data, seed), *_quality(data)]
    return sorted(findings, key=lambda f: (_SEVERITIES.index(f.severity), _TOPICS.index(f.topic)))


@dataclass
class _Data:
    """Clips with their sounds, and sets of indices of clips that hold the same sound."""

    clips: list[Clip]
    sounds: list[Sound]
    exact: list[list[int]]
    near: list[list[int]]
    overlapping: list[list[int]]

    @classmethod
    def of(cls, clips: Sequence[Clip], measured: Measured) -> _Data:
        places: dict[tuple[Path, float | None, float | None], int] = {}
        for i, clip in enumerate(measured.clips):
            places.setdefault(_place(clip), i)
        kept = [clip for clip in clips if _place(clip) in places]
        at = [places[_place(clip)] for clip in kept]
        sounds = [measured.sounds[i] for i in at]
        exact, near, every = _Sets(len(kept)), _Sets(len(kept)), _Sets(len(kept))
        same: dict[str, int] = {}
        for i, sound in enumerate(sounds):
            if sound.level > _SILENT:
                other = same.setdefault(sound.samples, i)
                for sets in (exact, near, every):
                    sets.join(i, other)
        for match in measured.matches:
            a, b = (same.get(measured.sounds[k].samples) for k in (match.first, match.second))
            if a is None or b is None:
                continue
            every.join(a, b)
            if match.share >= _WHOLE:
                near.join(a, b)
        return cls(kept, sounds, exact.several(), near.several(), every.several())

    def names(self, members: Iterable[int]) -> list[str]:
        return [self.clips[i].name for i in members]

    def apart(self, members: Iterable[int]) -> bool:
        """Whether a split may part them: not all are known to be of one group."""
        groups = {self.clips[i].group for i in members}
        return len(groups) > 1 or None in groups

    def labels(self, members: Iterable[int]) -> list[str]:
        return sorted({self.clips[i].label for i in members})


def _place(clip: Clip) -> tuple[Path, float | None, float | None]:
    return clip.path, clip.start, clip.end


# Leakage


def _leakage(data: _Data) -> list[Finding]:
    findings = []
    findings += _conflicts(data)
    exact = [part for part in data.exact if len(data.labels(part)) == 1]
    findings += _duplicates(data, "exact-duplicates", exact, "the same samples")
    together = {i: k for k, part in enumerate(data.exact) for i in part}
    near = [
        part for part in data.near if len(data.labels(part)) == 1 and len({together.get(i, -1 - i) for i in part}) > 1
    ]
    findings += _duplicates(data, "near-duplicates", near, "the same sound, re-encoded, trimmed or at another level")
    findings += _one_recording(data)
    findings += _group_labels(data)
    return findings


def _conflicts(data: _Data) -> list[Finding]:
    parts = [part for part in data.near if len(data.labels(part)) > 1]
    if not parts:
        return []
    example = parts[0]
    named = " and ".join(f"{data.clips[i].name} ('{data.clips[i].label}')" for i in _one_of_each(data, example)[:2])
    sentence = f"{_count(len(parts), 'sound')} {_have(len(parts))} more than one label, for example {named}"
    rows = [
        {"clip": data.clips[i].name, "label": data.clips[i].label, "sound": k + 1}
        for k, part in enumerate(parts)
        for i in part
    ]
    return [
        Finding(
            "leakage",
            "duplicate-labels",
            "serious",
            sentence,
            "listen, keep one label for each sound, and leave the other copies out",
            [data.names(part) for part in parts[:_MOST_SETS]],
            rows[:_MOST_SETS],
        )
    ]


def _one_of_each(data: _Data, members: Sequence[int]) -> list[int]:
    first: dict[str, int] = {}
    for i in members:
        first.setdefault(data.clips[i].label, i)
    return list(first.values())


def _duplicates(data: _Data, kind: str, parts: list[list[int]], what: str) -> list[Finding]:
    findings = []
    for apart, severity in ((True, "serious"), (False, "note")):
        chosen = [part for part in parts if data.apart(part) == apart]
        if not chosen:
            continue
        count = sum(map(len, chosen))
        names = data.names(chosen[0])
        sentence = f"{count} clips in {_count(len(chosen), 'set')} hold {what}, for example {names[0]} and {names[1]}"
        sentence += "; no group keeps them on one side of a split" if apart else "; their group keeps them together"
        advice = "leave the copies out, or keep them together with --group-by auto" if apart else ""
        findings.append(
            Finding("leakage", kind, severity, sentence, advice, [data.names(part) for part in chosen[:_MOST_SETS]])
        )
    return findings


_INDEX = re.compile(
    r"""^(?P<stem>.*?[^\W_])                                   # ends in a letter or digit
        (?:[ _.-]*[\[(](?P<bracket>\d{1,6})[\])]
         |[ _.-]+(?:part|pt|chunk|seg|segment|slice|section|clip|cut|excerpt|take|track)?[ _.-]*(?P<number>\d{1,9})
         |[ _.-]*(?:part|pt|chunk|seg|segment|slice|section|cut|excerpt)[ _.-]*(?P<part>\d{1,9})
        )$""",
    re.VERBOSE | re.IGNORECASE,
)
_TIMES = re.compile(
    r"^(?P<stem>.*?[^\W_])[ _-]+(?P<start>\d+\.\d+|\d+(?:\.\d+)?(?=m?s)|\d{3,})(?:m?s)?"
    r"(?:[ _-]+(?:to[ _-]+)?(?P<end>\d+\.\d+|\d+(?:\.\d+)?(?=m?s)|\d{3,})(?:m?s)?)$",
    re.IGNORECASE,
)


def name_stem(name: str, label: str = "") -> str | None:
    """Return what a clip's name has in common with those of the same recording; None if it has no index or times.

    The label, as a folder or as a word of the name, is no part of it.

    Examples
    --------
    >>> name_stem("speech/acomic-3.flac", "speech"), name_stem("3_george_12.wav", "3"), name_stem("song (3).wav")
    ('acomic', 'george', 'song')
    >>> name_stem("walk_part3.wav"), name_stem("lake_12.5-17.5.wav"), name_stem("0356dec7.flac")
    ('walk', 'lake', None)
    """
    path = re.sub(r"\[[\d.]*-[\d.]*s\]$", "", name)
    folders = [part for part in Path(path).parent.parts if part != label and part not in ("/", ".", "..")]
    stem = Path(path).stem
    times = _TIMES.match(stem)
    found = _INDEX.match(stem)
    if times and float(times["end"]) > float(times["start"]):
        base = times["stem"]
    elif found:
        base = found["stem"]
    else:
        return None
    words = [word for word in re.split(r"[ _-]+", base) if word and word.lower() != label.lower()]
    base = "_".join(words)
    if not re.search(r"[^\W_]", base):
        return None
    return "/".join([*folders, base])


def _families(clips: Sequence[Clip]) -> dict[str, list[int]]:
    """Clips that look cut from one recording by their names or paths: indices by what they have in common.

    Where a class has but one stem, as in dog_1, dog_2, ..., its clips are merely numbered.
    """
    paths = Counter(clip.path for clip in clips)
    folder = _common_folder(clips)
    stems: dict[int, str] = {}
    for i, clip in enumerate(clips):
        stem = str(clip.path) if paths[clip.path] > 1 else name_stem(_short(clip, folder), clip.label)
        if stem is not None:
            stems[i] = stem
    of_class: dict[str, set[str]] = defaultdict(set)
    for i, stem in stems.items():
        of_class[clips[i].label].add(stem)
    families = defaultdict(list)
    for i, stem in stems.items():
        if len(of_class[clips[i].label]) > 1 or paths[clips[i].path] > 1:
            families[stem].append(i)
    return {stem: members for stem, members in families.items() if len({_place(clips[i]) for i in members}) > 1}


def _common_folder(clips: Sequence[Clip]) -> str:
    import os.path

    parents = {str(clip.path.parent) for clip in clips}
    try:
        return os.path.commonpath(sorted(parents))
    except ValueError:  # relative and absolute ones
        return ""


def _short(clip: Clip, folder: str) -> str:
    try:
        return clip.path.relative_to(folder).as_posix() if folder else clip.path.name
    except ValueError:
        return clip.path.name


def _one_recording(data: _Data) -> list[Finding]:
    findings = []
    exact = {i for part in data.near for i in part}
    heard = [part for part in data.overlapping if data.apart(part) and not set(part) <= exact]
    if heard:
        names = data.names(heard[0])
        findings.append(
            Finding(
                "leakage",
                "one-recording",
                "serious",
                f"{sum(map(len, heard))} clips in {_count(len(heard), 'set')} overlap, so each set was cut from one "
                f"recording, for example {names[0]} and {names[1]}; no group says so",
                "name the recording in a group column, or use --group-by auto",
                [data.names(part) for part in heard[:_MOST_SETS]],
            )
        )
    named = {stem: members for stem, members in _families(data.clips).items() if data.apart(members)}
    if named:
        count = sum(map(len, named.values()))
        sources = _count(len(named), "recording or speaker", "recordings or speakers")
        stem, members = max(named.items(), key=lambda item: len(item[1]))
        sure = len(named) >= 3 or any(len({data.clips[i].path for i in m}) == 1 for m in named.values())
        findings.append(
            Finding(
                "leakage",
                "one-recording",
                "serious" if sure else "note",
                f"by their names, {count} of {len(data.clips)} clips come from {sources}, such as {len(members)} clips of "
                f"'{Path(stem).name}', and no group says so: a split may put parts of one on both sides",
                "if that is so, name the recording in a group column, or use --group-by PATTERN or --group-by auto",
                [data.names(members) for members in list(named.values())[:_MOST_SETS]],
            )
        )
    return findings


def _group_labels(data: _Data) -> list[Finding]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for clip in data.clips:
        if clip.group is not None:
            counts[clip.group][clip.label] += 1
    several = {group: labels for group, labels in counts.items() if sum(labels.values()) > 1}
    mixed = {group: labels for group, labels in several.items() if len(labels) > 1}
    # Where groups are speakers, all say everything; where they are recordings, one label is the rule.
    if not mixed or len(mixed) > 0.2 * len(several):
        return []
    group, labels = next(iter(mixed.items()))
    parts = ", ".join(f"{n} '{label}'" for label, n in labels.most_common())
    return [
        Finding(
            "leakage",
            "group-labels",
            "note",
            f"{_count(len(mixed), 'group')} of {len(several)} {_have(len(mixed))} clips of more than one label, "
            f"for example '{group}': {parts}",
            "check whether the labels or the groups are wrong",
            [[c.name for c in data.clips if c.group == group] for group in list(mixed)[:_MOST_SETS]],
            [
                {"group": g, "labels": ", ".join(f"{label} ({n})" for label, n in c.most_common())}
                for g, c in mixed.items()
            ][:_MOST_SETS],
        )
    ]


def auto_groups(clips: Sequence[Clip], measured: Measured) -> list[str]:
    """Return a group for every clip: what has one already, sounds the same or is named as of one recording, together.

    Existing groups are joined, never split.

    Parameters
    ----------
    clips : sequence of Clip
    measured : Measured
        Of these clips or more; those that weren't measured are grouped by their names alone.
    """
    sets = _Sets(len(clips))
    data = _Data.of(clips, measured)
    where: dict[int, int] = {}
    for i, clip in enumerate(clips):
        where[id(clip)] = i
    for part in data.overlapping:
        for i in part[1:]:
            sets.join(where[id(data.clips[part[0]])], where[id(data.clips[i])])
    by_group: dict[str, int] = {}
    for i, clip in enumerate(clips):
        if clip.group is not None:
            sets.join(i, by_group.setdefault(clip.group, i))
    families = _families(clips)
    for members in families.values():
        for i in members[1:]:
            sets.join(members[0], i)
    stems = {i: stem for stem, members in families.items() for i in members}
    names: dict[int, str] = {}
    for i, clip in enumerate(clips):
        root = sets.find(i)
        if root not in names:
            names[root] = clip.group or (Path(stems[i]).name if i in stems else clip.name)
    # Two sets may have come by the same name.
    taken: Counter[str] = Counter()
    unique: dict[int, str] = {}
    for root, name in names.items():
        taken[name] += 1
        unique[root] = name if taken[name] == 1 else f"{name} #{taken[name]}"
    return [unique[sets.find(i)] for i in range(len(clips))]


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"


def _have(n: int) -> str:
    return "has" if n == 1 else "have"


# Shortcuts

_PERMUTATIONS = 999
_LEVEL = 0.05 / 7  # seven nuisances are tested
_GAIN = 0.3  # of the way from chance to perfect, for all classes together
_ONE_CLASS = 0.9  # balanced accuracy of one class against the rest
_PERFECT = 0.98  # of a class against the rest, for what sounds may well differ in
_MOST_CLIPS = 5000
_EDGE = 20.0  # dB
_DC = 1e-3  # an offset below -60 dBFS is no property of an equipment


@dataclass(frozen=True)
class _Nuisance:
    kind: str
    words: str
    values: Callable[[Sound], tuple[float | str, ...]]
    show: Callable[[Sound], float | str]  # one figure, for the table
    unit: str
    technical: bool


_NUISANCES = (
    _Nuisance(
        "sample-rate", "the sample rate", lambda s: (str(s.sample_rate),), lambda s: f"{s.sample_rate} Hz", "", True
    ),
    _Nuisance("format", "the file format", lambda s: (s.format,), lambda s: s.format, "", True),
    _Nuisance("dc-offset", "the DC offset", lambda s: (s.dc,), lambda s: s.dc, "of full scale", True),
    _Nuisance("bandwidth", "the bandwidth", lambda s: (s.bandwidth,), lambda s: round(s.bandwidth), "Hz", False),
    _Nuisance("level", "the level", lambda s: (s.level, s.peak), lambda s: round(s.level, 1), "dBFS", False),
    _Nuisance("duration", "the duration", lambda s: (s.duration,), lambda s: round(s.duration, 3), "s", False),
    _Nuisance(
        "silence",
        "the silence before and after",
        lambda s: (s.leading, s.trailing),
        lambda s: round(s.leading + s.trailing, 3),
        "s",
        False,
    ),
)


def _shortcuts(data: _Data, seed: int) -> list[Finding]:
    """How well each nuisance alone predicts the label, out of fold, and against permuted labels."""
    chosen = np.arange(len(data.clips))
    if len(chosen) > _MOST_CLIPS:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, _MOST_CLIPS, replace=False))
    groups = [data.clips[i].group or f"\0{i}" for i in chosen]
    per_class: dict[str, set[str]] = defaultdict(set)
    for i, group in zip(chosen, groups):
        per_class[data.clips[i].label].add(group)
    learnable = {label for label, names in per_class.items() if len(names) > 1}
    kept = [k for k, i in enumerate(chosen) if data.clips[i].label in learnable]
    if len(learnable) < 2:
        return []
    chosen, groups = chosen[kept], [groups[k] for k in kept]
    names, labels = np.unique([data.clips[i].label for i in chosen], return_inverse=True)
    sounds = [data.sounds[i] for i in chosen]
    folds = min(5, min(len(per_class[name]) for name in names))
    findings = []
    for nuisance in _NUISANCES:
        values = _as_numbers([nuisance.values(sound) for sound in sounds])
        if (values == values[0]).all():
            continue
        predicted = _predict(values, labels, groups, folds, seed)
        finding = _judge(nuisance, sounds, names, labels, predicted, groups, seed)
        if finding is not None:
            findings.append(finding)
    return findings


def _as_numbers(values: Sequence[tuple[float | str, ...]]) -> NDArray[np.float64]:
    """Numbers as they are, words one-hot, shape (n_clips, n_columns)."""
    columns = []
    for column in zip(*values):
        if isinstance(column[0], str):
            columns += [[float(value == word) for value in column] for word in sorted(set(column))]
        else:
            columns.append(list(column))
    return np.array(columns, np.float64).T


def _predict(
    values: NDArray[np.float64], labels: NDArray[np.int64], groups: Sequence[str], folds: int, seed: int
) -> NDArray[np.int64]:
    """Labels by a small tree, each clip by one that knows none of its group."""
    import warnings

    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.tree import DecisionTreeClassifier

    n_classes = int(labels.max()) + 1
    leaf = max(1, min(5, int(np.bincount(labels).min()) // 4))
    predicted = np.full(len(labels), -1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with few clips
        splits = list(StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(values, labels, groups))
    for train, test in splits:
        if not len(train) or not len(test):
            continue
        tree = DecisionTreeClassifier(
            max_leaf_nodes=max(8, 3 * n_classes), min_samples_leaf=leaf, class_weight="balanced", random_state=seed
        )
        predicted[test] = tree.fit(values[train], labels[train]).predict(values[test])
    return predicted


def _judge(
    nuisance: _Nuisance,
    sounds: list[Sound],
    names: NDArray[np.str_],
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    groups: Sequence[str],
    seed: int,
) -> Finding | None:
    n = len(names)
    matrix = _confusion(labels, predicted, n)
    overall, single = _recalls(matrix)
    chance = 1 / n
    gain = (overall - chance) / (1 - chance)
    best = int(np.argmax(single))
    if gain < _GAIN and single[best] < _ONE_CLASS:
        return None
    # Clips of one group and label aren't independent: their label is permuted as one.
    blocks = np.unique([f"{group}\0{label}" for group, label in zip(groups, labels)], return_inverse=True)[1]
    of_block = np.zeros(blocks.max() + 1, np.int64)
    of_block[blocks] = labels
    rng = np.random.default_rng(seed)
    beyond = np.zeros(2)
    for _ in range(_PERMUTATIONS):
        other, others = _recalls(_confusion(rng.permutation(of_block)[blocks], predicted, n))
        beyond += other >= overall - 1e-12, others.max() >= single[best] - 1e-12
    p_all, p_one = (beyond + 1) / (_PERMUTATIONS + 1)
    for_all = gain >= _GAIN and p_all <= _LEVEL
    for_one = single[best] >= _ONE_CLASS and p_one <= _LEVEL
    if not (for_all or for_one):
        return None
    told = [str(names[k]) for k in np.argsort(-single, kind="stable") if single[k] >= _ONE_CLASS] if for_one else []
    by_class = [[sound for sound, label in zip(sounds, labels) if label == k] for k in range(n)]
    if nuisance.kind == "dc-offset" and max(abs(np.median([s.dc for s in part])) for part in by_class) < _DC:
        return None
    edges = nuisance.kind == "bandwidth" and any(
        np.mean([s.edge >= _EDGE and s.bandwidth < 0.45 * s.sample_rate for s in part]) > 0.5
        for k, part in enumerate(by_class)
        if not told or str(names[k]) in told
    )
    technical = nuisance.technical or edges
    serious = technical or single[best] >= _PERFECT or gain >= _ONE_CLASS
    return _shortcut_finding(nuisance, names, by_class, matrix, overall, single, told, serious, technical, edges)


def _confusion(truth: NDArray[np.int64], predicted: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    known = predicted >= 0
    return np.bincount(truth[known] * n + predicted[known], minlength=n * n).reshape(n, n)


def _recalls(matrix: NDArray[np.int64]) -> tuple[float, NDArray[np.float64]]:
    """Balanced accuracy over all classes, and of each class against the rest."""
    support = np.maximum(matrix.sum(axis=1), 1)
    recall = np.diagonal(matrix) / support
    rest = np.maximum(matrix.sum() - matrix.sum(axis=1), 1)
    false = (matrix.sum(axis=0) - np.diagonal(matrix)) / rest
    return float(recall.mean()), (recall + 1 - false) / 2


def _shortcut_finding(
    nuisance: _Nuisance,
    names: NDArray[np.str_],
    by_class: list[list[Sound]],
    matrix: NDArray[np.int64],
    overall: float,
    single: NDArray[np.float64],
    told: list[str],
    serious: bool,
    technical: bool,
    edges: bool,
) -> Finding:
    n = len(names)
    count = int(matrix.sum())
    rows = []
    for k, name in enumerate(names):
        typical = _typical([nuisance.show(sound) for sound in by_class[k]])
        recall = float(matrix[k, k] / max(matrix[k].sum(), 1))
        rows.append(
            {
                "label": str(name),
                "typical": typical,
                "recall": round(recall, 3),
                "against rest": round(float(single[k]), 3),
            }
        )
    unit = f" {nuisance.unit}" if nuisance.unit else ""
    if told and n > 2:
        k = list(names).index(told[0])
        score, chance = float(single[k]), 0.5
        others = "" if len(told) == 1 else f" (likewise {_list(told[1:])})"
        told_apart = f"'{told[0]}' from the rest{others}"
    else:
        score, chance = overall, 1 / n
        told_apart = f"'{names[0]}' from '{names[1]}'" if n == 2 else f"the {n} classes apart"
    examples = sorted(rows, key=lambda row: row["label"] not in told[:1])[:3]
    figures = "; ".join(f"{row['label']}: {row['typical']}{unit}" for row in examples)
    sentence = (
        f"{nuisance.words} alone tells {told_apart}: {score:.2f} balanced accuracy on {count} clips against "
        f"{chance:.2f} by chance ({figures}{'; ...' if n > 3 else ''})"
    )
    if edges:
        sentence += "; spectra end in the steep edge of a low-pass filter, a lower sampling rate or lossy coding"
    advice = {
        "sample-rate": "resample everything to the lowest rate before the comparison, and record the classes alike",
        "format": "a coding leaves traces in the sound; record and store the classes alike",
        "dc-offset": "remove the offset from all recordings (high-pass filter), or leave out features that see it",
        "bandwidth": "give --sample-rate as twice the narrowest bandwidth, and see whether scores hold",
        "level": "bring all clips to one level and see whether scores hold, unless loudness belongs to the classes",
        "duration": "cut all clips to one length and see whether scores hold, unless duration belongs to the classes",
        "silence": "trim the silence from all clips alike and see whether scores hold",
    }[nuisance.kind]
    return Finding(
        "shortcuts", nuisance.kind, "serious" if serious else "note", sentence, advice, [], rows, score, chance
    )


def _typical(values: Sequence[float | str]) -> str:
    if isinstance(values[0], str):
        common = Counter(values).most_common()
        return ", ".join(f"{value}" for value, _ in common[:2]) + (", ..." if len(common) > 2 else "")
    return f"{np.median(np.array(values, np.float64)):.4g}"


def _list(words: Sequence[str], most: int = 4) -> str:
    shown = ", ".join(f"'{word}'" for word in words[:most])
    return shown + (f" and {len(words) - most} more" if len(words) > most else "")


# Quality

_SHORT = 0.1  # s
_ZEROS = 0.5  # share
_CLIPPED, _BADLY = 0.001, 0.02  # share
_IMBALANCE, _GROSS = 3.0, 10.0  # most frequent to least frequent class
_MISSING = 0.05  # s, and a hundredth


def _quality(data: _Data) -> list[Finding]:
    sounds = data.sounds
    silent = [i for i, s in enumerate(sounds) if s.level <= _SILENT]
    quiet = set(silent)
    clipped = sorted((i for i, s in enumerate(sounds) if s.clipped >= _CLIPPED), key=lambda i: -sounds[i].clipped)
    missing = [i for i, s in enumerate(sounds) if s.missing > max(_MISSING, 0.01 * (s.duration + s.missing))]
    short = [i for i, s in enumerate(sounds) if s.duration < _SHORT]
    zeros = [i for i, s in enumerate(sounds) if s.zeros >= _ZEROS and i not in quiet]
    worst = sounds[clipped[0]].clipped if clipped else 0.0
    checks: list[tuple[str, str, list[int], str, str, Callable[[Sound], dict[str, Any]]]] = [
        (
            "silent",
            "serious",
            silent,
            f"hold no sound (below {_SILENT:g} dBFS)",
            "record them again or leave them out",
            lambda s: {"level": round(s.level, 1)},
        ),
        (
            "truncated",
            "serious",
            missing,
            "end before their header or the manifest says",
            "copy or download them again",
            lambda s: {"seconds": round(s.duration, 3), "missing": round(s.missing, 3)},
        ),
        (
            "clipped",
            "serious" if worst >= _BADLY else "note",
            clipped,
            f"are clipped: up to {worst:.1%} of the samples lie at a ceiling",
            "record with less gain, or leave the worst out",
            lambda s: {"clipped": round(s.clipped, 4), "peak": round(s.peak, 3)},
        ),
        (
            "short",
            "note",
            short,
            f"are shorter than {_SHORT:g} s",
            "see whether they were cut by mistake",
            lambda s: {"seconds": round(s.duration, 3)},
        ),
        (
            "zeros",
            "note",
            zeros,
            f"are zeros for at least {_ZEROS:.0%} of their samples",
            "trim the padding, for features are averaged over all of the clip",
            lambda s: {"zeros": round(s.zeros, 3)},
        ),
    ]
    findings = []
    for kind, severity, members, what, advice, row in checks:
        if members:
            names = data.names(members[:_MOST_SETS])
            one = len(members) == 1
            what = (
                re.sub(r"^(hold|end|are)\b", lambda m: {"hold": "holds", "end": "ends", "are": "is"}[m[0]], what)
                if one
                else what
            )
            sentence = f"{_count(len(members), 'clip')} {what}"
            sentence += f": {names[0]}" if one else f", for example {names[0]}"
            rows = [{"clip": name, **row(sounds[i])} for name, i in zip(names, members)]
            findings.append(Finding("quality", kind, severity, sentence, advice, [[name] for name in names], rows))
    return findings + _imbalance(data)


def _imbalance(data: _Data) -> list[Finding]:
    counts = Counter(clip.label for clip in data.clips).most_common()
    (most, n), (least, m) = counts[0], counts[-1]
    if n < _IMBALANCE * m:
        return []
    return [
        Finding(
            "quality",
            "imbalance",
            "serious" if n >= _GROSS * m else "note",
            f"the classes are imbalanced: '{most}' has {n / m:.1f} times the clips of '{least}' ({n} and {m})",
            "look at balanced accuracy and macro F1 rather than accuracy",
            [],
            [{"label": label, "clips": count} for label, count in counts],
        )
    ]


# Labels

_MARGIN = 0.3
_MOST_LABELS = 50


def likely_wrong_labels(
    clips: Sequence[Clip], labels: Sequence[str], probabilities: NDArray[np.floating[Any]]
) -> Finding | None:
    """Return the clips whose label is likely wrong, the most suspicious first; None where there are none.

    By confident learning (Northcutt, Jiang & Chuang 2021, "Confident learning: estimating uncertainty in dataset
    labels", JAIR 70, section 3.1): a class's threshold is the mean probability that clips with that label are given of it
    (eq. 2); a clip counts as another class if its probability of that reaches that class's threshold (eq. 1). Those
    are ranked by the margin between the two probabilities, and clips whose margin is small are left out.

    Parameters
    ----------
    clips : sequence of Clip
    labels : sequence of str
        The classes, in the order of the columns.
    probabilities : ndarray, shape (n_clips, n_labels)
        Of models that weren't trained with the clip or another of its group; rows that aren't finite are passed over.

    Examples
    --------
    >>> clips = [Clip(Path(f"{i}.wav"), label) for i, label in enumerate("aaabbb")]
    >>> p = np.array([0.9, 0.8, 0.1, 0.2, 0.1, 0.1])
    >>> likely_wrong_labels(clips, ["a", "b"], np.stack([p, 1 - p], axis=1)).clips
    [['2.wav']]
    """
    place = {label: k for k, label in enumerate(labels)}
    probabilities = np.asarray(probabilities, np.float64)
    usable = [i for i, clip in enumerate(clips) if clip.label in place and np.isfinite(probabilities[i]).all()]
    if not usable:
        return None
    given = np.array([place[clips[i].label] for i in usable])
    p = probabilities[usable]
    own = p[np.arange(len(p)), given]
    thresholds = np.array([own[given == k].mean() if (given == k).any() else np.inf for k in range(len(labels))])
    others = np.where(p >= thresholds, p, -1.0)
    others[np.arange(len(p)), given] = -1.0
    suggested = others.argmax(axis=1)
    margin = others.max(axis=1) - own
    order = [int(k) for k in np.argsort(-margin, kind="stable") if margin[k] >= _MARGIN]
    if not order:
        return None
    rows = [
        {
            "clip": clips[usable[k]].name,
            "label": labels[given[k]],
            "suggested": labels[suggested[k]],
            "probability_of_label": round(float(own[k]), 3),
            "probability_of_suggested": round(float(p[k, suggested[k]]), 3),
        }
        for k in order[:_MOST_LABELS]
    ]
    worst = rows[0]
    share = len(order) / len(usable)
    sentence = (
        f"{_count(len(order), 'label')} of {len(usable)} ({share:.1%}) may be wrong, most of all {worst['clip']}: labelled "
        f"'{worst['label']}', to a model that never heard it '{worst['suggested']}' "
        f"with {worst['probability_of_suggested']:.2f}"
    )
    advice = "listen to these first; what the model can't tell apart stands here too, so mend only what you hear"
    return Finding(
        "quality", "likely-wrong-labels", "note", sentence, advice, [[str(row["clip"])] for row in rows], rows
    )

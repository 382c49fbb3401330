"""Clips that a split must not part, and labels that contradict each other."""

from __future__ import annotations

import os.path
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from audioclf.audit.evidence import MOST, Data, Measured, Sets, count, have, place_of
from audioclf.audit.finding import Finding
from audioclf.dataset.clips import Clip


def find_leakage(data: Data) -> list[Finding]:
    """Return what lets a test clip be known from training, or contradicts it."""
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


def _conflicts(data: Data) -> list[Finding]:
    parts = [part for part in data.near if len(data.labels(part)) > 1]
    if not parts:
        return []
    example = parts[0]
    named = " and ".join(f"{data.clips[i].name} ('{data.clips[i].label}')" for i in _one_of_each(data, example)[:2])
    sentence = f"{count(len(parts), 'sound')} {have(len(parts))} more than one label, for example {named}"
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
            [data.names(part) for part in parts[:MOST]],
            rows[:MOST],
        )
    ]


def _one_of_each(data: Data, members: Sequence[int]) -> list[int]:
    first: dict[str, int] = {}
    for i in members:
        first.setdefault(data.clips[i].label, i)
    return list(first.values())


def _duplicates(data: Data, kind: str, parts: list[list[int]], what: str) -> list[Finding]:
    findings = []
    for apart, severity in ((True, "serious"), (False, "note")):
        chosen = [part for part in parts if data.apart(part) == apart]
        if not chosen:
            continue
        number = sum(map(len, chosen))
        names = data.names(chosen[0])
        sentence = f"{number} clips in {count(len(chosen), 'set')} hold {what}, for example {names[0]} and {names[1]}"
        sentence += "; no group keeps them on one side of a split" if apart else "; their group keeps them together"
        advice = "leave the copies out, or keep them together with --group-by auto" if apart else ""
        findings.append(
            Finding("leakage", kind, severity, sentence, advice, [data.names(part) for part in chosen[:MOST]])
        )
    return findings


_NUMBERED = 0.8  # of a class
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

    Where most of a class has one stem, as in puppy_1, puppy_2, ..., its clips are merely numbered.
    """
    paths = Counter(clip.path for clip in clips)
    folder = _common_folder(clips)
    stems: dict[int, str] = {}
    for i, clip in enumerate(clips):
        stem = str(clip.path) if paths[clip.path] > 1 else name_stem(_short(clip, folder), clip.label)
        if stem is not None:
            stems[i] = stem
    sizes = Counter(clip.label for clip in clips)
    shared = Counter((clips[i].label, stem) for i, stem in stems.items())
    families = defaultdict(list)
    for i, stem in stems.items():
        label = clips[i].label
        if shared[label, stem] <= _NUMBERED * sizes[label] or paths[clips[i].path] > 1:
            families[stem].append(i)
    return {stem: members for stem, members in families.items() if len({place_of(clips[i]) for i in members}) > 1}


def _common_folder(clips: Sequence[Clip]) -> str:
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


def _one_recording(data: Data) -> list[Finding]:
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
                f"{sum(map(len, heard))} clips in {count(len(heard), 'set')} overlap, so each set was cut from one "
                f"recording, for example {names[0]} and {names[1]}; no group says so",
                "name the recording in a group column, or use --group-by auto",
                [data.names(part) for part in heard[:MOST]],
            )
        )
    named = {stem: members for stem, members in _families(data.clips).items() if data.apart(members)}
    if named:
        number = sum(map(len, named.values()))
        sources = count(len(named), "recording or speaker", "recordings or speakers")
        stem, members = max(named.items(), key=lambda item: len(item[1]))
        sure = len(named) >= 3 or any(len({data.clips[i].path for i in m}) == 1 for m in named.values())
        findings.append(
            Finding(
                "leakage",
                "one-recording",
                "serious" if sure else "note",
                f"by their names, {number} of {len(data.clips)} clips come from {sources}, such as {len(members)} "
                f"clips of '{Path(stem).name}', and no group says so: a split may put parts of one on both sides",
                "if that is so, name the recording in a group column, or use --group-by PATTERN or --group-by auto",
                [data.names(members) for members in list(named.values())[:MOST]],
            )
        )
    return findings


def _group_labels(data: Data) -> list[Finding]:
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
            f"{count(len(mixed), 'group')} of {len(several)} {have(len(mixed))} clips of more than one label, "
            f"for example '{group}': {parts}",
            "check whether the labels or the groups are wrong",
            [[c.name for c in data.clips if c.group == group] for group in list(mixed)[:MOST]],
            [
                {"group": g, "labels": ", ".join(f"{label} ({n})" for label, n in c.most_common())}
                for g, c in mixed.items()
            ][:MOST],
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
    sets = Sets(len(clips))
    data = Data.of(clips, measured)
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

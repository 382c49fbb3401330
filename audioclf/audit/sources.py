"""Sources of clips: which were cut from one recording or are of one speaker, by their names, paths and sound."""

from __future__ import annotations

import os.path
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from audioclf.audit.disjoint_sets import DisjointSets
from audioclf.audit.evidence import Data, Measured, place_of
from audioclf.dataset.clips import Clip

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


def families(clips: Sequence[Clip]) -> dict[str, list[int]]:
    """Return the clips that look cut from one recording by their names or paths: indices by what they have in common.

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
    found = defaultdict(list)
    for i, stem in stems.items():
        label = clips[i].label
        if shared[label, stem] <= _NUMBERED * sizes[label] or paths[clips[i].path] > 1:
            found[stem].append(i)
    return {stem: members for stem, members in found.items() if len({place_of(clips[i]) for i in members}) > 1}


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


def auto_groups(clips: Sequence[Clip], measured: Measured) -> list[str]:
    """Return a group for every clip: what has one already, sounds the same or is named as of one recording, together.

    Existing groups are joined, never split.

    Parameters
    ----------
    clips : sequence of Clip
    measured : Measured
        Of these clips or more; those that weren't measured are grouped by their names alone.
    """
    sets = DisjointSets(len(clips))
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
    named = families(clips)
    for members in named.values():
        for i in members[1:]:
            sets.join(members[0], i)
    stems = {i: stem for stem, members in named.items() for i in members}
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

"""What all checks of the audit share: the clips with what was measured of them, sets of clips, and words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from audioclf.audit.fingerprints import Match
from audioclf.audit.soundness import Sound
from audioclf.dataset.clips import Clip

MOST = 100
"""Sets of clips, or rows, that a finding names at most."""

SILENT = -70.0
"""dBFS: a clip of this level or less holds no sound."""

_WHOLE = 0.8  # of the shorter clip is shared by duplicates; less by overlapping cuts


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


class Sets:
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


@dataclass
class Data:
    """Clips with their sounds, and sets of indices of clips that hold the same sound."""

    clips: list[Clip]
    sounds: list[Sound]
    exact: list[list[int]]
    near: list[list[int]]
    overlapping: list[list[int]]

    @classmethod
    def of(cls, clips: Sequence[Clip], measured: Measured) -> Data:
        places: dict[tuple[Path, float | None, float | None], int] = {}
        for i, clip in enumerate(measured.clips):
            places.setdefault(place_of(clip), i)
        kept = [clip for clip in clips if place_of(clip) in places]
        at = [places[place_of(clip)] for clip in kept]
        sounds = [measured.sounds[i] for i in at]
        exact, near, every = Sets(len(kept)), Sets(len(kept)), Sets(len(kept))
        same: dict[str, int] = {}
        for i, sound in enumerate(sounds):
            if sound.level > SILENT:
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


def place_of(clip: Clip) -> tuple[Path, float | None, float | None]:
    return clip.path, clip.start, clip.end


def listed(words: Sequence[str], most: int = 4) -> str:
    shown = ", ".join(f"'{word}'" for word in words[:most])
    return shown + (f" and {len(words) - most} more" if len(words) > most else "")


def count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"


def have(n: int) -> str:
    return "has" if n == 1 else "have"

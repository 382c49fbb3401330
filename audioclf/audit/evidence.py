"""Evidence that all checks of the audit share: the clips, what was measured of them, and which hold the same sound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from audioclf.audit.candidates import Match
from audioclf.audit.disjoint_sets import DisjointSets
from audioclf.audit.soundness import Sound
from audioclf.dataset.clips import Clip

MOST = 100
"""Sets of clips, or rows, that a finding names at most."""

SILENT = -70.0
"""dBFS: a clip of this level or less holds no sound."""

_WHOLE = 0.8  # of the shorter clip is shared by duplicates; less by overlapping cuts


@dataclass
class Measured:
    """Measurements of clips (`audioclf.audit.measure.measure`).

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


@dataclass
class Data:
    """Clips with their sounds, and which of them hold the same sound.

    Attributes
    ----------
    clips : list of Clip
    sounds : list of Sound
        One for each.
    exact, near, overlapping : list of list of int
        Sets of indices of clips with the same samples; of those and of near duplicates; of those and of clips that
        share less of their sound.
    """

    clips: list[Clip]
    sounds: list[Sound]
    exact: list[list[int]]
    near: list[list[int]]
    overlapping: list[list[int]]

    @classmethod
    def of(cls, clips: Sequence[Clip], measured: Measured) -> Data:
        """Return the data of those *clips* that were measured; their labels and groups count."""
        places: dict[tuple[Path, float | None, float | None], int] = {}
        for i, clip in enumerate(measured.clips):
            places.setdefault(place_of(clip), i)
        kept = [clip for clip in clips if place_of(clip) in places]
        at = [places[place_of(clip)] for clip in kept]
        sounds = [measured.sounds[i] for i in at]
        exact, near, every = (DisjointSets(len(kept)) for _ in range(3))
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
        """Return the names of the clips with these indices."""
        return [self.clips[i].name for i in members]

    def apart(self, members: Iterable[int]) -> bool:
        """Return whether a split may part these clips: not all are known to be of one group."""
        groups = {self.clips[i].group for i in members}
        return len(groups) > 1 or None in groups

    def labels(self, members: Iterable[int]) -> list[str]:
        """Return the labels of these clips, sorted, each once."""
        return sorted({self.clips[i].label for i in members})


def place_of(clip: Clip) -> tuple[Path, float | None, float | None]:
    """Return what tells a stretch of a recording from all others, whatever its label and group."""
    return clip.path, clip.start, clip.end

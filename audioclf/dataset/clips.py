"""A clip, a labelled stretch of a recording; and a data set, clips and what is known of them as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TAG_SEPARATOR = ";"
"""Between the labels of one clip, in a manifest and in `Clip.label`."""


@dataclass(frozen=True)
class Clip:
    """A labelled stretch of a recording.

    Attributes
    ----------
    path : Path
        The recording's file.
    label : str
        Its class; empty where it isn't known (prediction). In a multi-label set its labels, each once and sorted,
        joined by ";"; empty if it carries none.
    group : str or None
        What must not be split across folds: speaker, source recording. None if not known.
    fold : str or None
        The fold that the data set's makers put it in, if they did.
    start, end : float or None
        The stretch in seconds; None for the recording's beginning or end.
    name : str
        How reports show it: the path relative to the data set, with the stretch if there is one.
    """

    path: Path
    label: str = ""
    group: str | None = None
    fold: str | None = None
    start: float | None = None
    end: float | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", str(self.path))

    @property
    def tags(self) -> tuple[str, ...]:
        """The labels of a clip of a multi-label set; () if it carries none.

        >>> Clip(Path("a.wav"), "live;rock").tags
        ('live', 'rock')
        """
        return tuple(self.label.split(TAG_SEPARATOR)) if self.label else ()


@dataclass
class Dataset:
    """Labelled clips and what is known about them as a whole.

    Attributes
    ----------
    name : str
        Short name for tables and file names.
    clips : list of Clip
        In a fixed order: same data, same order.
    source : str
        What the user gave: a folder, a manifest, a name.
    notes : list of str
        Plain sentences that belong in every report (``These clips are synthetic ...``).
    licence, citation : str
        Empty where not known.
    multilabel : bool
        Whether a clip may carry several labels, or none.
    """

    name: str
    clips: list[Clip]
    source: str = ""
    notes: list[str] = field(default_factory=list)
    licence: str = ""
    citation: str = ""
    multilabel: bool = False

    def __len__(self) -> int:
        return len(self.clips)

    def __iter__(self) -> Iterator[Clip]:
        return iter(self.clips)

    @property
    def labels(self) -> list[str]:
        """The class names, sorted; of a multi-label set the single labels."""
        return sorted(set(self._all_labels()))

    @property
    def label_counts(self) -> dict[str, int]:
        """Number of clips of each class, or that carry each label, in the order of `labels`."""
        return dict(sorted(Counter(self._all_labels()).items()))

    def _all_labels(self) -> Iterator[str]:
        for clip in self.clips:
            yield from self.labels_of(clip)

    def labels_of(self, clip: Clip) -> tuple[str, ...]:
        """The class of a clip, or of a multi-label set the labels that it carries."""
        return clip.tags if self.multilabel else (clip.label,)

    @property
    def has_groups(self) -> bool:
        """Whether at least one clip has a group."""
        return any(clip.group is not None for clip in self.clips)

    @property
    def has_folds(self) -> bool:
        """Whether at least one clip has a fold."""
        return any(clip.fold is not None for clip in self.clips)

    @property
    def groups(self) -> list[str]:
        """One group per clip; a clip without one is a group of its own."""
        return [clip.group if clip.group is not None else f"\0{i}" for i, clip in enumerate(self.clips)]


def tag_matrix(clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.bool_]:
    """Return which of *labels* each clip of a multi-label set carries, shape (n_clips, n_labels).

    Labels of a clip that aren't among *labels* are left out.

    >>> tag_matrix([Clip(Path("a.wav"), "live;rock"), Clip(Path("b.wav"), "")], ["live", "rock"])
    array([[ True,  True],
           [False, False]])
    """
    columns = {label: column for column, label in enumerate(labels)}
    carries = np.zeros((len(clips), len(columns)), dtype=bool)
    for row, clip in zip(carries, clips):
        row[[columns[tag] for tag in clip.tags if tag in columns]] = True
    return carries

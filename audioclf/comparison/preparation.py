"""From what a user names to clips that can be compared: read, audited, grouped, and cut where that is asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from audioclf.audit.evidence import Measured
from audioclf.audit.measure import measure
from audioclf.audit.sources import auto_groups
from audioclf.dataset.clips import Dataset
from audioclf.dataset.groups import group_by
from audioclf.dataset.load import load_dataset
from audioclf.dataset.pieces import cut
from audioclf.errors import DatasetError
from audioclf.features.survey import Survey, survey
from audioclf.progress import Progress, silent
from audioclf.store.store import FeatureStore

Data = Dataset | str | os.PathLike[str]
"""A data set, or what `load_dataset` takes."""

AUTO = "auto"
"""In place of a pattern: groups are found by names and by sound."""


@dataclass(frozen=True)
class Prepared:
    """Clips that are ready to be analysed.

    Attributes
    ----------
    dataset : Dataset
        With the groups in force, whole recordings or stretches as given; only clips that can be read.
    survey : Survey
        Of the clips to compare: those of the data set, or the pieces that they were cut into.
    measured : Measured
        What the audit needs to know of the data set's clips.
    header_seconds, audit_seconds : float
    """

    dataset: Dataset
    survey: Survey
    measured: Measured
    header_seconds: float
    audit_seconds: float


def prepare(
    data: Data,
    group_pattern: str | None = None,
    piece_seconds: float | None = None,
    store: FeatureStore | None = None,
    workers: int = 1,
    progress: Progress = silent,
) -> Prepared:
    """Load, survey, measure, group and cut.

    Parameters
    ----------
    data : Dataset, or what `load_dataset` takes
    group_pattern : str, optional
        As for `audioclf.dataset.groups.group_by`, or "auto" to find groups by names and by sound.
    piece_seconds : float, optional
        Cut every clip into pieces of this length.
    store, workers, progress
        As for `audioclf.features.extraction.extract`.

    Raises
    ------
    DatasetError
        If nothing can be read.
    SpecError
        If the pattern or the length is none.
    """
    dataset = data if isinstance(data, Dataset) else load_dataset(data)
    if group_pattern is not None and group_pattern != AUTO:
        dataset = group_by(dataset, group_pattern)
    began = time.perf_counter()
    readable = survey(dataset.clips, progress, store)
    surveyed = time.perf_counter()
    if not readable.clips:
        first = readable.skipped[0][1] if readable.skipped else "it has no clips"
        raise DatasetError(f"none of the {len(dataset)} recordings of {dataset.name} can be read; the first: {first}")
    measured = measure(readable.clips, readable.facts, store, workers, progress)
    if group_pattern == AUTO:
        groups = auto_groups(readable.clips, measured)
        readable = replace(readable, clips=[replace(clip, group=group) for clip, group in zip(readable.clips, groups)])
    audited = time.perf_counter()
    dataset = replace(dataset, clips=readable.clips)
    if piece_seconds is not None:
        readable = _cut(readable, piece_seconds)
    return Prepared(dataset, readable, measured, surveyed - began, audited - surveyed)


def _cut(readable: Survey, seconds: float) -> Survey:
    clips = cut(readable.clips, readable.durations, seconds)
    ends: Sequence[float] = [
        readable.facts[clip.path].duration if clip.end is None else min(clip.end, readable.facts[clip.path].duration)
        for clip in clips
    ]
    durations = [max(0.0, end - (clip.start or 0.0)) for clip, end in zip(clips, ends)]
    return Survey(clips, readable.facts, durations, readable.skipped)

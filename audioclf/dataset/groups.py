"""Groups of clips, read from their names: what must not be split across folds."""

from __future__ import annotations

import re
from dataclasses import replace

from audioclf.dataset.clips import Dataset
from audioclf.errors import DatasetError, SpecError


def group_expression(pattern: str) -> re.Pattern[str]:
    """Compile a pattern for `group_by`.

    Raises
    ------
    SpecError
        If it is no regular expression.
    """
    try:
        return re.compile(pattern)
    except re.error as error:
        raise SpecError(f"--group-by '{pattern}' is no regular expression: {error}") from error


def group_by(dataset: Dataset, pattern: str) -> Dataset:
    """Return the data set with groups read from the clips' names.

    Parameters
    ----------
    dataset : Dataset
    pattern : str
        Regular expression, searched in each clip's name (the path relative to the data set). The group is what its
        parentheses found, joined by "/"; without parentheses, all that it matched. A clip that doesn't match is a
        group of its own.

    Raises
    ------
    SpecError
        If it is no regular expression.
    DatasetError
        If it matches no clip.

    Examples
    --------
    >>> from pathlib import Path
    >>> from audioclf.dataset.clips import Clip
    >>> clips = [Clip(Path(name), "wren") for name in ("wren/site1_01.wav", "wren/site1_02.wav", "wren/site2_01.wav")]
    >>> [clip.group for clip in group_by(Dataset("wrens", clips), r"([^/]+)_[0-9]+")]
    ['site1', 'site1', 'site2']
    """
    expression = group_expression(pattern)
    matches = [expression.search(clip.name) for clip in dataset]
    if not any(matches):
        example = dataset.clips[0].name if len(dataset) else "none"
        raise DatasetError(f"--group-by '{pattern}' matches no clip's name; the first name is {example}")
    groups = ["/".join(part for part in m.groups() if part) or m[0] if m else None for m in matches]
    clips = [replace(clip, group=group) for clip, group in zip(dataset, groups)]
    notes = list(dataset.notes)
    missed = [clip.name for clip in clips if clip.group is None]
    if missed:
        notes.append(
            f"--group-by '{pattern}' doesn't match {len(missed)} of {len(clips)} names, for example {missed[0]}; "
            "each of these clips is a group of its own."
        )
    return replace(dataset, clips=clips, notes=notes)

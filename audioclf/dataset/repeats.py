"""Clips that stand twice in a data set, which no comparison may have."""

from __future__ import annotations

from pathlib import Path

from audioclf.dataset.clips import Clip, Dataset
from audioclf.errors import DatasetError


def refuse_repeats(dataset: Dataset) -> None:
    """Refuse a clip that stands twice: it would be tested on what it was trained with, or has two labels.

    Raises
    ------
    DatasetError
        Naming the first such clip.
    """
    first: dict[tuple[Path, float | None, float | None], Clip] = {}
    for clip in dataset:
        known = first.setdefault((clip.path, clip.start, clip.end), clip)
        if known is not clip:
            labels = hint = ""
            if known.label != clip.label:
                labels = f" as '{known.label}' and as '{clip.label}'"
                hint = ", with all its labels in one cell, as in rock;live, if it has several"
            raise DatasetError(
                f"{dataset.source or dataset.name}: {clip.name} stands twice{labels}; keep one line of a clip{hint}"
            )
